import type { Plan } from "../../src/graph/plan.ts";
import type { Chunk, LogEntry, Spent } from "../log/entry.ts";
import type { Attempt, Settled } from "./attempt.ts";
import { chargeOf } from "./budget-charge.ts";
import { retryDelay } from "./backoff.ts";
import { failedTask } from "./failed-task.ts";
import { questionOf } from "./questions.ts";

/** What a piece of work makes of a run: the entry to commit, with what was streamed for it. */
export interface Verdict {
  readonly entry: LogEntry;
  readonly chunks: readonly Chunk[];
}

/**
 * What an attempt's end makes of the run: its outcome, its next try, its wait, or its failure for good.
 * @param estimated what it was let go with, or would have been: what it is charged where nobody says what it used (F26)
 */
export function verdictOf(
  plan: Plan,
  attempt: Attempt,
  settled: Settled,
  now: number,
  estimated: () => Spent | undefined,
): Verdict {
  const { task, number, chunks } = attempt;
  if (settled.ok === "waits") {
    const { waitUntil, signal, ask } = settled.wait;
    const until = waitUntil === null ? null : Math.ceil(waitUntil);
    const question = ask && { ask: questionOf(attempt.lineage, task.id, ask) };
    return { entry: { type: "task-waiting", task: task.id, until, ...(signal && { signal }), ...question }, chunks };
  }
  if (settled.ok) {
    const { outcome, result } = settled;
    const { message } = result;
    // Streamed under its id, or not at all: a model's repaired answer has an id of its own.
    const wasStreamed = chunks.some((chunk) => chunk.kind === "say" && chunk.messageId === message?.id);
    const whole = message && !wasStreamed ? { message } : {};
    const used = result.usage ? { usage: result.usage } : charged(attempt.isKept ? undefined : estimated());
    return { entry: { type: "task-succeeded", task: task.id, attempt: number, outcome, ...used, ...whole }, chunks };
  }
  const { retry } = attempt.node;
  const { error, usage } = settled;
  const estimate = attempt.isKept ? undefined : estimated();
  const spent = charged(chargeOf({ usage, estimate, error, streamed: chunks.length > 0 }));
  if (!error.retryable || number >= retry.attempts)
    return { entry: { ...failedTask(plan, task, number, error, attempt.scope), ...spent }, chunks };
  const retryAt = now + retryDelay(retry, number, error.retryAfterMs, Math.random());
  return { entry: { type: "attempt-failed", task: task.id, attempt: number, error, retryAt, ...spent }, chunks };
}

function charged(spent: Spent | undefined): { readonly spent?: Spent } {
  return spent === undefined ? {} : { spent };
}
