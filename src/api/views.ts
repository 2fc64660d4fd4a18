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
    interrupts: JsonObjectSchema,
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
    multitask_strategy: z.literal("reject"),
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
  description: "The result's channels, or `__error__` with `error`, `message` and the failure.",
});

export const ThreadState = z
  .object({
    values: JsonObjectSchema,
    next: z.array(z.string()),
    tasks: z.array(anything),
    metadata: NullableJsonObject,
    created_at: time.nullable(),
    checkpoint: NullableJsonObject,
    parent_checkpoint: NullableJsonObject,
    interrupts: z.array(anything),
  })
  .openapi("ThreadState");

export const Assistant = z
  .object({
    assistant_id: Uuid,
    graph_id: z.string(),
    config: JsonObjectSchema,
    context: JsonObjectSchema,
    metadata: JsonObjectSchema,
    version: z.int(),
    name: z.string(),
    description: z.string().nullable(),
    created_at: time,
    updated_at: time,
  })
  .openapi("Assistant");
