import type { Interior, Interiors, TaskId } from "../types.ts";
import { createTopology } from "../../graph/topology.ts";
import { randomScenario, type Scenario } from "./graphs.ts";
import { Random } from "./random.ts";

/** A random graph some of whose nodes are composites, and those of their graphs again (R10). */
export interface Nested {
  readonly scenario: Scenario;
  readonly composites: ReadonlyMap<number, Composition>;
}

export interface Composition extends Nested {
  readonly many: boolean;
  readonly tolerant: boolean;
  readonly shares: readonly string[];
}

const SHARED = ["log", "object", "latest", "plain"];

export function randomNested(seed: number, depth = 2): Nested {
  const random = new Random("nested", seed, depth);
  const { features, ...rest } = randomScenario(seed);
  // What comes from outside is the flat engine's business; frames take no part in it.
  const scenario: Scenario = { ...rest, features: { ...features, outside: false } };
  const composites = new Map<number, Composition>();
  for (let node = 0; depth > 0 && node < scenario.structure.nodes; node += 1) {
    if (!random.chance(0.25)) continue;
    const inner = randomNested(seed * 31 + node + 1000 * depth, depth - 1);
    const shares = SHARED.filter(() => random.chance(0.4));
    composites.set(node, { ...inner, many: random.chance(0.6), tolerant: random.chance(0.4), shares });
  }
  return { scenario, composites };
}

export function interiorsOf({ composites }: Nested): Interiors {
  return new Map([...composites].map(([node, composition]) => [node, interiorOf(composition)] as const));
}

function interiorOf(composition: Composition): Interior {
  const { structure, steps } = composition.scenario;
  const { many, shares } = composition;
  return { structure, topology: createTopology(structure), steps, many, shares, interiors: interiorsOf(composition) };
}

/** The graph of the frame that a task is in, and whether it or a frame around it bears failures. */
export function placeOf(nested: Nested, task: TaskId): { readonly nested: Nested; readonly tolerated: boolean } {
  let place: { readonly nested: Nested; readonly tolerated: boolean } = { nested, tolerated: false };
  for (const part of task.split("/").slice(0, -1)) {
    const inner = place.nested.composites.get(Number(part.split(".")[1]));
    if (inner === undefined) throw new Error(`${task} is nowhere.`);
    place = { nested: inner, tolerated: place.tolerated || inner.tolerant };
  }
  return place;
}
