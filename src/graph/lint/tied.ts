import { stronglyConnected } from "../components.ts";
import type { Plan } from "../plan.ts";
import { loopsOf } from "./loops.ts";
import type { Loop } from "./loops.ts";
import { nameOf, report } from "./view.ts";
import type { LintView } from "./view.ts";

/** Smaller loops are easily seen as a whole. */
const LEAST_NODES = 4;
/** Of one loop so many edges are tried. */
const MOST_TRIED = 10;
const MOST_LOOPS = 10;

/** A loop of much of the graph, entered at several nodes, which without edges that results choose would be none. */
export function tiedByGoto(view: LintView): void {
  const { plan } = view;
  if (!plan.nodes.some(({ edges }) => edges.some(({ condition }) => condition.kind === "goto"))) return;
  const large = loopsOf(plan).filter(
    ({ members, heads }) =>
      members.length >= LEAST_NODES && members.length * 2 >= plan.nodes.length && heads.length > 1,
  );
  const found = large.slice(0, MOST_LOOPS).flatMap((loop) => {
    const edge = tyingEdge(plan, loop);
    if (edge === undefined) return [];
    const [from, to] = edge.map((node) => nameOf(plan, node));
    const message = `The edge that "${from}" may take to "${to}" ties ${loop.members.length} of ${plan.nodes.length} nodes (${names(plan, loop.members)}) into one loop. Its turns begin with ${names(plan, loop.heads)}, together.`;
    const hint =
      "Nodes of a turn wait for each other. Declare only the targets that are needed, or let one node do the choosing.";
    return [{ code: "tied_by_goto", message, path: ["nodes", from ?? ""], hint }];
  });
  report(view, "warning", found);
}

function tyingEdge(plan: Plan, { members }: Loop): readonly [number, number] | undefined {
  const inside = new Set(members);
  const gotos = members.flatMap((from) =>
    (plan.nodes[from]?.edges ?? []).flatMap(({ to, condition }): (readonly [number, number])[] =>
      condition.kind === "goto" && to !== "end" && inside.has(to) ? [[from, to]] : [],
    ),
  );
  if (gotos.length === 0 || largestWithout(plan, members, gotos) * 2 > members.length) return undefined;
  const alone = gotos.slice(0, MOST_TRIED).find((edge) => largestWithout(plan, members, [edge]) * 2 <= members.length);
  return alone ?? gotos[0];
}

/** Nodes of the largest cycle that is left of a loop when edges are taken away. */
function largestWithout(plan: Plan, members: readonly number[], edges: readonly (readonly [number, number])[]): number {
  const at = new Map(members.map((node, index) => [node, index]));
  const removed = new Set(edges.map(([from, to]) => `${from} ${to}`));
  const successors = members.map((from) =>
    (plan.structure.edges[from] ?? []).flatMap((to) => {
      const index = removed.has(`${from} ${to}`) ? undefined : at.get(to);
      return index === undefined ? [] : [index];
    }),
  );
  return stronglyConnected(successors).reduce((most, { length }) => Math.max(most, length), 0);
}

function names(plan: Plan, nodes: readonly number[]): string {
  const shown = nodes.slice(0, 5).map((node) => nameOf(plan, node));
  return nodes.length > shown.length ? `${shown.join(", ")} and ${nodes.length - shown.length} more` : shown.join(", ");
}
