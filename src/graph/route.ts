import { EdgewiseError, failure } from "../base/errors.ts";
import { isJson, type Json } from "../base/json.ts";
import type { Plan, PlanEdge, PlanNode, Scope } from "./plan.ts";

/** What one outcome may send: each is a task. */
export const MOST_SENDS = 100_000;
/** Of all that one outcome sends, as JSON, in UTF-16 units. */
export const LONGEST_SENDS = 16 * 1024 * 1024;

/** What follows from an outcome (R1). */
export interface Route {
  /** Nodes that are activated, each once, in the order of the edges. */
  readonly takes: readonly number[];
  /** Nodes that are activated with a payload, each by itself. */
  readonly sends: readonly { readonly to: number; readonly payload: Json }[];
}

/** What a node's result chooses among the targets that its configuration has declared, by their ids. */
export interface Chosen {
  /** Node ids or "end". */
  readonly goto?: readonly string[];
  readonly sends?: readonly { readonly to: string; readonly payload: Json }[];
}

/**
 * What is activated by the edges that are taken from a node (or from the start): in document order, then what the node's
 * result sends. "end" takes no task.
 * @throws EdgewiseError `condition_failed` naming edge, expression and cause, `expression_failed` for the list of a send;
 * `node_failed` for a target not declared, `invalid_write` for a payload that is no JSON, `value_too_large` for too much.
 */
export function route(plan: Plan, node: number | "start", scope: Scope, chosen: Chosen = {}): Route {
  const from = node === "start" ? undefined : plan.nodes[node];
  if (node !== "start" && from === undefined) throw new TypeError(`The plan has no node ${node}.`);
  const edges = from === undefined ? plan.starts : from.edges;
  const { goto = [], sends: sent = [] } = chosen;
  const truths = edges.map((edge) => edge.condition.kind === "when" && holds(plan, from, edge, scope));
  const someWhen = truths.includes(true);
  const named = goto.length === 0 ? NOWHERE : declared(plan, from, goto);
  const takes = new Set<number>();
  const sends: Route["sends"][number][] = [];
  edges.forEach((edge, index) => {
    const { kind } = edge.condition;
    const isNamed = kind === "goto" ? named.has(edge.to) : truths[index] === true;
    const taken = kind === "always" || (kind === "else" ? !someWhen : isNamed);
    if (!taken || edge.to === "end") return;
    if (edge.send === undefined) takes.add(edge.to);
    else for (const payload of itemsOf(plan, from, edge, scope)) sends.push({ to: edge.to, payload });
  });
  for (const send of sent) sends.push(sendOf(plan, from, send));
  if (sends.length > 0) checkSize(sends, from);
  return { takes: [...takes], sends };
}

const NOWHERE: ReadonlySet<PlanEdge["to"]> = new Set();

/** The ends of the edges that are named; a name that no edge of the node has fails it. */
function declared(plan: Plan, from: PlanNode | undefined, goto: readonly string[]): ReadonlySet<PlanEdge["to"]> {
  const byName = targetsOf(plan, from);
  const ends = new Set<PlanEdge["to"]>();
  for (const name of goto) {
    const target = byName.get(name);
    if (target === undefined) throw undeclared("go", from, name, [...byName.keys()]);
    ends.add(target.to);
  }
  return ends;
}

interface Target {
  readonly to: PlanEdge["to"];
  readonly sends: boolean;
}

function targetsOf(plan: Plan, from: PlanNode | undefined): ReadonlyMap<string, Target> {
  return new Map(
    (from?.edges ?? []).flatMap(({ to, condition }): [string, Target][] => {
      if (condition.kind !== "goto") return [];
      return [[to === "end" ? "end" : (plan.nodes[to]?.id ?? ""), { to, sends: condition.sends === true }]];
    }),
  );
}

