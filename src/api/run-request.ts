import { z } from "@hono/zod-openapi";
import type { StartRun, StreamMode } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { GraphVersionRow } from "../storage/graphs.ts";
import { OptionalJsonObject } from "./routing.ts";

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
      .openapi({ description: "Values of the graph's input channels; null or absent: none." }),
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
    command: notYet,
    checkpoint: notYet,
    checkpoint_id: notYet,
    interrupt_before: notYet,
    interrupt_after: notYet,
    after_seconds: notYet,
    webhook: notYet,
  })
  .openapi("RunCreate");
export type RunCreate = z.output<typeof RunCreate>;

const NOT_YET = [
  "command",
  "checkpoint",
  "checkpoint_id",
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
  return {
    ...place,
    assistantId: graph.assistantId,
    graph: { graphId, version, hash, document },
    // Parsed by parseJson, so it is JSON; the schema says `unknown` to hand it on untouched.
    input: (body.input ?? null) as Json,
    config: body.config ?? {},
    context: body.context ?? {},
    metadata: body.metadata ?? {},
    streamMode: toStreamModes(body.stream_mode),
  };
}
