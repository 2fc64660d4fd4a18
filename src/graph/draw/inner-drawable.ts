import type { Plan } from "../plan.ts";
import { type Drawable, type DrawableEdge, type DrawableNode, toDrawable } from "./drawable.ts";

/** Nodes in one drawing; composites beyond that stay closed, as graphs in graphs may double with every level. */
const MOST_NODES = 2_000;
const [START, END] = ["__start__", "__end__"];

/**
 * The drawing with the graphs inside drawn in it, `depth` levels down, as LangGraph's `xray` does: a composite's node gives way
 * to its graph's nodes, `node:inner`, without the two ends where one node begins and one ends it. One that would be left with a
 * single node stays closed.
 */
export function toOpenDrawable(plan: Plan, depth: number): Drawable {
  return open(plan, depth, { nodes: MOST_NODES });
}

function open(plan: Plan, depth: number, room: { nodes: number }): Drawable {
  const drawable = toDrawable(plan);
  room.nodes -= drawable.nodes.length;
  if (depth < 1) return drawable;
  const inner = new Map<string, Inner>();
  for (const { id, inside } of plan.nodes) {
    if (inside === undefined || inside.nodes.length + 2 > room.nodes) continue;
    const drawn = trimmed(open(inside, depth - 1, room));
    if (drawn.nodes.length > 1) inner.set(id, prefixed(drawn, id));
  }
  return {
    nodes: drawable.nodes.flatMap((node) => inner.get(node.id)?.nodes ?? [node]),
    edges: [
      ...[...inner.values()].flatMap(({ edges }) => edges),
      ...drawable.edges.map((edge) => ({
        ...edge,
        source: inner.get(edge.source)?.last ?? edge.source,
        target: inner.get(edge.target)?.first ?? edge.target,
      })),
    ],
  };
}

interface Inner extends Drawable {
  /** What edges to the composite lead to, and what those from it come from. */
  readonly first: string;
  readonly last: string;
}

/** Without its two ends, each where just one node is left that takes its place. */
function trimmed({ nodes, edges }: Drawable): Inner {
  const first = onlyOne(nodes, edges, START, "source", "target");
  const rest = first === undefined ? { nodes, edges } : without(START, nodes, edges);
  const last = onlyOne(rest.nodes, rest.edges, END, "target", "source");
  const left = last === undefined ? rest : without(END, rest.nodes, rest.edges);
  return { ...left, first: first ?? START, last: last ?? END };
}

/** The node, `end` aside, that no edge leads to (or away from), edges of `end` not counted; undefined unless there is exactly one. */
function onlyOne(
  nodes: readonly DrawableNode[],
  edges: readonly DrawableEdge[],
  end: string,
  from: "source" | "target",
  to: "source" | "target",
): string | undefined {
  const reached = new Set(edges.filter((edge) => edge[from] !== end).map((edge) => edge[to]));
  const found = nodes.filter(({ id }) => id !== end && !reached.has(id));
  return found.length === 1 ? found[0]?.id : undefined;
}

function without(id: string, nodes: readonly DrawableNode[], edges: readonly DrawableEdge[]): Drawable {
  return {
    nodes: nodes.filter((node) => node.id !== id),
    edges: edges.filter(({ source, target }) => source !== id && target !== id),
  };
}

function prefixed({ nodes, edges, first, last }: Inner, prefix: string): Inner {
  const name = (id: string) => `${prefix}:${id}`;
  return {
    nodes: nodes.map((node) => ({ ...node, id: name(node.id) })),
    edges: edges.map((edge) => ({ ...edge, source: name(edge.source), target: name(edge.target) })),
    first: name(first),
    last: name(last),
  };
}
