import { outlineOf } from "../draw/outline.ts";
import { isJsonObject } from "../../base/json.ts";
import type { Plan, PlanNode } from "../plan.ts";
import { sentTo } from "../sends.ts";
import { durationRange } from "./duration.ts";
import type { DescribedKinds } from "./flow.ts";
import { mostCalls } from "./most-calls.ts";
import type { Most } from "./most-calls.ts";
import type { Bound, NodeEstimate, Range } from "./range.ts";
import { sureVertices } from "./sure-nodes.ts";
import { usesOf } from "./uses.ts";
import type { RecordedCall, Use } from "./uses.ts";

export type { RecordedCall } from "./uses.ts";
export type { Bound, NodeEstimate, Range } from "./range.ts";

/** What one run takes, of which the caller knows nothing but the graph and, if any, recorded calls. */
export interface Estimate {
  readonly calls: Range;
  readonly inputTokens: Range;
  readonly outputTokens: Range;
  readonly costUsd: Range;
  /** From the start to the end of a run that nobody is waited for in. */
  readonly durationMs: Range;
  readonly nodes: readonly NodeEstimate[];
}

/**
 * What a run that succeeds will take, as ranges with the reason for each bound. From the structure: how often each node
 * runs at least and at most. From recorded calls, where there are any: the smallest and the largest use seen, which is
 * experience and no promise. What cannot be known is null, never a guess.
 */
export function estimate(plan: Plan, kinds: DescribedKinds, history: readonly RecordedCall[] = []): Estimate {
  return estimateGraph(plan, { kinds, uses: usesOf(history), prefix: "", left: { nodes: MOST_INSIDE } });
}

/** Nodes of graphs inside that are looked at: a graph of many nodes counts each time that it is run. */
const MOST_INSIDE = 5000;

interface Setting {
  readonly kinds: DescribedKinds;
  readonly uses: ReadonlyMap<string, Use>;
  /** Of a graph inside: the nodes around it, as recorded calls name them: `draft/`. */
  readonly prefix: string;
  readonly left: { nodes: number };
}

function estimateGraph(plan: Plan, setting: Setting): Estimate {
  const sure = sureVertices(outlineOf(plan));
  const most = mostCalls(plan.structure, plan.topology, plan.limits.steps, sentTo(plan).any);
  const inner: NodeEstimate[] = [];
  const undone = mostUndone(plan, most);
  const own = plan.nodes.map((node): NodeEstimate => {
    const calls = callsOf(sure.has(node.index + 1), undone.get(node.index) ?? most[node.index]);
    if (node.inside !== undefined) return compositeEstimate(node, node.inside, calls, setting, inner);
    const pure = setting.kinds.get(node.kind)?.effect === "pure";
    const estimated = nodeEstimate(plan, node, calls, setting.uses.get(setting.prefix + node.id), pure);
    return { ...estimated, node: setting.prefix + node.id };
  });
  const nodes = [...own, ...inner];
  const total = (pick: (node: NodeEstimate) => Range): Range => ({
    low: sumOf(nodes, (node) => pick(node).low),
    high: sumOf(nodes, (node) => pick(node).high),
  });
  return {
    calls: total(({ calls }) => calls),
    inputTokens: total(({ inputTokens }) => inputTokens),
    outputTokens: total(({ outputTokens }) => outputTokens),
    costUsd: total(({ costUsd }) => costUsd),
    durationMs: durationRange(plan, own),
    nodes,
  };
}

/** What undoes others runs at most once for each of their calls. */
function mostUndone(plan: Plan, most: readonly Most[]): ReadonlyMap<number, Most> {
  const found = new Map<number, Most>();
  for (const { index, undo } of plan.nodes) {
    if (undo === undefined) continue;
    const before = found.get(undo)?.calls;
    const calls = most[index]?.calls ?? null;
    const sum = before === null || calls === null ? null : (before ?? 0) + calls;
    found.set(undo, { calls: sum, reason: "it undoes each call of what it is for, if the saga fails" });
  }
  return found;
}

function callsOf(isSure: boolean, most: Most | undefined): Range {
  const { calls, reason } = most ?? { calls: null, reason: "" };
  const low =
    isSure && calls !== 0
      ? { value: 1, reason: "every run that succeeds passes it" }
      : { value: 0, reason: "a condition decides whether it runs" };
  return { low, high: { value: calls, reason } };
}

const ONE: Range = {
  low: { value: 1, reason: "it runs its graph once" },
  high: { value: 1, reason: "it runs its graph once" },
};
const ITEMS: Range = {
  low: { value: 0, reason: "there may be no items" },
  high: { value: null, reason: "how many items there are is known when it runs" },
};
const TOO_MANY: Range = {
  low: { value: 0, reason: "there are too many graphs within each other to count" },
  high: { value: null, reason: "there are too many graphs within each other to count" },
};

/**
 * A composite computes nothing itself: what the nodes of its graph take, as often as it runs it, stands with them. How long
 * it takes is how long its graphs take, unless that is recorded.
 */
