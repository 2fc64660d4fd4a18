import { z } from "@hono/zod-openapi";
import type { Budget, RunCommand } from "../../durable-objects/thread-api.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { durationMs } from "../graph/schema.ts";
import { longDuration } from "../nodes/long-duration.ts";
import { JsonObjectSchema } from "./routing.ts";

/** What a run that goes on is told: LangGraph's command, and our budget. */
const MOST_TARGETS = 1_000;
const MOST_WRITES = 10_000;
const A_NODE = "must be a node's name, or {node, input}";

const NodeName = z.string().min(1).max(128);
/** The client's `Send` has an `input`, the one of LangGraph's library `args`. */
const Target = z.union(
  [NodeName, z.object({ node: NodeName, input: z.unknown().optional(), args: z.unknown().optional() })],
  A_NODE,
);
type Target = z.output<typeof Target>;
const Pairs = z.array(z.tuple([z.string(), z.unknown()])).max(MOST_WRITES);

export const CommandBody = z
  .object({
    resume: z
      .unknown()
      .optional()
      .openapi({
        description:
          "An answer: any value for the one question that is open, or an object of interrupt ids (32 hexadecimal digits) and values. null: none.",
        example: { approved: true },
      }),
    update: z
      .union([JsonObjectSchema, Pairs], "must be an object of channel values, or a list of [channel, value]")
      .nullish()
      .openapi({
        description: "Written to the state before anything goes on: an object, or a list of [channel, value].",
        example: { note: "Read by Ada." },
      }),
    goto: z
      .union([Target, z.array(Target).max(MOST_TARGETS)], `${A_NODE}, or a list of those`)
      .nullish()
      .openapi({
        description: "Nodes that run besides: a name, `{node, input}` (its `payload`), or a list. `__end__`: none.",
        example: "publish",
      }),
    by: z.string().min(1).max(512).nullish().openapi({ description: "Who answers.", example: "ada@example.com" }),
  })
  .openapi("Command");

export const BudgetBody = z
  .strictObject({
    tokens: z.int().positive().optional(),
    cost_usd: z.number().positive().optional(),
    time: longDuration
      .refine((value) => durationMs(value) > 0, "must be above 0")
      .optional()
      .openapi({ description: "From a run's start to its end: `90s`, `2h`, or milliseconds.", example: "2h" }),
  })
  .openapi("Budget", {
    description: "What the run may use, runs that it goes on from included; over the graph's `limits`.",
    example: { tokens: 50_000, cost_usd: 0.5 },
  });

/** As the Thread object takes it. Values are handed on as they came: a body is JSON. */
export function toRunCommand(command: z.output<typeof CommandBody>): RunCommand {
  const { resume, update, goto, by } = command;
  return {
    ...(resume === undefined || resume === null ? {} : { resume: toAnswers(resume as Json) }),
    ...(update === undefined || update === null ? {} : { update: toWrites(update) }),
    ...(goto === undefined || goto === null ? {} : { goto: (Array.isArray(goto) ? goto : [goto]).flatMap(toTarget) }),
    ...(by === undefined || by === null ? {} : { by }),
  };
}

export function toBudget(budget: z.output<typeof BudgetBody>): Budget {
  const { tokens, cost_usd: costUsd, time } = budget;
  return {
    ...(tokens === undefined ? {} : { tokens }),
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(time === undefined ? {} : { timeMs: durationMs(time) }),
  };
}

/** Channel values in their order, from an object or a list of pairs. */
export function toWrites(
  values: JsonObject | readonly (readonly [string, unknown])[],
): readonly (readonly [channel: string, value: Json])[] {
  return Array.isArray(values) ? (values as [string, Json][]) : Object.entries(values as JsonObject);
}

const END = "__end__";

/** `__end__` and `__start__` are LangGraph's names of what no node is. */
export function toNodeName(name: string): string {
  return name === END ? "end" : name === "__start__" || name === "__input__" ? "start" : name;
}

const INTERRUPT_ID = /^[0-9a-f]{32}$/;

function toAnswers(resume: Json): NonNullable<RunCommand["resume"]> {
  if (typeof resume !== "object" || resume === null || Array.isArray(resume)) return { value: resume };
  const ids = Object.keys(resume);
  const isMap = ids.length > 0 && ids.every((id) => INTERRUPT_ID.test(id));
  return isMap ? { byId: resume as JsonObject } : { value: resume };
}

function toTarget(target: Target): { readonly node: string; readonly input?: Json }[] {
  if (target === END) return [];
  if (typeof target === "string") return [{ node: toNodeName(target) }];
  const input = target.input === undefined ? target.args : target.input;
  return [{ node: toNodeName(target.node), ...(input === undefined ? {} : { input: input as Json }) }];
}
