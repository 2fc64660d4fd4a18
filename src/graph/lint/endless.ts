import { stronglyConnected } from "../components.ts";
import type { Plan, PlanEdge } from "../plan.ts";
import { report } from "./view.ts";
import type { LintView } from "./view.ts";

/**
 * A cycle without exit: nodes each of which surely takes an edge to another of them. What may leave is taken away
 * until nothing changes; who is left never ends.
 */
export function endlessCycle(view: LintView): void {
  const { plan } = view;
  const left = new Set(plan.nodes.keys());
  const sources: number[][] = plan.nodes.map(() => []);
  plan.structure.edges.forEach((targets, node) => targets.forEach((target) => sources[target]?.push(node)));
  const doubtful = [...left];
  for (let node = doubtful.pop(); node !== undefined; node = doubtful.pop()) {
    if (!left.has(node) || surelyStays(plan.nodes[node]?.edges ?? [], left)) continue;
    left.delete(node);
    doubtful.push(...(sources[node] ?? []));
  }
  const first = firstOnCycle(plan, left);
  const id = first === undefined ? undefined : plan.nodes[first]?.id;
  if (id === undefined) return;
  const message = `The cycle through "${id}" has no exit: it runs until the limit of ${plan.limits.steps} steps fails it.`;
  const hint = "Give an edge of the cycle a when.";
  report(view, "warning", [{ code: "endless_cycle", message, path: ["nodes", id], atKey: true, hint }]);
}

function surelyStays(edges: readonly PlanEdge[], among: ReadonlySet<number>): boolean {
  // a list may be empty
  const stays = (edge: PlanEdge): boolean => edge.to !== "end" && edge.send === undefined && among.has(edge.to);
  if (edges.some((edge) => edge.condition.kind === "always" && stays(edge))) return true;
  const choices = edges.filter((edge) => edge.condition.kind === "when" || edge.condition.kind === "else");
  return choices.some((edge) => edge.condition.kind === "else") && choices.every(stays);
}

/** The first node that lies on a cycle of these nodes. */
function firstOnCycle(plan: Plan, among: ReadonlySet<number>): number | undefined {
  const local = [...among].sort((one, other) => one - other);
  const at = new Map(local.map((node, index) => [node, index]));
  const successors = local.map((node) =>
    (plan.structure.edges[node] ?? []).flatMap((target) => {
      const index = at.get(target);
      return index === undefined ? [] : [index];
    }),
  );
  const cycles = stronglyConnected(successors).filter(
    ([first = 0, ...others]) => others.length > 0 || successors[first]?.includes(first) === true,
  );
  const firsts = cycles.map(([first = 0]) => local[first] ?? 0);
  return firsts.length === 0 ? undefined : firsts.reduce((least, node) => Math.min(least, node));
}
