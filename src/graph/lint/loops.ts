import type { Plan, PlanNode } from "../plan.ts";
import type { Region } from "../topology.ts";

/** A cycle of the graph, with all that is inside it. */
export interface Loop {
  readonly region: Region;
  readonly members: readonly number[];
  readonly heads: readonly number[];
}

/** Every loop of a graph, outer ones first. */
export function loopsOf({ topology, nodes }: Plan): readonly Loop[] {
  const members: number[][] = topology.regions.map(() => []);
  for (const { index } of nodes) {
    for (let region = topology.places[index]?.region; region !== undefined; region = region.parent) {
      members[region.index]?.push(index);
    }
  }
  return topology.regions.slice(1).map((region) => ({
    region,
    members: members[region.index] ?? [],
    heads: headsOf(region),
  }));
}

/** Where the turns of a loop begin, in document order. */
export function headsOf({ units }: Region): readonly number[] {
  return units
    .flatMap((unit) => (unit.kind === "node" && unit.head ? [unit.node] : []))
    .sort((one, other) => one - other);
}

export function isInLoop({ topology }: Plan, node: number): boolean {
  return (topology.places[node]?.region.depth ?? 0) > 0;
}

/** Kinds whose every run costs money. */
export const ASKS_A_MODEL: ReadonlySet<string> = new Set(["model", "agent"]);

/** Nodes looked at within one node: a graph may run another, that a third, each of them several times. */
const MOST_WITHIN = 5000;

/** The nodes of a graph and of all graphs that they run, with the graph around each. */
export function nodesWithin(plan: Plan): readonly { readonly node: PlanNode; readonly around: Plan }[] {
  const plans = new Set([plan]);
  const found: { node: PlanNode; around: Plan }[] = [];
  for (const around of plans) {
    for (const node of around.nodes) {
      if (found.length >= MOST_WITHIN) return found;
      found.push({ node, around });
      if (node.inside !== undefined) plans.add(node.inside);
    }
  }
  return found;
}
