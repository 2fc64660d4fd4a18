import { longestChains } from "../draw/chains.ts";
import { outlineOf } from "../draw/outline.ts";
import type { Link } from "../draw/outline.ts";
import type { Plan } from "../plan.ts";
import type { Bound, NodeEstimate, Range } from "./range.ts";

/**
 * How long a run takes. At least its longest chain of unconditional edges. At most, without loops, what Graham's bound for
 * a list of tasks on so many workers gives: the longest chain, and the rest shared out; with loops, all one by one.
 * What the platform and the waiting for people add is not in it.
 */
export function durationRange(plan: Plan, nodes: readonly NodeEstimate[]): Range {
  const { links, vertices } = outlineOf(plan);
  const forward = links.filter(({ again }) => !again);
  const least = (vertex: number): number => {
    const node = nodes[vertex - 1];
    return node === undefined || node.calls.low.value === 0 ? 0 : (node.callMs.low.value ?? 0);
  };
  // from the start on, edge by edge: a node that something unsure leads to may have begun long before
  const sure = sureLinks(forward, vertices.length);
  const low = longestChain(sure, vertices.length, least);
  return {
    low: {
      value: low,
      reason:
        low === 0
          ? "no time is recorded of a node that surely runs"
          : "the longest chain of nodes that surely follow each other",
    },
    high: highest(plan, nodes, forward),
  };
}

function sureLinks(links: readonly Link[], size: number): readonly Link[] {
  const leaving: Link[][] = Array.from({ length: size }, () => []);
  for (const link of links) if (link.taken === "always" || link.taken === "implied") leaving[link.from]?.push(link);
  const reached = new Set([0]);
  for (const vertex of reached) for (const { to } of leaving[vertex] ?? []) reached.add(to);
  return [...reached].flatMap((vertex) => leaving[vertex] ?? []);
}

function highest(plan: Plan, nodes: readonly NodeEstimate[], forward: readonly Link[]): Bound {
  const open = nodes.find(
    ({ calls, callMs }) => calls.high.value !== 0 && (calls.high.value === null || callMs.high.value === null),
  );
  if (open !== undefined) {
    const bound = open.calls.high.value === null ? open.calls.high : open.callMs.high;
    return { value: null, reason: `unknown for "${open.node}": ${bound.reason}` };
  }
  const spent = (node: NodeEstimate | undefined): number =>
    (node?.calls.high.value ?? 0) * (node?.callMs.high.value ?? 0);
  const total = nodes.reduce((sum, node) => sum + spent(node), 0);
  if (plan.topology.regions.length > 1)
    return { value: total, reason: "all calls of the loops' longest course, one by one" };
  const chain = longestChain(forward, nodes.length + 2, (vertex) => spent(nodes[vertex - 1]));
  const { concurrency } = plan.limits;
  const value = Math.round(chain + (total - chain) / concurrency);
  return { value, reason: `the longest chain at its slowest, and the rest shared by ${concurrency} at a time` };
}

/** The heaviest path among the links. */
function longestChain(links: readonly Link[], size: number, weight: (vertex: number) => number): number {
  const steps = links.map(({ from, to }) => ({ from, to, length: weight(to) }));
  const { length } = longestChains(
    Array.from({ length: size }, (_, vertex) => weight(vertex)),
    steps,
  );
  return links.reduce((longest, { to }) => Math.max(longest, length[to] ?? 0), 0);
}
