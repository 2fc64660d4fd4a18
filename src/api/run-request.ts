import { z } from "@hono/zod-openapi";
import {
  type BreakpointNodes,
  type StartRun,
  STREAM_MODES,
  type StreamMode,
} from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import type { GraphVersionRow } from "../storage/graphs.ts";
import { CheckpointBody, checkpointIdOf } from "./checkpoint.ts";
import { OptionalJsonObject, Uuid } from "./routing.ts";
import { BudgetBody, CommandBody, toBudget, toRunCommand } from "./run-command.ts";

/** A run may be put off for a year. */
const LONGEST_AFTER_S = 366 * 24 * 3600;

const Breakpoints = z
  .union([z.literal("*"), z.array(z.string().min(1).max(512)).max(1000)])
  .nullish()
  .openapi({
    description: "Names of nodes, also of graphs inside (`draft`, `summaries/draft`), or `*` for all of them.",
    example: ["approve"],
  });

function isStepLimit(limit: unknown): boolean {
  return (
    limit === undefined || limit === null || (Number.isInteger(limit) && Number(limit) > 0 && Number(limit) <= 100_000)
  );
}

/** LangGraph's body of a run; fields it does not name are ignored, as its server does. */
export const RunCreate = z
  .object({
    assistant_id: z.string().min(1).max(512).openapi({
      description: "A graph's id, or its system assistant's: its current version. With `@3`: version 3, be it a draft.",
    }),
    input: z
      .unknown()
      .optional()
      .openapi({
        description:
          "Values of the graph's input channels. null or absent: on a thread, goes on with what is at rest there; without one, no values.",
        example: { topic: "bees" },
      }),
    command: CommandBody.nullish().openapi({
      description: "Goes on with what is at rest on the thread, in place of an input, which is then ignored.",
    }),
    checkpoint: CheckpointBody.nullish(),
    checkpoint_id: Uuid.nullish().openapi({
      description:
        "Begins there and leaves what came after as it is: with an input on the state of then, without one as a fork.",
    }),
    budget: BudgetBody.nullish(),
    strict_resume: z
      .boolean()
      .nullish()
      .openapi({ description: "Accepted: unknown interrupt ids are always refused." }),
    config: OptionalJsonObject.refine((config) => isStepLimit(config?.["recursion_limit"]), {
      path: ["recursion_limit"],
      message: "recursion_limit must be a whole number from 1 to 100000.",
    }),
    context: OptionalJsonObject,
    metadata: OptionalJsonObject,
    stream_mode: z.union([z.string(), z.array(z.string()).min(1).max(20)]).nullish(),
    stream_subgraphs: z
      .boolean()
      .nullish()
      .openapi({ description: "What goes on in graphs inside is streamed too: `values|node:<task>`." }),
    stream_resumable: z
      .boolean()
      .nullish()
      .openapi({ description: "Accepted: every stream can be resumed, by its last event's id." }),
    feedback_keys: z.array(z.string().max(512)).max(100).nullish().openapi({ description: "Accepted and ignored." }),
    if_not_exists: z.enum(["create", "reject"]).nullish(),
    on_disconnect: z.enum(["cancel", "continue"]).nullish(),
    on_completion: z.enum(["delete", "keep", "complete", "continue"]).nullish().openapi({
      description:
        "Of a run without a thread: `delete` (as `complete`), what is done where it is left out, erases its thread five minutes after the run is over, unless it failed or somebody has gone on with it; `keep` (as `continue`) keeps it.",
    }),
    multitask_strategy: z.enum(["reject", "enqueue", "interrupt", "rollback"]).nullish().openapi({
      description:
        "When the thread has a run already, live or pending. `reject` (if left out): 422. `enqueue`: this one is `pending` until those before it are over. `interrupt`: they are cancelled, what they have done is kept. `rollback`: they are cancelled and taken out, checkpoints and all.",
    }),
    interrupt_before: Breakpoints,
    interrupt_after: Breakpoints,
    after_seconds: z
      .number()
      .min(0)
      .max(LONGEST_AFTER_S)
      .nullish()
      .openapi({ description: "The run is `pending` for so long." }),
    webhook: z.string().max(2048).nullish().openapi({
      description:
        "Told of the run's end by a signed POST: a public https URL, or a path of this server (docs/schedules-and-webhooks.md).",
    }),
    durability: z
      .enum(["exit", "async", "sync"])
      .nullish()
      .openapi({ description: "Accepted: every step is durable before it is shown." }),
    checkpoint_during: z.boolean().nullish().openapi({ description: "Accepted, as `durability`." }),
  })
  .openapi("RunCreate");
