import type { Structure } from "../structure.ts";
import type { Region, Topology } from "../topology.ts";

/** A bound and where it comes from. */
export interface Most {
  /** null: there is none. */
  readonly calls: number | null;
  readonly reason: string;
}

/**
 * How often each node runs at most in one run, by the rules alone, whatever its conditions say. Tasks of one node (but
 * for `join: each` and those that are `sent` an item each) see each other, so each has a level of its own (R5), and levels
 * end at the limit of steps.
 */
export function mostCalls(
  structure: Structure,
  topology: Topology,
  steps: number,
  sent: ReadonlySet<number> = new Set(),
): readonly Most[] {
  const distance = distances(structure);
  const arriving = arrivals(structure);
  const turns = topology.regions.map((region) => turnsOf(region, structure, topology, steps, distance));
  const most: Most[] = [];
  const bound = (node: number): Most => {
    const first = distance[node] ?? Infinity;
    if (first === Infinity) return { calls: 0, reason: "no way leads to it" };
    if (first >= steps) return { calls: 0, reason: `it lies beyond the limit of ${steps} steps` };
    if (sent.has(node)) return { calls: null, reason: "how many items it is sent is known when the graph runs" };
    const place = topology.places[node];
    const each = structure.each.has(node) && place?.head !== true;
    if (place === undefined || place.region.depth === 0) {
      return each ? oncePerArrival(arriving[node] ?? [], most, structure.starts.includes(node)) : ONCE;
    }
    if (each) return { calls: null, reason: "join: each in a loop has no bound" };
    const left = steps - first;
    const turn = turns[place.region.index];
    if (turn !== undefined && turn < left)
      return { calls: turn, reason: `${turn} turns of its loop end the ${steps} steps` };
    return { calls: left, reason: `a loop ends at the limit of ${steps} steps` };
  };
  // outside of loops every node comes after all that lead to it, so what an arrival counts is known before
  for (const node of inOrder(topology)) most[node] = bound(node);
  return most;
}

const ONCE: Most = { calls: 1, reason: "it is in no loop, and what arrives is taken together" };

function oncePerArrival(arriving: readonly number[], most: readonly Most[], started: boolean): Most {
  let calls = started ? 1 : 0;
  for (const from of arriving) {
    const before = most[from]?.calls ?? null;
    if (before === null) return { calls: null, reason: "join: each after something that has no bound" };
    calls += before;
  }
  return { calls, reason: "join: each runs once for each arrival" };
}

/**
 * Turns of an outermost loop with one head: everything between two of its tasks goes once around, so that they are as
 * many levels apart as its shortest way around has nodes. Otherwise undefined.
 */
function turnsOf(
  region: Region,
  structure: Structure,
  topology: Topology,
  steps: number,
  distance: readonly number[],
): number | undefined {
  if (region.depth !== 1) return undefined;
  const nodes = membersOf(region, topology);
  const heads = nodes.filter(
    (node) => topology.places[node]?.region === region && topology.places[node]?.head === true,
  );
  const [head] = heads;
  if (head === undefined || heads.length > 1) return undefined;
  const around = shortestWayAround(head, new Set(nodes), structure);
  return Math.floor((steps - 1 - (distance[head] ?? 0)) / around) + 1;
}

function membersOf(region: Region, topology: Topology): number[] {
  const members: number[] = [];
  const regions = [region];
  for (let next = regions.pop(); next !== undefined; next = regions.pop()) {
    for (const unit of next.units) {
      if (unit.kind === "node") members.push(unit.node);
      else {
        const inner = topology.regions[unit.region];
        if (inner !== undefined) regions.push(inner);
      }
    }
  }
  return members;
}

function shortestWayAround(head: number, members: ReadonlySet<number>, structure: Structure): number {
  const steps = new Map([[head, 0]]);
  for (const [node, step] of steps) {
    for (const to of structure.edges[node] ?? []) {
      if (to === head) return step + 1;
      if (members.has(to) && !steps.has(to)) steps.set(to, step + 1);
    }
  }
  return 1;
}

/** Edges between a start and each node: no task of it has a lower level. */
function distances(structure: Structure): readonly number[] {
  const found = new Map<number, number>(structure.starts.map((node) => [node, 0]));
  for (const [node, distance] of found) {
    for (const to of structure.edges[node] ?? []) if (!found.has(to)) found.set(to, distance + 1);
  }
  return Array.from({ length: structure.nodes }, (_, node) => found.get(node) ?? Infinity);
}

function arrivals(structure: Structure): readonly (readonly number[])[] {
  const arriving: number[][] = Array.from({ length: structure.nodes }, () => []);
  for (const [from, targets] of structure.edges.entries()) for (const to of targets) arriving[to]?.push(from);
  return arriving;
}

/** All nodes; those of a loop together, where their loop stands. */
function inOrder(topology: Topology): number[] {
  const [whole] = topology.regions;
  return (whole?.units ?? []).flatMap((unit) => {
    if (unit.kind === "node") return [unit.node];
    const region = topology.regions[unit.region];
    return region === undefined ? [] : membersOf(region, topology);
  });
}