function sendOf(
  plan: Plan,
  from: PlanNode | undefined,
  { to: name, payload }: { readonly to: string; readonly payload: Json },
): Route["sends"][number] {
  const byName = targetsOf(plan, from);
  const target = byName.get(name);
  if (target === undefined || target.to === "end" || !target.sends) {
    const known = [...byName].flatMap(([id, { to, sends }]) => (sends && to !== "end" ? [id] : []));
    throw undeclared("send", from, name, known);
  }
  if (isJson(payload)) return { to: target.to, payload };
  throw failure("invalid_write", `"${from?.id ?? "start"}" sent "${name}" a payload that is not JSON.`);
}

function undeclared(does: "go" | "send", from: PlanNode | undefined, name: string, known: readonly string[]): Error {
  const targets = known.slice(0, 20).join(", ");
  const message = `"${from?.id ?? "start"}" cannot ${does} to "${name.slice(0, 80)}": its targets are ${targets === "" ? "none" : targets}.`;
  return failure("node_failed", message, nodeIn(from));
}

/** What an edge sends. */
function itemsOf(plan: Plan, from: PlanNode | undefined, edge: PlanEdge, scope: Scope): readonly Json[] {
  const source = edge.send?.expression.source.slice(0, 200) ?? "";
  const items = evaluate(
    `The list "${source}" that the edge ${nameOf(plan, from, edge)} sends`,
    "expression_failed",
    from,
    () => {
      const value = edge.send?.expression.evaluate(scope);
      if (Array.isArray(value)) return value as readonly Json[];
      throw failure("expression_failed", `It must be a list, not ${JSON.stringify(value).slice(0, 100)}.`);
    },
  );
  return items;
}

/** Counted before anything is written down: each send is a task, and all of them stand in one commit. */
function checkSize(sends: Route["sends"], from: PlanNode | undefined): void {
  const who = `"${from?.id ?? "start"}"`;
  if (sends.length > MOST_SENDS) {
    const message = `${who} sends ${sends.length} items; ${MOST_SENDS} are allowed. Split the list.`;
    throw failure("value_too_large", message, nodeIn(from));
  }
  let length = 0;
  for (const { payload } of sends)
    length += typeof payload === "string" ? payload.length : JSON.stringify(payload).length;
  if (length <= LONGEST_SENDS) return;
  const message = `What ${who} sends has more than ${LONGEST_SENDS} characters of JSON together. Split the list.`;
  throw failure("value_too_large", message, nodeIn(from));
}

function holds(plan: Plan, from: PlanNode | undefined, edge: PlanEdge, scope: Scope): boolean {
  if (edge.condition.kind !== "when") return false;
  const { expression } = edge.condition;
  const what = `The condition "${expression.source.slice(0, 200)}" of the edge ${nameOf(plan, from, edge)}`;
  return evaluate(what, "condition_failed", from, () => {
    const value = expression.evaluate(scope);
    if (typeof value === "boolean") return value;
    throw failure("expression_failed", `It must be true or false, not ${JSON.stringify(value).slice(0, 100)}.`);
  });
}

/** What else may be thrown, such as a conflict of writes (R6), has a name of its own. */
function evaluate<T>(
  what: string,
  failed: "condition_failed" | "expression_failed",
  from: PlanNode | undefined,
  work: () => T,
): T {
  try {
    return work();
  } catch (thrown) {
    if (!(thrown instanceof EdgewiseError) || thrown.code !== "expression_failed") throw thrown;
    throw failure(failed, `${what} failed: ${thrown.message}`, { cause: thrown.message, ...nodeIn(from) });
  }
}

function nameOf(plan: Plan, from: PlanNode | undefined, { to }: PlanEdge): string {
  return `${from?.id ?? "start"} → ${to === "end" ? "end" : (plan.nodes[to]?.id ?? to)}`;
}

function nodeIn(from: PlanNode | undefined): { readonly node?: string } {
  return from === undefined ? {} : { node: from.id };
}
