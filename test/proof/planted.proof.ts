import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { FRAME_MUTATIONS, type FrameMutation } from "../../src/engine/testing/frame-mutations.ts";
import { type Mutation, MUTATIONS } from "../../src/engine/testing/mutations.ts";
import { frameKillerOf } from "../../src/engine/testing/nested-play.ts";
import { killerOf } from "../../src/engine/testing/properties.ts";
import { BUGS, OTHER_MUTATIONS, OTHER_PLANTS, type Planting } from "../sim/bugs.ts";
import type { Result } from "../sim/order.ts";
import { type Plant, PLANTS } from "../sim/plants.ts";
import { firstFinding } from "../sim/pool.ts";

/** Seeds simulated until a bug of the shell is found; the simulator itself runs as many with each change. */
const SEEDS = { short: 600, long: 10_000 };

/**
 * The tests are worth something: each planted bug is noticed. Those of the rules by the properties, those of the shell, planted
 * in the product's own source, by the simulator.
 */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const graphs = short ? 150 : 600;
  const seeds = short ? SEEDS.short : SEEDS.long;
  const listed: Goal[] = [];
  for (const [name, planting] of Object.entries(BUGS)) listed.push(await goalOf(name, planting, graphs, seeds));
  const noticed = listed.filter(({ met }) => met === true).length;
  const rest: Goal[] = OTHER_MUTATIONS.map((mutation) => mutationGoal(mutation, mutation, graphs));
  for (const [mutation, error] of Object.entries(FRAME_MUTATIONS) as [FrameMutation, string][]) {
    const seed = frameKillerOf(mutation, graphs);
    const figure = seed === undefined ? `survived ${graphs} graphs` : `the naive frames, graph ${seed}`;
    rest.push({ goal: `${mutation} (${error})`, figure, met: seed !== undefined });
  }
  for (const plant of OTHER_PLANTS) rest.push(await plantGoal(plant, seeds));
  const others = rest.filter(({ met }) => met === true).length;
  return [
    ...listed,
    {
      goal: "bugs of the reference's list that are noticed",
      figure: `${noticed} of ${listed.length}`,
      met: listed.every(({ met }) => met !== false),
    },
    ...rest,
    { goal: "further ones", figure: `${others} of ${rest.length}`, met: others === rest.length },
  ];
}

function goalOf(name: string, planting: Planting, graphs: number, seeds: number): Goal | Promise<Goal> {
  if (planting.in === "rules") return mutationGoal(name, planting.mutation, graphs);
  if (planting.in === "absent") return { goal: name, figure: `there are no ${planting.part} yet`, met: "not run" };
  const plant = PLANTS.find((each) => each.name === name);
  return plant === undefined ? { goal: name, figure: "is not planted", met: false } : plantGoal(plant, seeds);
}

function mutationGoal(name: string, mutation: Mutation, graphs: number): Goal {
  const killed = killerOf(mutation, graphs);
  const figure =
    killed === undefined ? `survived ${graphs} graphs` : `the property "${killed.by}", graph ${killed.seed}`;
  return { goal: `${name} (${MUTATIONS[mutation]})`, figure, met: killed !== undefined };
}

async function plantGoal({ name, patches }: Plant, seeds: number): Promise<Goal> {
  const found = await finderOf(patches, seeds);
  const figure =
    found === undefined
      ? `survived ${seeds} seeds`
      : `the simulator, seed ${found.seed}: ${found.findings[0]?.slice(0, 120)}`;
  return { goal: name, figure, met: found !== undefined };
}

/** The lowest of the first seeds in which the simulator notices it. */
export function finderOf(patches: Plant["patches"], seeds: number): Promise<Result | undefined> {
  return firstFinding({ from: 0, to: seeds, patches }, 2);
}
