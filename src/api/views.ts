import { z } from "@hono/zod-openapi";
import { JsonObjectSchema, NullableJsonObject, Uuid } from "./routing.ts";

/** The shapes of LangGraph's server, as `durable-objects/thread-api.ts` makes them; here only for the API's description. */
const time = z.iso.datetime();
const anything = z.unknown().openapi({ description: "Any JSON value." });

export const Thread = z
  .object({
    thread_id: Uuid,
    created_at: time,
    updated_at: time,
    metadata: JsonObjectSchema,
    status: z.enum(["idle", "busy", "interrupted", "error"]),
    config: JsonObjectSchema,
    values: NullableJsonObject,
    interrupts: JsonObjectSchema.openapi({ description: "A task's id: its open questions, `[{id, value}]`." }),
    state_updated_at: time,
    error: NullableJsonObject.openapi({ description: "Why its newest run failed: `{error, message}`." }),
    ttl: NullableJsonObject.optional().openapi({
      description: "Where it is asked for: `{ttl, strategy, expires_at}`; null: it stays for good.",
    }),
  })
  .openapi("Thread");

export const Failure = z
  .object({
    code: z.string(),
    message: z.string(),
    retryable: z.boolean(),
    node: z.string().optional(),
    attempt: z.int().optional(),
    cause: z.string().optional(),
  })
  .openapi("Failure", { description: "Why a run failed." });

export const Run = z
  .object({
    run_id: Uuid,
    thread_id: Uuid,
    assistant_id: Uuid,
    created_at: time,
    updated_at: time,
    status: z.enum(["pending", "running", "error", "success", "timeout", "interrupted"]),
    metadata: JsonObjectSchema,
    kwargs: JsonObjectSchema,
    multitask_strategy: z.enum(["reject", "enqueue", "interrupt", "rollback"]),
    graph: z.object({ graph_id: z.string(), version: z.int(), hash: z.string() }),
    usage: z.object({
      input_tokens: z.int(),
      output_tokens: z.int(),
      unit: z.string(),
      cost_usd: z.number().nullable(),
    }),
    error: Failure.nullable(),
  })
  .openapi("Run");

export const RunValues = z.looseObject({}).openapi("RunValues", {
  description:
    "The result's channels, with `__interrupt__` (`[{id, value}]`) where the run waits for answers; or `__error__` with `error`, `message` and the failure.",
});

/** An open question; a state names it by the first two. */
export const Interrupt = z
  .object({
    id: z.string().openapi({ description: "32 hexadecimal digits: what an answer names." }),
    value: anything,
    kind: z.enum(["gate", "breakpoint", "outcome_unknown"]),
    node: z.string().openapi({ description: "In a frame with the nodes around it: `each/approve`." }),
    task: z.string(),
    run_id: Uuid,
    since: time,
    until: time.nullable().openapi({ description: "When it goes on by itself." }),
    schema: NullableJsonObject.openapi({ description: "JSON Schema that an answer must fit." }),
    from: z.array(z.string()).nullable().openapi({ description: "Who may answer; null: everybody." }),
    answers: z
      .array(z.object({ by: z.string().nullable(), value: anything }))
      .openapi({ description: "Those that have come, where several are needed." }),
  })
  .openapi("Interrupt");
const ShownInterrupt = z.object({ id: z.string(), value: anything }).openapi("ShownInterrupt");
export const StateTask = z
  .object({
    id: Uuid,
    name: z.string(),
    path: z.array(z.string()),
    error: z.string().nullable(),
    interrupts: z.array(ShownInterrupt),
    checkpoint: NullableJsonObject.openapi({
      description: "Of a node that runs a graph in one frame: its checkpoint_ns.",
    }),
    state: NullableJsonObject.openapi({ description: "That frame's state, where subgraphs are asked for." }),
    result: anything,
    frames: z
      .array(z.object({ frame: z.int(), checkpoint_ns: z.string() }))
      .optional()
      .openapi({ description: "Of a node that runs a graph in several: those that are open now." }),
  })
  .openapi("StateTask");

export const ThreadState = z
  .object({
    values: JsonObjectSchema,
    next: z.array(z.string()),
    tasks: z.array(StateTask).openapi({ description: "In flight: running, waiting or failed." }),
    metadata: NullableJsonObject,
    created_at: time.nullable(),
    checkpoint: NullableJsonObject,
    parent_checkpoint: NullableJsonObject,
    interrupts: z.array(ShownInterrupt).openapi({ description: "Open questions of all tasks." }),
  })
  .openapi("ThreadState");

const assistantVersion = {
  assistant_id: Uuid,
  graph_id: z.string(),
  config: JsonObjectSchema,
  context: JsonObjectSchema,
  metadata: JsonObjectSchema,
  version: z.int(),
  name: z.string(),
  description: z.string().nullable(),
  created_at: time,
};
export const AssistantVersionView = z.object(assistantVersion).openapi("AssistantVersion");
export const Assistant = z.object({ ...assistantVersion, updated_at: time }).openapi("Assistant");
