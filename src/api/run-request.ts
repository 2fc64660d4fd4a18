import { z } from "@hono/zod-openapi";
import type { StartRun, StreamMode } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import type { GraphVersionRow } from "../storage/graphs.ts";
import { CheckpointBody, checkpointIdOf } from "./checkpoint.ts";
import { OptionalJsonObject, Uuid } from "./routing.ts";
import { BudgetBody, CommandBody, toBudget, toRunCommand } from "./run-command.ts";

export const STREAM_MODES: readonly StreamMode[] = ["values", "updates", "messages-tuple", "custom", "tasks"];

const notYet = z.unknown().optional().openapi({ description: "Refused with `unsupported` when given." });

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
    if_not_exists: z.enum(["create", "reject"]).nullish(),
    on_disconnect: z.enum(["cancel", "continue"]).nullish(),
    on_completion: z.enum(["delete", "keep", "complete", "continue"]).nullish(),
    multitask_strategy: z.enum(["reject", "enqueue", "interrupt", "rollback"]).nullish(),
    interrupt_before: notYet,
    interrupt_after: notYet,
    after_seconds: notYet,
    webhook: notYet,
  })
  .openapi("RunCreate");
export type RunCreate = z.output<typeof RunCreate>;

const NOT_YET = [
  "interrupt_before",
  "interrupt_after",
  "after_seconds",
  "webhook",
] as const satisfies readonly (keyof RunCreate)[];

/** @throws EdgewiseError `unsupported` for what would change the run and is not built: silence would be a wrong result. */
export function refuseUnsupported(body: RunCreate): void {
  const asked = NOT_YET.find((field) => !isAbsent(body[field]));
  if (asked !== undefined) throw unsupported(asked, `"${asked}" is not supported yet; leave it out.`);
  if (body.multitask_strategy && body.multitask_strategy !== "reject") {
    throw unsupported(
      "multitask_strategy",
      `The multitask strategy "${body.multitask_strategy}" is not supported yet; only "reject" is.`,
    );
  }
  if (body.on_completion === "delete") {
    throw unsupported("on_completion", 'Runs are kept: "on_completion" may only be "keep"; DELETE the thread instead.');
  }
}

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

/** Absent: `values`. @throws EdgewiseError `unsupported`, naming the modes there are. */
export function toStreamModes(asked: string | readonly string[] | null | undefined): readonly StreamMode[] {
  const names = asked === null || asked === undefined ? ["values"] : typeof asked === "string" ? [asked] : asked;
  const modes = names.map((name) => {
    const mode = STREAM_MODES.find((known) => known === name);
    if (mode === undefined) {
      throw unsupported(
        "stream_mode",
        `The stream mode "${name}" is not offered; these are: ${STREAM_MODES.join(", ")}.`,
      );
    }
    return mode;
  });
  return [...new Set(modes)];
}

/** In a query: repeated keys (SDK 1.15), one JSON list (2.0.0), or a single name. Absent: undefined. */
export function queriedStreamModes(values: readonly string[]): readonly StreamMode[] | undefined {
  const names = values.flatMap((value) => (value.startsWith("[") ? listed(value) : [value]));
  return names.length === 0 ? undefined : toStreamModes(names);
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
  const { command, budget } = body;
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
    ...(checkpointId === undefined ? {} : { checkpointId }),
    ...(command === undefined || command === null ? {} : { command: toRunCommand(command) }),
    ...(budget === undefined || budget === null ? {} : { budget: toBudget(budget) }),
  };
}

/** What LangGraph's clients put there to name a checkpoint is no part of a graph's configuration. */
function withoutCheckpoint(config: JsonObject): JsonObject {
  const { configurable } = config;
  if (!isJsonObject(configurable)) return config;
  const { checkpoint_id: _id, checkpoint_ns: _namespace, checkpoint_map: _map, ...rest } = configurable;
  return { ...config, configurable: rest };
}
