import { EdgewiseError, failure } from "../base/errors.ts";
import type { Plan, PlanEdge, PlanNode, Scope } from "./plan.ts";

/**
 * The targets of the edges that are taken from a node (or from the start), in document order; "end" takes no task.
 * `goto`: targets by their ids that the node's result names, which its configuration has declared.
 * @throws EdgewiseError `condition_failed` naming edge, expression and cause; `node_failed` for a target not declared.
 */
export function route(
  plan: Plan,
  node: number | "start",
  scope: Scope,
  goto: readonly string[] = [],
): { takes: number[] } {
  const from = node === "start" ? undefined : plan.nodes[node];
  if (node !== "start" && from === undefined) throw new TypeError(`The plan has no node ${node}.`);
  const edges = from === undefined ? plan.starts : from.edges;
  const truths = edges.map((edge) => edge.condition.kind === "when" && holds(plan, from, edge, scope));
  const someWhen = truths.includes(true);
  const named = goto.length === 0 ? NOWHERE : declared(plan, from, goto);
  const takes = new Set<number>();
  edges.forEach((edge, index) => {
    const { kind } = edge.condition;
    const chosen = kind === "goto" ? named.has(edge.to) : truths[index] === true;
    const taken = kind === "always" || (kind === "else" ? !someWhen : chosen);
    if (taken && edge.to !== "end") takes.add(edge.to);
  });
  return { takes: [...takes] };
}

const NOWHERE: ReadonlySet<PlanEdge["to"]> = new Set();

/** The ends of the edges that are named; a name that no edge of the node has fails it. */
function declared(plan: Plan, from: PlanNode | undefined, goto: readonly string[]): ReadonlySet<PlanEdge["to"]> {
  const edges = from?.edges.filter(({ condition }) => condition.kind === "goto") ?? [];
  const byName = new Map(edges.map(({ to }) => [to === "end" ? "end" : plan.nodes[to]?.id, to]));
  const ends = new Set<PlanEdge["to"]>();
  for (const name of goto) {
    const to = byName.get(name);
    if (to === undefined) {
      const known = [...byName.keys()].slice(0, 20).join(", ");
      const message = `"${from?.id ?? "start"}" cannot go to "${name.slice(0, 80)}": its targets are ${known === "" ? "none" : known}.`;
      throw failure("node_failed", message, from === undefined ? {} : { node: from.id });
    }
    ends.add(to);
  }
  return ends;
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
