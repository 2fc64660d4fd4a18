import type { Plan, PlanEdge } from "../plan.ts";
import { isConstant } from "./mentions.ts";
import { edgePaths, report } from "./view.ts";
import type { LintView } from "./view.ts";

/** Conditions that come out the same in every run. */
export function constantCondition(view: LintView): void {
  const pathOf = edgePaths(view);
  const found = everyEdge(view.plan).flatMap(({ from, edge, siblings }) => {
    if (edge.condition.kind !== "when" || !isConstant(edge.condition.expression.source)) return [];
    const path = [...pathOf(from, edge.to), "when"];
    const literal = literalOf(edge.condition.expression.source);
    // with an else beside it, taking the condition away changes when that is taken
    const fixable = literal === true && !siblings.some(({ condition }) => condition.kind === "else");
    return [
      {
        code: "constant_condition",
        message: MESSAGES[String(literal)] ?? "",
        path,
        hint:
          literal === false
            ? "Leave the edge out."
            : "Leave when out, or name what it depends on: state, params, context …",
        ...(fixable ? { fix: { says: "Remove the condition, which is always true", edits: [{ path }] } } : {}),
      },
    ];
  });
  report(view, "warning", found);
}

const MESSAGES: Readonly<Record<string, string>> = {
  true: "This condition is always true, so it decides nothing.",
  false: "This condition is always false: the edge is never taken.",
  undefined: "This condition reads nothing of the run, so it comes out the same every time.",
};

function literalOf(source: string): boolean | undefined {
  const text = source.replace(/[()\s]/g, "");
  return text === "true" ? true : text === "false" ? false : undefined;
}

function everyEdge({ nodes, starts }: Plan) {
  const origins: readonly { from: number | "start"; edges: readonly PlanEdge[] }[] = [
    { from: "start", edges: starts },
    ...nodes.map(({ index, edges }) => ({ from: index, edges })),
  ];
  return origins.flatMap(({ from, edges }) => edges.map((edge) => ({ from, edge, siblings: edges })));
}
