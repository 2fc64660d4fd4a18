import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { type Fan, fanOut, SHAPES } from "./fanout/fan.ts";

/** Beside what it is compared with. */
const FEW = 100;
/** The language's defaults: tasks of a run at once, items of a map at once. */
const AT_ONCE = 6;
/** What one object's isolate may hold on the platform. */
const MORE_MIB = 128;
const LONGEST_WAIT_MS = 2_000;

/**
 * Wide fan-outs (F24) on the real server: a map and sends into a join, a model's answer each.
 * `npm run proof -- fanout [--short]`: 1,000 and 10,000 branches, or 300.
 */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const goals: Goal[] = [];
  for (const shape of SHAPES) {
    const few = await fanOut(shape, FEW);
    for (const branches of short ? [300] : [1_000, 10_000]) {
      process.stdout.write(`${shape}: ${branches} branches\n`);
      goals.push(...goalsOf(await fanOut(shape, branches), few), quietGoal(await fanOut(shape, branches, false), few));
    }
  }
  return goals;
}

function goalsOf(fan: Fan, few: Fan): Goal[] {
  const { shape, branches, commits, calls, prompts, mostAtOnce, faults, peakMib, others, same } = fan;
  const name = `F24 ${shape}, ${branches.toLocaleString("en")} branches`;
  const each = commits / branches;
  const [waited, waitedThere] = [percentile(others, 0.99), percentile(same, 0.99)];
  return [
    {
      goal: `${name}: all of them committed, once`,
      figure: `${fan.isWhole ? "every answer in its place" : "NOT every answer"}, ${faults.length} faults in the log, ${calls} calls of ${prompts} prompts, ${(fan.ms / 1000).toFixed(1)} s`,
      met: fan.isWhole && faults.length === 0 && calls === branches && prompts === branches,
    },
    {
      goal: `${name}: at most ${AT_ONCE} calls outside at once`,
      figure: String(mostAtOnce),
      met: mostAtOnce <= AT_ONCE,
    },
    {
      goal: `${name}: at most 2 commits a branch, and 10 beside`,
      figure: `${commits} (${each.toFixed(2)} each)`,
      met: commits <= 2 * branches + 10,
    },
    {
      goal: `${name}: peak memory at most ${MORE_MIB} MiB above that of ${FEW}`,
      figure: `${peakMib.toFixed(0)} MiB beside ${few.peakMib.toFixed(0)} MiB`,
      met: peakMib <= few.peakMib + MORE_MIB,
    },
    {
      goal: `${name}: runs in other threads, p99 at most ${LONGEST_WAIT_MS / 1000} s`,
      figure: `${waited.toFixed(0)} ms of ${others.length}, the longest ${(others.at(-1) ?? 0).toFixed(0)} ms`,
      met: waited <= LONGEST_WAIT_MS,
    },
    {
      goal: `${name}: reading the busy thread, p99 at most ${LONGEST_WAIT_MS / 1000} s`,
      figure: `${waitedThere.toFixed(0)} ms of ${same.length}, the longest ${(same.at(-1) ?? 0).toFixed(0)} ms`,
      met: waitedThere <= LONGEST_WAIT_MS,
    },
  ];
}

/** What the run itself holds: of calls the runtime keeps more than they are. */
function quietGoal({ shape, branches, isWhole, ms, peakMib }: Fan, few: Fan): Goal {
  return {
    goal: `F24 ${shape}, ${branches.toLocaleString("en")} branches that call nobody: at most ${MORE_MIB} MiB above`,
    figure: `${peakMib.toFixed(0)} MiB, ${(ms / 1000).toFixed(1)} s`,
    met: isWhole && peakMib <= few.peakMib + MORE_MIB,
  };
}

function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.ceil(ascending.length * share) - 1)] ?? Number.NaN;
}
