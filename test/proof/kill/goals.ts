import type { Goal } from "../../../scripts/goal.ts";
import type { Fault, Verdict } from "./judge.ts";
import type { Lives } from "./lives.ts";
import { percentile, recoveries } from "./recovery.ts";
import type { Ledger } from "./record.ts";
import { DOCUMENTS } from "./graphs.ts";
import type { Settings } from "./settings.ts";

export interface Outcome {
  readonly settings: Settings;
  readonly lives: Lives;
  readonly ledger: Ledger;
  readonly verdict: Verdict;
  /** Runs that the index named when each kill fell. */
  readonly running: readonly number[];
  /** Rows left in the index in the end, and how long it took to empty. */
  readonly index: { readonly rows: number; readonly afterMs: number };
  readonly unexpected: readonly string[];
}

export function goalsOf(outcome: Outcome): Goal[] {
  return [...workDone(outcome), ...promisesKept(outcome), ...recovered(outcome)];
}

/** A proof in which nothing happened would meet every other goal. */
function workDone({ settings, lives, ledger, running }: Outcome): Goal[] {
  const hit = running.filter((count) => count > 0).length;
  const mean = running.reduce((sum, count) => sum + count, 0) / Math.max(1, running.length);
  const { kills, leastRuns } = settings;
  const counts = Object.entries(Object.groupBy(ledger.runs, ({ graph }) => graph));
  return [
    {
      goal: `kills survived: ${kills}, nine in ten in the middle of runs`,
      figure: `${lives.kills}, ${hit} of them with runs in flight (${mean.toFixed(1)} on average)`,
      met: lives.kills === kills && hit >= 0.9 * kills,
    },
    {
      goal: `runs acknowledged: at least ${leastRuns}, of every graph`,
      figure: `${ledger.runs.length} (${counts.map(([graph, runs]) => `${graph} ${runs?.length}`).join(", ")})`,
      met: ledger.runs.length >= leastRuns && counts.length === DOCUMENTS.length,
    },
  ];
}

function promisesKept({ ledger, verdict, unexpected, index }: Outcome): Goal[] {
  const none = (goal: string, faults: readonly Fault[], of: string): Goal => {
    const count = verdict.findings.filter(({ fault }) => faults.includes(fault)).length;
    return { goal, figure: `${count} of ${of}`, met: count === 0 };
  };
  const cancelled = ledger.runs.filter(({ cancelledAt }) => cancelledAt !== undefined).length;
  const followed = ledger.runs.filter(({ seen }) => seen !== undefined).length;
  const keys = ledger.runs.filter(({ request }) => request !== undefined).length;
  const threads = new Set(ledger.runs.map(({ threadId }) => threadId)).size + ledger.unknown.size;
  return [
    none("acknowledged runs lost: 0", ["lost"], `${ledger.runs.length}`),
    none("runs stuck: 0", ["stuck"], `${ledger.runs.length}`),
    none(
      "runs that end unlike undisturbed ones (status, error, usage, values): 0",
      ["diverged"],
      `${verdict.compared}`,
    ),
    none("runs or tasks doubled: 0", ["doubled"], `${keys} keys, ${ledger.lostReplies} replies lost`),
    none("acknowledged cancels that did not last: 0", ["cancel"], `${cancelled}`),
    none(
      "frames lost, doubled, out of order or changed: 0",
      ["frames"],
      `${verdict.frames}, by ${followed} followers over ${ledger.connections} connections`,
    ),
    none("streamed texts that are not the answer: 0", ["text"], `${verdict.texts}`),
    none("threads busy in the end: 0", ["busy"], `${threads}`),
    {
      goal: "live runs in D1's index in the end: 0",
      figure: `${index.rows}, ${(index.afterMs / 1000).toFixed(1)} s after the last was judged`,
      met: index.rows === 0,
    },
    {
      goal: "answers that nobody should get: 0",
      figure: unexpected.length === 0 ? "0" : `${unexpected.length}: ${unexpected[0]}`,
      met: unexpected.length === 0,
    },
  ];
}

function recovered({ lives, ledger, verdict }: Outcome): Goal[] {
  const times = recoveries(lives, ledger.runs, verdict.commits);
  const goal = "from a server that is ready to the next commit of an interrupted run: p99 at most 6 s";
  if (times.length === 0) return [{ goal, figure: "no run was interrupted and went on", met: false }];
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => `${(percentile(times, share) / 1000).toFixed(2)} s`);
  return [
    {
      goal,
      figure: `p50 ${p50} · p99 ${p99} · most ${most} (${times.length} interruptions)`,
      met: percentile(times, 0.99) <= 6_000,
    },
  ];
}
