import type { Goal } from "../../../scripts/goal.ts";
import { POINTS } from "./points.ts";
import { percentile } from "./recovery.ts";
import { type Slice, sum } from "./slices.ts";

/** Fewer kills than this cannot be asked to reach every point. */
const ENOUGH_FOR_POINTS = 100;

type Total = ReturnType<typeof sum>;

/** @param wanted kills that were asked for in all slices */
export function goalsOf(slices: readonly Slice[], wanted: number): Goal[] {
  const total = sum(slices);
  return [
    ...workDone(total, slices.length, wanted),
    ...promisesKept(total),
    ...effects(total),
    ...recovered(total),
    ...deadAlarm(slices),
  ];
}

/** A proof in which nothing happened would meet every other goal. */
function workDone(total: Total, slices: number, wanted: number): Goal[] {
  const { kills, counts, points, late } = total;
  const named = Object.values(points).reduce((all, count) => all + count, 0);
  const families = Object.entries(total.runs);
  const runs = families.reduce((all, [, count]) => all + count, 0);
  const succeeded = counts.operationsDone / Math.max(1, counts.operationsBegun);
  const unreached = POINTS.filter(({ name }) => !total.missing.includes(name) && !points[name]).map(({ name }) => name);
  return [
    {
      goal: `kills survived: ${wanted}, half of them at crash points, nine in ten while runs were in flight`,
      figure:
        `${kills} in ${slices} slice${slices === 1 ? "" : "s"}: ${named} at points (${late} more came late), ` +
        `${kills - named} at random; ${counts.hits} with runs in flight`,
      met: kills === wanted && named >= 0.5 * kills && counts.hits >= 0.9 * kills,
    },
    {
      goal: "every crash point whose part exists was reached",
      figure:
        unreached.length === 0 ? `${POINTS.length - total.missing.length} points` : `not: ${unreached.join("; ")}`,
      met: unreached.length === 0 || kills < ENOUGH_FOR_POINTS,
    },
    {
      goal: "runs acknowledged: five a kill, of every family",
      figure: `${runs} (${families.map(([family, count]) => `${family} ${count}`).join(", ")})`,
      met: runs >= 5 * kills && families.length === FAMILIES,
    },
    {
      goal: "operations of clients that came to an answer: at least 95 %",
      figure: `${(100 * succeeded).toFixed(1)} % of ${counts.operationsBegun}`,
      met: succeeded >= 0.95,
    },
  ];
}
const FAMILIES = 15;

function promisesKept({ counts, faults, runs, late: _late }: Total): Goal[] {
  const acknowledged = Object.values(runs).reduce((all, count) => all + count, 0);
  const none = (goal: string, count: number, of: string): Goal => ({
    goal,
    figure: `${count} of ${of}`,
    met: count === 0,
  });
  return [
    none("acknowledged runs lost: 0", faults.lost, `${acknowledged}`),
    none("runs stuck: 0", faults.stuck, `${acknowledged}`),
    none(
      "runs that end unlike their model, or unlike undisturbed ones (status, error, usage, values): 0",
      faults.diverged,
      `${counts.compared}; ${counts.asked} times somebody was asked what became of an unsafe effect`,
    ),
    none(
      "runs, signals or tasks doubled: 0",
      faults.doubled,
      `${counts.keys} keys, ${counts.lostReplies} replies lost`,
    ),
    none("gaps in a log, or results committed twice: 0", faults.log, `${counts.commits} commits`),
    none("acknowledged cancels that did not last: 0", faults.cancel, `${counts.cancelled}`),
    none(
      "calls after a cancel, or open for more than 1 s after it: 0",
      faults.afterCancel,
      `${counts.cancelled} cancels`,
    ),
    none(
      "frames lost, doubled, out of order or changed: 0",
      faults.frames,
      `${counts.frames}, by ${counts.followers} followers over ${counts.connections} connections`,
    ),
    none("streamed texts that are not the answer: 0", faults.text, `${counts.texts}`),
    none("waits that ended early: 0", faults.earlyWaits, `${counts.waits}`),
    none("threads busy in the end: 0", faults.busy, `${counts.threads}`),
    none("live runs in D1's index in the end: 0", faults.index, `${acknowledged}`),
    none("answers that nobody should get: 0", faults.unexpected, `${counts.operationsBegun} operations`),
  ];
}

function effects({ counts, faults, kills }: Total): Goal[] {
  const perThousand = (count: number) => ((1_000 * count) / Math.max(1, kills)).toFixed(0);
  return [
    {
      goal: "external calls done twice per 1,000 kills, where the task's key is honoured: 0",
      figure: `${perThousand(faults.severalKeys)} (where it is ignored: ${perThousand(counts.repeated)}; ${counts.calls} calls)`,
      met: faults.severalKeys === 0,
    },
    {
      goal: "calls repeated without a kill or a failure before: 0; unsafe ones repeated at all: 0; effects and their undoing missing: 0",
      figure: `${faults.unexplained}; ${faults.unsafeTwice}; ${faults.undone}`,
      met: faults.unexplained === 0 && faults.unsafeTwice === 0 && faults.undone === 0,
    },
  ];
}

function recovered({ recoveries, progress, counts }: Total): Goal[] {
  const goal =
    "from a process's start to the first commit of a run that was cut off: p50 at most 0.5 s, p99 at most 2 s";
  if (recoveries.length === 0) return [{ goal, figure: "no run was cut off and went on", met: false }];
  return [
    {
      goal,
      figure:
        `${spread(recoveries)} (${recoveries.length} starts; ${counts.cutShort} were cut short); ` +
        `to the first task's end or other step forward: ${spread(progress)}`,
      met: percentile(recoveries, 0.5) <= 500 && percentile(recoveries, 0.99) <= 2_000,
    },
  ];
}

function spread(times: readonly number[]): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => `${(percentile(times, share) / 1000).toFixed(2)} s`);
  return `p50 ${p50} · p99 ${p99} · most ${most}`;
}

function deadAlarm(slices: readonly Slice[]): Goal[] {
  const alarm = slices.findLast((slice) => slice.alarm !== undefined)?.alarm;
  if (alarm === undefined) return [];
  const { thrown, revivedAfterMs } = alarm;
  const revived =
    revivedAfterMs === undefined ? "the run stayed" : `revived after ${(revivedAfterMs / 1000).toFixed(1)} s`;
  return [
    {
      goal: "a run whose alarm threw seven times and was given up by the runtime: revived by the sweep within 60 s",
      figure: `thrown ${thrown} times, ${revived}`,
      met: thrown === 7 && revivedAfterMs !== undefined && revivedAfterMs <= 60_000,
    },
  ];
}
