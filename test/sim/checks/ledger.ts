import { isInside, nodeOf } from "../../../durable-objects/log/places.ts";
import type { Recorded } from "../provider.ts";
import type { Recorder } from "../record.ts";
import type { ActConfig } from "../kind.ts";
import { entriesOf } from "./history.ts";
import type { Lineage } from "./lineage.ts";
import type { Commit } from "../../../durable-objects/log/entry.ts";

/**
 * What the service saw of runs against what their log says (G5, G10, G12).
 * @param commits the thread's whole log
 * @param started ids of all tasks that the rules let start
 */
export function checkLedger(
  history: Lineage,
  commits: readonly Commit[],
  ledger: readonly Recorded[],
  recorder: Recorder,
  started: ReadonlySet<string>,
): string[] {
  const { row, plan } = history;
  const findings: string[] = [];
  const own = ledger.filter(({ key }) => key.startsWith(`${row.lineage}:`));
  const byTask = Map.groupBy(own, ({ key }) => key.slice(row.lineage.length + 1));
  const isStopped = stops(history, commits, recorder);
  for (const [task, calls] of byTask) {
    if (!started.has(task)) findings.push(`a call by the key of ${task}, which never started`);
    if (calls.some(({ turn }) => isStopped(turn))) findings.push(`${task} was called after the run was cancelled`);
  }
  const outcomes = outcomesOf(history);
  // What is cut off with its composite is cut off, whatever it was about to do (R11).
  for (const [composite, { seq }] of outcomes) {
    const { turn } = recorder.moment(seq);
    for (const [task, calls] of byTask)
      if (isInside(task, composite) && calls.some((call) => call.turn > turn))
        findings.push(`${task} was called after ${composite} was over`);
  }
  for (const [task, { seq, attempt, ok }] of outcomes) {
    const node = nodeOf(plan, task);
    if (node.kind !== "act") continue;
    const calls = byTask.get(task) ?? [];
    const { turn } = recorder.moment(seq);
    if (calls.some((call) => call.turn > turn)) findings.push(`${task} was called after its outcome was committed`);
    if (!ok || (node.compiled as ActConfig).pure === true) continue;
    const made = calls.find((call) => call.step === null && call.attempt === attempt && call.answer === "ok");
    if (made === undefined)
      findings.push(`${task} succeeded in attempt ${attempt}, of which the service knows nothing`);
  }
  return [
    ...findings,
    ...checkSpending(history, byTask),
    ...checkBudget(history, byTask),
    ...checkAttempts(history, byTask, recorder),
    ...checkSteps(history, byTask, recorder),
  ];
}

/** Nothing is called beyond the budget: what a call may cost is reserved before it is made (G12). */
function checkBudget({ plan, row }: Lineage, byTask: ReadonlyMap<string, Recorded[]>): string[] {
  const limit = plan.limits.tokens ?? Number.POSITIVE_INFINITY;
  const calls = [...byTask.values()].flat().filter(({ answer, step }) => answer === "ok" && step === null);
  const spent = calls.reduce((sum, { tokens }) => sum + tokens + 1, 0);
  return spent > limit ? [`run ${row.n} has used ${spent} of ${limit} tokens`] : [];
}

/** What a run says it has used is what its committed calls have cost (G12). */
function checkSpending(history: Lineage, byTask: ReadonlyMap<string, Recorded[]>): string[] {
  const spent = new Map<number, number>();
  for (const { commit, entry } of entriesOf(history, "task-succeeded")) {
    const call =
      entry.usage === undefined
        ? undefined
        : byTask.get(entry.task)?.find(({ answer, step }) => answer === "ok" && step === null);
    spent.set(commit.run, (spent.get(commit.run) ?? 0) + (call?.tokens ?? 0));
  }
  return history.rows.flatMap(({ n, usage, lastSeq }) => {
    const [says, is] = [usage?.inputTokens ?? 0, spent.get(n) ?? 0];
    return lastSeq !== null && says !== is ? [`run ${n} says it used ${says}, the ledger ${is}`] : [];
  });
}

interface LastOutcome {
  readonly seq: number;
  readonly run: number;
  readonly attempt: number;
  /** A success of an attempt, not of somebody's decision. */
  readonly ok: boolean;
}

