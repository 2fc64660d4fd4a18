import { report } from "./view.ts";
import type { LintView } from "./view.ts";

/** Nodes that no way from the start leads to. */
export function unreachableNode(view: LintView): void {
  const { plan } = view;
  const reached = new Set<number>(plan.structure.starts);
  for (const node of reached) for (const target of plan.structure.edges[node] ?? []) reached.add(target);
  const lost = plan.nodes.filter(({ index }) => !reached.has(index));
  report(
    view,
    "warning",
    lost.map(({ id }) => ({
      code: "unreachable_node",
      message: `No way leads from start to "${id}", so it never runs.`,
      path: ["nodes", id],
      atKey: true,
    })),
  );
}