function compositeEstimate(
  node: PlanNode,
  inside: Plan,
  calls: Range,
  setting: Setting,
  inner: NodeEstimate[],
): NodeEstimate {
  const name = setting.prefix + node.id;
  const use = setting.uses.get(name);
  // a saga runs its graph once; what it undoes runs in frames of its own
  const items = node.many === true && node.holds !== true ? (use?.frames ?? ITEMS) : ONE;
  setting.left.nodes -= inside.nodes.length;
  if (setting.left.nodes < 0) {
    return { node: name, calls, inputTokens: TOO_MANY, outputTokens: TOO_MANY, costUsd: TOO_MANY, callMs: TOO_MANY };
  }
  const graph = estimateGraph(inside, { ...setting, prefix: `${name}/` });
  const frames = multiply(calls, items);
  for (const each of graph.nodes) {
    inner.push({
      ...each,
      calls: multiply(frames, each.calls),
      inputTokens: multiply(frames, each.inputTokens),
      outputTokens: multiply(frames, each.outputTokens),
      costUsd: multiply(frames, each.costUsd),
    });
  }
  const callMs = use?.ms ?? multiply(items, graph.durationMs);
  return { node: name, calls, inputTokens: NOTHING, outputTokens: NOTHING, costUsd: NOTHING, callMs };
}

const NOTHING: Range = {
  low: { value: 0, reason: "its kind only computes" },
  high: { value: 0, reason: "its kind only computes" },
};

function nodeEstimate(plan: Plan, node: PlanNode, calls: Range, use: Use | undefined, pure: boolean): NodeEstimate {
  const { id } = node;
  const attempts = node.retry.attempts;
  const answer = answerLimit(plan, id);
  const unknown = { value: null, reason: "nothing is recorded of it" };
  const unused: Use = {
    inputTokens: { low: NOT_SEEN, high: unknown },
    outputTokens: {
      low: NOT_SEEN,
      high:
        answer === undefined
          ? { value: null, reason: "it has no max_tokens, and nothing is recorded of it" }
          : { value: answer * attempts, reason: `max_tokens is ${answer}, in ${times(attempts, "attempt")}` },
    },
    costUsd: { low: NOT_SEEN, high: unknown },
    ms: { low: NOT_SEEN, high: { value: longestMs(node), reason: `${times(attempts, "attempt")} until the timeout` } },
  };
  const idle: Use = { inputTokens: NOTHING, outputTokens: NOTHING, costUsd: NOTHING, ms: NOTHING };
  const each = use ?? (pure ? idle : unused);
  return {
    node: id,
    calls,
    inputTokens: multiply(calls, each.inputTokens),
    outputTokens: multiply(calls, each.outputTokens),
    costUsd: multiply(calls, each.costUsd),
    callMs: each.ms,
  };
}

const NOT_SEEN: Bound = { value: 0, reason: "nothing is recorded of it" };

/** `max_tokens` is the one field of a configuration that bounds what a call may use. */
function answerLimit(plan: Plan, id: string): number | undefined {
  const nodes = plan.document["nodes"];
  const node = isJsonObject(nodes) ? nodes[id] : undefined;
  const limit = isJsonObject(node) ? node["max_tokens"] : undefined;
  return typeof limit === "number" ? limit : undefined;
}

/** All attempts until their timeout, and the delays between them. */
function longestMs({ retry, timeoutMs }: PlanNode): number {
  let delays = 0;
  for (let attempt = 1; attempt < retry.attempts; attempt += 1) {
    delays += Math.min(retry.maxDelayMs, retry.delayMs * 2 ** (attempt - 1));
  }
  return retry.attempts * timeoutMs + delays;
}

function multiply(calls: Range, each: Range): Range {
  return { low: product(calls.low, each.low), high: product(calls.high, each.high) };
}

function product(calls: Bound, each: Bound): Bound {
  if (calls.value === 0) return { value: 0, reason: calls.reason };
  if (each.value === 0) return each;
  if (calls.value === null) return calls;
  if (each.value === null) return each;
  const reason =
    calls.value === 1 ? each.reason : `${times(calls.value, "call")} (${calls.reason}), each: ${each.reason}`;
  return { value: rounded(calls.value * each.value), reason };
}

/** Nodes named in a reason. */
const MOST_NAMED = 3;

function sumOf(nodes: readonly NodeEstimate[], pick: (node: NodeEstimate) => Bound): Bound {
  const open = nodes.filter((node) => pick(node).value === null);
  const [first] = open;
  if (first !== undefined) {
    const names = open.slice(0, MOST_NAMED).map(({ node }) => `"${node}"`);
    const more = open.length > MOST_NAMED ? ` and ${open.length - MOST_NAMED} more` : "";
    return { value: null, reason: `unknown for ${names.join(", ")}${more}: ${pick(first).reason}` };
  }
  const value = nodes.reduce((sum, node) => sum + (pick(node).value ?? 0), 0);
  const counting = nodes.filter((node) => pick(node).value !== 0);
  const [largest] = counting.toSorted((one, other) => (pick(other).value ?? 0) - (pick(one).value ?? 0));
  if (largest === undefined) {
    const [spending = nodes[0]] = nodes.filter((node) => pick(node).reason !== NOTHING.low.reason);
    return spending === undefined
      ? { value: 0, reason: "there are no nodes" }
      : { value: 0, reason: `"${spending.node}": ${pick(spending).reason}` };
  }
  const more = counting.length === 1 ? "" : `, the largest part of ${counting.length}`;
  return { value: rounded(value), reason: `"${largest.node}"${more}: ${pick(largest).reason}` };
}

function times(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Sums of prices stay readable; nine places are below any price. */
function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}
