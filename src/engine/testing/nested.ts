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
  /** A loop: frames are added one by one. */
  readonly carries: boolean;
  /** A saga: it carries, bears the failure of its first frame, and is held by those of the others. */
  readonly holds?: boolean;
  /** A race: so many decide. */
  readonly winners: number | undefined;
}

const SHARED = ["log", "object", "latest", "plain"];

/** @param races whether there are composites of which timing decides who wins (R11) */
export function randomNested(seed: number, races = false, depth = 2): Nested {
  const random = new Random("nested", seed, depth);
  const { features, ...rest } = randomScenario(seed);
  // What comes from outside is the flat engine's business; frames take no part in it.
  const scenario: Scenario = { ...rest, features: { ...features, outside: false } };
  const composites = new Map<number, Composition>();
  for (let node = 0; depth > 0 && node < scenario.structure.nodes; node += 1) {
    if (!random.chance(0.25)) continue;
    const inner = randomNested(seed * 31 + node + 1000 * depth, races, depth - 1);
    const shares = SHARED.filter(() => random.chance(0.4));
    const carries = random.chance(0.25);
    const winners = races && !carries && random.chance(0.5) ? 1 + random.below(2) : undefined;
    const bears = winners !== undefined || random.chance(0.4);
    const many = carries || random.chance(0.6);
    // Drawn apart, so that the graphs without are what they were.
    const holds = carries && new Random("holds", seed, depth, node).chance(0.5);
    const tolerant = bears || holds;
    composites.set(node, { ...inner, many, tolerant, shares, carries, holds, winners });
  }
  return { scenario, composites };
}

export function interiorsOf({ composites }: Nested): Interiors {
  return new Map([...composites].map(([node, composition]) => [node, interiorOf(composition)] as const));
}

function interiorOf(composition: Composition): Interior {
  const { structure, steps } = composition.scenario;
  const { many, shares, carries } = composition;
  const interiors = interiorsOf(composition);
  return { structure, topology: createTopology(structure), steps, many, shares, carries, interiors };
}

/** The graph of the frame that a task is in, and whether it or a frame around it bears its failure: none does if one holds. */
export function placeOf(nested: Nested, task: TaskId): { readonly nested: Nested; readonly tolerated: boolean } {
  let place: { readonly nested: Nested; readonly tolerated: boolean } = { nested, tolerated: false };
  for (const part of task.split("/").slice(0, -1)) {
    const inner = place.nested.composites.get(Number(part.split(".")[1]));
    if (inner === undefined) throw new Error(`${task} is nowhere.`);
    const isHeld = inner.holds === true && !part.endsWith("[0]");
    place = { nested: inner, tolerated: isHeld ? false : place.tolerated || inner.tolerant };
  }
  return place;
}
