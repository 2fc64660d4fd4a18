import { EdgewiseError, failure } from "../base/errors.ts";
import type { Plan, PlanEdge, PlanNode, Scope } from "./plan.ts";

/**
 * The targets of the edges that are taken from a node (or from the start), in document order; "end" takes no task.
 * @throws EdgewiseError `condition_failed` naming edge, expression and cause.
 */
export function route(plan: Plan, node: number | "start", scope: Scope): { takes: number[] } {
  const from = node === "start" ? undefined : plan.nodes[node];
  if (node !== "start" && from === undefined) throw new TypeError(`The plan has no node ${node}.`);
  const edges = from === undefined ? plan.starts : from.edges;
  const truths = edges.map((edge) => edge.condition.kind === "when" && holds(plan, from, edge, scope));
  const someWhen = truths.includes(true);
  const takes: number[] = [];
  edges.forEach((edge, index) => {
    const { kind } = edge.condition;
    const taken = kind === "always" || (kind === "else" ? !someWhen : truths[index] === true);
    if (taken && edge.to !== "end") takes.push(edge.to);
  });
  return { takes };
}

function holds(plan: Plan, from: PlanNode | undefined, edge: PlanEdge, scope: Scope): boolean {
  if (edge.condition.kind !== "when") return false;
  const { expression } = edge.condition;
  const name = `${from?.id ?? "start"} → ${edge.to === "end" ? "end" : (plan.nodes[edge.to]?.id ?? edge.to)}`;
  try {
    const value = expression.evaluate(scope);
    if (typeof value === "boolean") return value;
    throw failure("expression_failed", `It must be true or false, not ${JSON.stringify(value).slice(0, 100)}.`);
  } catch (thrown) {
    // What else may be thrown, such as a conflict of writes (R6), has a name of its own.
    if (!(thrown instanceof EdgewiseError) || thrown.code !== "expression_failed") throw thrown;
    const message = `The condition "${expression.source.slice(0, 200)}" of the edge ${name} failed: ${thrown.message}`;
    throw failure("condition_failed", message, {
      cause: thrown.message,
      ...(from === undefined ? {} : { node: from.id }),
    });
  }
}
