import { longestChains } from "../draw/chains.ts";
import type { Chains } from "../draw/chains.ts";
import { outlineOf } from "../draw/outline.ts";
import type { Link } from "../draw/outline.ts";
import type { Plan } from "../plan.ts";

/** Figures of a graph, from its structure alone. Nodes that no way leads to count in `nodes` only. */
export interface Shape {
  readonly nodes: number;
  readonly edges: number;
  /** Loops, nested ones included. */
  readonly loops: number;
  /** Ids along the longest chain from the start; every loop is gone through once. */
  readonly criticalPath: readonly string[];
  /** The most nodes that are equally far from the start: what may run at one time, where the branches are even. */
  readonly widest: readonly string[];
  /** McCabe's number of independent paths, with the two ends as nodes: edges - nodes + 2. */
  readonly cyclomatic: number;
  /** Nodes that every way from the start to an end passes, in the order in which it does. */
  readonly bottlenecks: readonly string[];
}

export function shapeOf(plan: Plan): Shape {
  const { vertices, links: all } = outlineOf(plan);
  // what undoes something is no way to the end
  const links = all.filter(({ taken }) => taken !== "undo");
  const end = vertices.length - 1;
  const leaving: Link[][] = vertices.map(() => []);
  for (const link of links) leaving[link.from]?.push(link);
  const reached = new Set([0]);
  for (const vertex of reached) for (const { to } of leaving[vertex] ?? []) reached.add(to);
  const live = links.filter(({ from }) => reached.has(from));
  const forward = live.filter(({ again }) => !again);
  const chain = longestChains(
    // what only another turn leads to, because nothing runs that stands before it, is in no chain from the start
    vertices.map((_, vertex) => (vertex === 0 ? 0 : -Infinity)),
    forward.map(({ from, to }) => ({ from, to, length: 1 })),
  );
  const idsOf = (members: readonly number[]): string[] =>
    members.flatMap((vertex) => (vertices[vertex]?.kind === "node" ? [vertices[vertex].id] : []));
  const isInside = (vertex: number): boolean => vertex !== 0 && vertex !== end && (chain.length[vertex] ?? 0) > 0;
  const inside = [...reached].filter(isInside).sort((one, other) => one - other);
  const layers = Map.groupBy(inside, (vertex) => chain.length[vertex] ?? 0);
  return {
    nodes: plan.nodes.length,
    edges: links.filter(({ taken }) => taken !== "implied").length,
    loops: plan.topology.regions.length - 1,
    criticalPath: idsOf(pathTo(chain, inside)),
    widest: idsOf([...layers.values()].reduce((most, layer) => (layer.length > most.length ? layer : most), [])),
    cyclomatic: Math.max(1, live.length - reached.size + 2),
    bottlenecks: idsOf(passedByAll(leaving, end)),
  };
}

function pathTo({ length, before }: Chains, among: readonly number[]): number[] {
  const last = among.reduce(
    (farthest, vertex) => ((length[vertex] ?? 0) > (length[farthest] ?? 0) ? vertex : farthest),
    0,
  );
  const path: number[] = [];
  for (let vertex = last; vertex !== -1; vertex = before[vertex] ?? -1) path.push(vertex);
  return path.reverse();
}

/**
 * The vertices of every path from the first to `end`. All of them are on any one path; going along one and looking how
 * far beside it one could get, a vertex is passed by all when nothing before it leads beyond it.
 */
function passedByAll(leaving: readonly (readonly Link[])[], end: number): number[] {
  const path = anyPath(leaving, end);
  const places = new Map(path.map((vertex, index) => [vertex, index]));
  const seen = new Set<number>();
  const passed: number[] = [];
  let farthest = 0;
  for (const [index, vertex] of path.entries()) {
    if (farthest === index) passed.push(vertex);
    const stack = [vertex];
    for (let from = stack.pop(); from !== undefined; from = stack.pop()) {
      for (const { to } of leaving[from] ?? []) {
        const place = places.get(to);
        if (place !== undefined) farthest = Math.max(farthest, place);
        else if (!seen.has(to)) {
          seen.add(to);
          stack.push(to);
        }
      }
    }
  }
  return passed;
}

function anyPath(leaving: readonly (readonly Link[])[], end: number): number[] {
  const before = new Map<number, number>([[0, -1]]);
  for (const vertex of before.keys()) {
    for (const { to } of leaving[vertex] ?? []) if (!before.has(to)) before.set(to, vertex);
  }
  if (!before.has(end)) return [];
  const path: number[] = [];
  for (let vertex = end; vertex !== -1; vertex = before.get(vertex) ?? -1) path.push(vertex);
  return path.reverse();
}
