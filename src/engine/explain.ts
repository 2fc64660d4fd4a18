import type { Structure } from "../graph/structure.ts";
import type { Topology } from "../graph/topology.ts";
import type { Frame } from "./frame.ts";

export interface Explanation {
  readonly waitsFor: number;
  /** From there to the node that waits. */
  readonly path: readonly number[];
}

/**
 * Why a pending node does not run: the nearest node that holds it back, and a shortest path from there. Searches
 * backwards along edges, first inside the innermost loop around the node, then around it, and so on: what counts as
 * reach depends on the loops that both are in (R3). Asked for by people, never by the engine.
 */
export function explainWait(
  node: number,
  structure: Structure,
  topology: Topology,
  frame: Frame,
): Explanation | undefined {
  const inFlight = new Set([...frame.flights.values()].map(({ task }) => task.node));
  if (inFlight.has(node)) return { waitsFor: node, path: [node] };
  const holdsBack = (other: number): boolean =>
    inFlight.has(other) || (frame.pending.has(other) && !isNextTurn(other, node, topology));
  const predecessors = invert(structure);
  for (let depth = topology.places[node]?.region.depth ?? 0; depth >= 0; depth -= 1) {
    const found = search(node, depth, predecessors, topology, holdsBack);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Among the nodes that are in exactly the `depth` outermost of the loops around `node`. */
function search(
  node: number,
  depth: number,
  predecessors: readonly (readonly number[])[],
  topology: Topology,
  holdsBack: (node: number) => boolean,
): Explanation | undefined {
  const next = new Map<number, number>();
  const queue = [node];
  for (let at = 0; at < queue.length; at += 1) {
    const to = queue[at] ?? node;
    if (reenters(to, node, depth, topology)) continue;
    for (const from of predecessors[to] ?? []) {
      if (from === node || next.has(from) || topology.sharedLoops(from, node) < depth) continue;
      next.set(from, to);
      queue.push(from);
      if (holdsBack(from) && topology.sharedLoops(from, node) === depth) {
        return { waitsFor: from, path: pathFrom(from, node, next) };
      }
    }
  }
  return undefined;
}

/** R3: no path leads through a head of the loop that both ends are in, unless it is a head that waits for its loop. */
function reenters(to: number, node: number, depth: number, { places }: Topology): boolean {
  if (depth === 0) return false;
  const isHead = (place: Topology["places"][number] | undefined): boolean =>
    place?.head === true && place.region.depth === depth;
  return isHead(places[to]) && !isHead(places[node]);
}

/** R3: a pending head holds nothing of its own loop back. */
function isNextTurn(from: number, node: number, topology: Topology): boolean {
  const place = topology.places[from];
  return place?.head === true && topology.sharedLoops(from, node) >= place.region.depth;
}

function pathFrom(from: number, node: number, next: ReadonlyMap<number, number>): number[] {
  const path = [from];
  for (let at = next.get(from); at !== undefined && at !== node; at = next.get(at)) path.push(at);
  return [...path, node];
}

function invert(structure: Structure): readonly (readonly number[])[] {
  const predecessors: number[][] = Array.from({ length: structure.nodes }, () => []);
  for (const [from, targets] of structure.edges.entries()) for (const to of targets) predecessors[to]?.push(from);
  return predecessors;
}
