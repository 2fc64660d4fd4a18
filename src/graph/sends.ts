import type { Plan, PlanEdge } from "./plan.ts";

/** Channels that an edge's own expressions read. */
export function readsOf({ condition, send }: PlanEdge): readonly string[] {
  return [...(condition.kind === "when" ? condition.reads : []), ...(send?.reads ?? [])];
}

/** Nodes that something may be sent to (R1), so that they may run several times at once. `byEdge`: by an edge that says so. */
export function sentTo({ starts, nodes }: Plan): {
  readonly byEdge: ReadonlySet<number>;
  readonly any: ReadonlySet<number>;
} {
  const byEdge = new Set<number>();
  const any = new Set<number>();
  for (const { to, send, condition } of [...starts, ...nodes.flatMap(({ edges }) => edges)]) {
    if (to === "end") continue;
    if (send !== undefined) byEdge.add(to);
    if (send !== undefined || (condition.kind === "goto" && condition.sends === true)) any.add(to);
  }
  return { byEdge, any };
}
