import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { FRAME_MUTATIONS, type FrameMutation } from "../../src/engine/testing/frame-mutations.ts";
import { type Mutation, MUTATIONS } from "../../src/engine/testing/mutations.ts";
import { frameKillerOf } from "../../src/engine/testing/nested-play.ts";
import { killerOf } from "../../src/engine/testing/properties.ts";

/** The properties are worth something: each planted error of the rules is noticed by one of them. */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const budget = short ? 150 : 600;
  const mutations = Object.entries(MUTATIONS) as [Mutation, string][];
  const flat = mutations.map(([mutation, error]): Goal => {
    const killed = killerOf(mutation, budget);
    const figure = killed === undefined ? `survived ${budget} graphs` : `noticed by ${killed.by}, graph ${killed.seed}`;
    return { goal: `${mutation} (${error})`, figure, met: killed !== undefined };
  });
  const composites = (Object.entries(FRAME_MUTATIONS) as [FrameMutation, string][]).map(([mutation, error]): Goal => {
    const seed = frameKillerOf(mutation, budget);
    const figure = seed === undefined ? `survived ${budget} graphs` : `noticed by the naive frames, graph ${seed}`;
    return { goal: `${mutation} (${error})`, figure, met: seed !== undefined };
  });
  const goals = [...flat, ...composites];
  const killed = goals.filter(({ met }) => met).length;
  return [
    ...goals,
    { goal: "planted errors noticed", figure: `${killed} of ${goals.length}`, met: killed === goals.length },
  ];
}