function outcomesOf({ own, rows }: Lineage): Map<string, LastOutcome> {
  const outcomes = new Map<string, LastOutcome>();
  const decided = new Set<string>();
  const hidden = new Set(rows.flatMap((row) => (row.hidden ? row.n : [])));
  for (const { seq, run, entry } of own) {
    if (entry.type === "task-resumed")
      for (const task of outcomes.keys()) if (task === entry.task || isInside(task, entry.task)) outcomes.delete(task);
    if (entry.type === "task-resumed" && isDone(entry.answer?.value)) decided.add(entry.task);
    if (entry.type !== "task-succeeded" && entry.type !== "task-failed") continue;
    const ok = entry.type === "task-succeeded" && !decided.has(entry.task) && !hidden.has(run);
    outcomes.set(entry.task, { seq, run, attempt: entry.attempt, ok });
  }
  return outcomes;
}

function isDone(answer: unknown): boolean {
  return typeof answer === "object" && answer !== null && "decision" in answer && answer.decision === "done";
}

/** Whether a run of the lineage was cancelled by a turn, and none had gone on from it. */
function stops({ rows }: Lineage, commits: readonly Commit[], recorder: Recorder): (turn: number) => boolean {
  const spans = rows.flatMap((row, index) => {
    const cancel = commits.find(({ run, entry }) => run === row.n && entry.type === "run-cancelled");
    if (cancel === undefined) return [];
    const next = rows[index + 1];
    const to = next === undefined ? Number.POSITIVE_INFINITY : recorder.moment(next.firstSeq).turn;
    return [{ from: recorder.moment(cancel.seq).turn, to }];
  });
  return (turn) => spans.some(({ from, to }) => turn > from && turn < to);
}

/** Calls of a task: no more than attempts, each after the one before, none before its time. */
function checkAttempts(history: Lineage, byTask: ReadonlyMap<string, Recorded[]>, recorder: Recorder): string[] {
  const findings: string[] = [];
  const failed = Map.groupBy(entriesOf(history, "attempt-failed"), ({ entry }) => entry.task);
  const lost = Map.groupBy(entriesOf(history, "attempt-lost"), ({ entry }) => entry.task);
  const resumed = Map.groupBy(entriesOf(history, "task-resumed"), ({ entry }) => entry.task);
  for (const [task, calls] of byTask) {
    const own = calls.filter(({ step }) => step === null);
    const failures = failed.get(task) ?? [];
    const node = nodeOf(history.plan, task);
    const again = [...resumed].reduce(
      (sum, [of, all]) => (of === task || isInside(task, of) ? sum + all.length : sum),
      0,
    );
    // What a cancel has cut off is made again by the run that goes on.
    const most =
      history.rows.length + again + failures.length + (node.effect === "unsafe" ? 0 : (lost.get(task)?.length ?? 0));
    if (own.length > most) findings.push(`${task} was called ${own.length} times in at most ${most} attempts`);
    if (failures.length >= node.retry.attempts * (1 + again))
      findings.push(`${task} had more attempts than its node has`);
    for (const call of calls) {
      if (call.attempt > 1 + failures.length) findings.push(`${task} was called in attempt ${call.attempt}`);
      const last = again === 0 ? failures[call.attempt - 2] : undefined;
      if (last === undefined) continue;
      if (call.peak < last.entry.retryAt) findings.push(`${task} was tried again before its time`);
      if (call.turn < recorder.moment(last.commit.seq).turn)
        findings.push(`${task} was tried again before its failure was on disk`);
      const { retryAfterMs = 0 } = last.entry.error;
      if (last.entry.retryAt - last.commit.at < retryAfterMs) findings.push(`${task} did not honour Retry-After`);
    }
  }
  return findings;
}

/** A step that was recorded is not made again. */
function checkSteps(history: Lineage, byTask: ReadonlyMap<string, Recorded[]>, recorder: Recorder): string[] {
  const redriven = entriesOf(history, "task-resumed").map(({ entry }) => entry.task);
  const isRedriven = (task: string): boolean => redriven.some((of) => isInside(task, of));
  return entriesOf({ ...history, commits: history.own }, "step-recorded").flatMap(({ commit, entry }) => {
    const calls = (byTask.get(entry.task) ?? []).filter(({ step }) => step === entry.key);
    const { turn } = recorder.moment(commit.seq);
    const again = !isRedriven(entry.task) && calls.some((call) => call.turn > turn);
    return again || calls.length === 0 ? [`step ${entry.key} of ${entry.task} was made again, or never`] : [];
  });
}
