import { z } from "zod";
import { failure } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";

/**
 * The language of `builtin/scripted`: what a test lets the model answer.
 * `turns[i]` answers the call with i assistant messages in it (the last one repeats); a turn is one outcome, or a
 * list of outcomes by attempt (the last one repeats).
 */

const Delay = z.number().min(0).max(600_000);
const ToolCallScript = z.strictObject({ id: z.string().optional(), name: z.string(), args: z.json().default({}) });
const UsageScript = z.strictObject({ inputTokens: z.int().min(0), outputTokens: z.int().min(0) });

const ReplyOutcome = z.strictObject({
  reply: z.string(),
  chunk: z.int().min(1).default(4),
  delayMs: Delay.default(0),
  firstDelayMs: Delay.default(0),
  toolCalls: z.array(ToolCallScript).default([]),
  finish: z.enum(["stop", "length", "tool-calls", "content-filter"]).optional(),
  usage: UsageScript.optional(),
});

const FaultOutcome = z.discriminatedUnion("fault", [
  z.strictObject({
    fault: z.literal("status"),
    status: z.int().min(300).max(599),
    retryAfter: z.union([z.number(), z.string()]).optional(),
    delayMs: Delay.default(0),
  }),
  /** Without a delay it never answers, until aborted. */
  z.strictObject({ fault: z.literal("timeout"), delayMs: Delay.optional() }),
  z.strictObject({
    fault: z.literal("truncated"),
    reply: z.string(),
    after: z.int().min(0),
    chunk: z.int().min(1).default(4),
    delayMs: Delay.default(0),
  }),
  z.strictObject({ fault: z.literal("malformed"), delayMs: Delay.default(0) }),
]);

export type ReplyOutcome = z.infer<typeof ReplyOutcome>;
export type FaultOutcome = z.infer<typeof FaultOutcome>;
export type Outcome = ReplyOutcome | FaultOutcome;

const Script = z.strictObject({ turns: z.array(z.unknown()).min(1) });

/** @throws EdgewiseError `model_refused`, with a pointer into `options`, when the script is not one. */
export function chooseOutcome(script: Json, turn: number, attempt: number): Outcome {
  const { turns } = parse(Script, script, "/script");
  const turnIndex = Math.min(turn, turns.length - 1);
  const chosen: unknown = turns[turnIndex];
  const pointer = `/script/turns/${turnIndex}`;
  if (!Array.isArray(chosen)) return parseOutcome(chosen, pointer);
  const outcomes: readonly unknown[] = chosen;
  const attemptIndex = Math.min(Math.max(attempt, 1), outcomes.length) - 1;
  return parseOutcome(outcomes[attemptIndex], `${pointer}/${Math.max(attemptIndex, 0)}`);
}

function parseOutcome(value: unknown, pointer: string): Outcome {
  // Chosen by the field that tells them apart, so that the complaint is about the one that was meant.
  const isFault = typeof value === "object" && value !== null && "fault" in value;
  return isFault ? parse(FaultOutcome, value, pointer) : parse(ReplyOutcome, value, pointer);
}

function parse<T>(schema: z.ZodType<T>, value: unknown, at: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const pointer = [at, ...(issue?.path ?? []).map(String)].join("/");
  throw failure(
    "model_refused",
    `builtin/scripted cannot follow its script at ${pointer}: ${issue?.message ?? "invalid"}.`,
    {
      pointer,
    },
  );
}
