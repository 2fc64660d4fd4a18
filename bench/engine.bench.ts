import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import { Stop } from "../scripts/local/stop.ts";
import { measureCold } from "./engine/cold.ts";
import { measureCrowd } from "./engine/crowd.ts";
import { type Field, openField } from "./engine/field.ts";
import { measureHistory } from "./engine/history.ts";
import { measureLongRuns } from "./engine/long-runs.ts";
import { measureAgent, measureFanOut, measureMakespan } from "./engine/runs.ts";
import { measureChain } from "./engine/steps.ts";
import { measureThread } from "./engine/threads.ts";

type Workload = (field: Field, short: boolean) => Promise<readonly Goal[]>;

const WORKLOADS: Readonly<Record<string, Workload>> = {
  W1: measureChain,
  W2: measureFanOut,
  W3: measureAgent,
  W4: measureMakespan,
  W5: measureThread,
  W6: measureCrowd,
  W7: measureCold,
  W8: measureHistory,
  W9: measureLongRuns,
};

/**
 * The engine beside others, as ratios inside one run: the goals P1 to P12.
 * `npm run bench -- engine [W1 … W9] [--short]`
 */
export async function run({ short, args }: EvidenceOptions): Promise<Goal[]> {
  const unknown = args.find((name) => !(name in WORKLOADS));
  if (unknown !== undefined)
    throw new Stop(`There is no workload "${unknown}"; these are: ${Object.keys(WORKLOADS).join(", ")}.`);
  const field = openField();
  const goals: Goal[] = [];
  try {
    for (const [name, measure] of Object.entries(WORKLOADS)) {
      if (args.length > 0 && !args.includes(name)) continue;
      const startedAt = performance.now();
      goals.push(...(await measure(field, short)));
      console.error(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    }
  } finally {
    await field.stop();
  }
  return goals.sort((one, other) => numberOf(one) - numberOf(other));
}

/** In the order of the goals, whichever workload they came from. */
function numberOf({ goal }: Goal): number {
  return Number(/^P(\d+)/.exec(goal)?.[1] ?? 0);
}