export type RunCreate = z.output<typeof RunCreate>;

/** Of a run without a thread. @throws EdgewiseError `unsupported`: there is nothing that it could go on with. */
export function refuseContinuation(body: RunCreate): void {
  const asked = (["command", "checkpoint", "checkpoint_id"] as const).find((field) => !isAbsent(body[field]));
  if (asked === undefined && checkpointIdOf(body) === undefined) return;
  const text = "A run without a thread has nothing to go on with; start it by POST /threads/{thread_id}/runs.";
  throw unsupported(asked ?? "config/configurable/checkpoint_id", text);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

/** Absent: `values`. @throws EdgewiseError `invalid_request`, naming the modes there are. */
export function toStreamModes(asked: string | readonly string[] | null | undefined): readonly StreamMode[] {
  const names = asked === null || asked === undefined ? ["values"] : typeof asked === "string" ? [asked] : asked;
  const modes = names.map((name) => {
    const mode = STREAM_MODES.find((known) => known === name);
    if (mode !== undefined) return mode;
    const message = `There is no stream mode "${name.slice(0, 80)}"; these are: ${STREAM_MODES.join(", ")}.`;
    throw failure("invalid_request", message, { pointer: "/stream_mode" });
  });
  return [...new Set(modes)];
}

/** In a query: repeated keys (SDK 1.15), one JSON list (2.0.0), or a single name. Absent: undefined. */
export function queriedStreamModes(values: readonly string[]): readonly StreamMode[] | undefined {
  const names = queriedNames(values);
  return names.length === 0 ? undefined : toStreamModes(names);
}

/** The same of any names. */
export function queriedNames(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => (value.startsWith("[") ? listed(value) : [value]));
}

function listed(text: string): readonly string[] {
  const parsed = z.array(z.string()).safeParse(parseOrUndefined(text));
  return parsed.success ? parsed.data : [text];
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unsupported(field: string, message: string) {
  return failure("unsupported", message, { pointer: `/${field}` });
}

/** A checked body as the Thread object takes it. */
export function toStartRun(
  body: RunCreate,
  graph: GraphVersionRow,
  place: Pick<StartRun, "tenant" | "threadId" | "runId" | "ifNotExists">,
): StartRun {
  const { graphId, version, hash, document } = graph;
  const checkpointId = checkpointIdOf(body);
  const { command, budget, after_seconds: afterSeconds } = body;
  const [before, after] = [body.interrupt_before, body.interrupt_after];
  return {
    ...place,
    assistantId: graph.assistantId,
    graph: { graphId, version, hash, document },
    // Parsed by parseJson, so it is JSON; the schema says `unknown` to hand it on untouched.
    input: isAbsent(command) ? ((body.input ?? null) as Json) : null,
    config: withoutCheckpoint(body.config ?? {}),
    context: body.context ?? {},
    metadata: body.metadata ?? {},
    streamMode: toStreamModes(body.stream_mode),
    ...(body.stream_subgraphs === true ? { streamSubgraphs: true } : {}),
    ...(checkpointId === undefined ? {} : { checkpointId }),
    ...(command === undefined || command === null ? {} : { command: toRunCommand(command) }),
    ...(budget === undefined || budget === null ? {} : { budget: toBudget(budget) }),
    ...(body.webhook ? { webhook: body.webhook } : {}),
    ...(body.multitask_strategy ? { multitask: body.multitask_strategy } : {}),
    ...(afterSeconds ? { afterMs: Math.ceil(afterSeconds * 1000) } : {}),
    ...(isAbsent(before) ? {} : { interruptBefore: before as BreakpointNodes }),
    ...(isAbsent(after) ? {} : { interruptAfter: after as BreakpointNodes }),
  };
}

/** Of a run without a thread: whether its thread goes when it is over. */
export function isPassing({ on_completion: asked }: RunCreate): boolean {
  return asked !== "keep" && asked !== "continue";
}

/** What LangGraph's clients put there to name a checkpoint is no part of a graph's configuration. */
function withoutCheckpoint(config: JsonObject): JsonObject {
  const { configurable } = config;
  if (!isJsonObject(configurable)) return config;
  const { checkpoint_id: _id, checkpoint_ns: _namespace, checkpoint_map: _map, ...rest } = configurable;
  return { ...config, configurable: rest };
}
