import type { Commit, LogEntry } from "../../../durable-objects/log/entry.ts";
import type { RunRow } from "../../../durable-objects/log/rows.ts";
import type { Plan } from "../../../src/graph/plan.ts";
import { isInside } from "../../../durable-objects/log/places.ts";
import type { Recorder } from "../record.ts";

/** One run's log, as its checks read it. */
export interface RunHistory {
  readonly row: RunRow;
  readonly plan: Plan;
  readonly commits: readonly Commit[];
}

export type EntryOf<Type extends LogEntry["type"]> = Extract<LogEntry, { readonly type: Type }>;

export function entriesOf<Type extends LogEntry["type"]>(
  { commits }: RunHistory,
  type: Type,
): { readonly commit: Commit; readonly entry: EntryOf<Type> }[] {
  return commits.flatMap((commit) =>
    commit.entry.type === type ? [{ commit, entry: commit.entry as EntryOf<Type> }] : [],
  );
}

const BEGINNINGS: ReadonlySet<string> = new Set(["run-started", "run-continued", "run-migrated", "state-updated"]);

/** Sequence numbers are dense, times never go back, frame ids never come twice, and a run ends once (G7). */
export function checkLog(commits: readonly Commit[], runs: readonly RunRow[]): string[] {
  const findings: string[] = [];
  let at = 0;
  for (const [index, commit] of commits.entries()) {
    if (commit.seq !== index + 1) findings.push(`commit ${commit.seq} stands at place ${index + 1}`);
    if (commit.at < at) findings.push(`commit ${commit.seq} is from before commit ${commit.seq - 1}`);
    at = commit.at;
    const last = commits[index - 1];
    if (last !== undefined && last.run === commit.run && commit.event <= last.lastEvent)
      findings.push(`commit ${commit.seq} has frame ids of commit ${last.seq}`);
  }
  for (const run of runs) {
    const own = commits.filter((commit) => commit.run === run.n);
    if (own[0]?.seq !== run.firstSeq || !BEGINNINGS.has(own[0]?.entry.type ?? ""))
      findings.push(`run ${run.n} does not begin with its start`);
    if (run.lastSeq !== null && own.at(-1)?.seq !== run.lastSeq) findings.push(`run ${run.n} went on after its end`);
    if ((run.lastSeq === null) !== (run.status === "running"))
      findings.push(`run ${run.n} is ${run.status} with its end at ${run.lastSeq}`);
  }
  const live = runs.filter(({ lastSeq }) => lastSeq === null);
  if (live.length > 1) findings.push(`${live.length} runs are live at once`);
  return findings;
}

/**
 * At most one outcome for each task (G3), attempts counted through, timers never early (G8), signals taken once (G9).
 * @param outside runs that are writes from outside, which may speak for a waiting task
 */
export function checkTasks(history: RunHistory, recorder: Recorder, outside: ReadonlySet<number>): string[] {
  const findings: string[] = [];
  const attempts = new Map<string, number>();
  const over = new Map<string, "failed" | "done">();
  const until = new Map<string, EntryOf<"task-waiting">>();
  const received = new Map<string, string>();
  const taken = new Set<string>();
  const isThere = (name: string | undefined): boolean =>
    [...received].some(([id, of]) => of === name && !taken.has(id));
  for (const { entry, seq, run } of history.commits) {
    const task = "task" in entry ? entry.task : undefined;
    // A redrive: what has failed is tried anew (R9), a composite with all that is inside.
    if (entry.type === "task-resumed" && !until.has(entry.task)) {
      for (const known of [...over.keys(), ...attempts.keys()])
        if (known === entry.task || isInside(known, entry.task)) {
          over.delete(known);
          attempts.delete(known);
        }
      continue;
    }
    if (task !== undefined && over.has(task)) findings.push(`${entry.type} of ${task} after its outcome`);
    if (entry.type === "attempt-failed") {
      const number = (attempts.get(entry.task) ?? 0) + 1;
      if (entry.attempt !== number) findings.push(`${entry.task} failed in attempt ${entry.attempt}, its ${number}th`);
      attempts.set(entry.task, number);
    }
    if (entry.type === "task-succeeded" || entry.type === "task-failed") {
      over.set(entry.task, entry.type === "task-failed" && entry.outcome === undefined ? "failed" : "done");
      for (const inside of until.keys()) if (isInside(inside, entry.task)) until.delete(inside);
    }
    if (entry.type === "task-waiting") until.set(entry.task, entry);
    if (entry.type === "signal-received") {
      if (received.has(entry.signal.id)) findings.push(`signal ${entry.signal.id} was received twice`);
      received.set(entry.signal.id, entry.signal.name);
    }
    if (entry.type === "task-resumed") {
      const waited = until.get(entry.task);
      const { signal, answer } = entry;
      if (answer !== undefined && answer.ask !== waited?.ask?.id) findings.push(`${entry.task} took a stale answer`);
      const bySelf = answer === undefined && signal === undefined && !outside.has(run);
      const isEarly = (waited?.until ?? Number.POSITIVE_INFINITY) > recorder.moment(seq).peak;
      if (bySelf && isEarly && waited?.ask?.kind !== "breakpoint")
        findings.push(`${entry.task} went on before its time`);
      if (signal !== undefined && (taken.has(signal) || !received.has(signal)))
        findings.push(`${entry.task} was resumed by signal ${signal}, which was taken or never came`);
      if (bySelf && isThere(waited?.signal?.name))
        findings.push(`${entry.task} went on without the signal that had come for it`);
      if (signal !== undefined) taken.add(signal);
      until.delete(entry.task);
    }
  }
  for (const [task, { signal }] of until)
    if (history.row.lastSeq === null && isThere(signal?.name))
      findings.push(`${task} waits for a signal that has come`);
  return findings;
}
