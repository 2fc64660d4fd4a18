import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { type Mutation, MUTATIONS } from "../../src/engine/testing/mutations.ts";
import { killerOf } from "../../src/engine/testing/properties.ts";

/** The properties are worth something: each planted error of the rules is noticed by one of them. */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const budget = short ? 150 : 600;
  const mutations = Object.entries(MUTATIONS) as [Mutation, string][];
  const goals = mutations.map(([mutation, error]): Goal => {
    const killed = killerOf(mutation, budget);
    const figure = killed === undefined ? `survived ${budget} graphs` : `noticed by ${killed.by}, graph ${killed.seed}`;
    return { goal: `${mutation} (${error})`, figure, met: killed !== undefined };
  });
  const killed = goals.filter(({ met }) => met).length;
  return [
    ...goals,
    { goal: "planted errors noticed", figure: `${killed} of ${goals.length}`, met: killed === goals.length },
  ];
}
