import type { Json, JsonObject } from "../../base/json.ts";
import { compileGraph } from "../../graph/compile.ts";
import type { Problem } from "../../graph/compile.ts";
import type { Plan, PlanNode } from "../../graph/plan.ts";
import type { NodeContext, NodeResult, NodeWait } from "../contract.ts";
import { nodeKinds, runNode } from "../registry.ts";
import { contextOf } from "./context.ts";

/** A graph around one node, `n`, with two others, `a` and `b`, that it may lead to; `more` are others that it names. */
export function documentAround(node: JsonObject, channels: JsonObject, more: JsonObject = {}): JsonObject {
  const nothing = { kind: "transform" };
  return {
    edgewise: 1,
    id: "one",
    channels,
    nodes: { n: node, a: nothing, b: nothing, ...more },
    edges: [
      { from: "start", to: "n" },
      { from: "start", to: "a" },
      { from: "start", to: "b" },
      ...Object.keys(more).map((to): JsonObject => ({ from: "n", to })),
    ],
  };
}

/** Code and path of each problem of a document around this node. */
export function problemsOf(node: JsonObject, channels: JsonObject = { out: {} }): [code: string, path: string][] {
  const result = compileGraph({ document: documentAround(node, channels) }, nodeKinds);
  const problems: readonly Problem[] = result.ok ? [] : result.problems;
  return problems.map(({ code, path }) => [code, path]);
}

/** Runs the node on a state: its texts name the channels there are, besides `out`. */
export async function runOne(
  node: JsonObject,
  state: JsonObject = {},
  given: Partial<NodeContext> = {},
): Promise<NodeResult | NodeWait> {
  const channels = Object.fromEntries(["out", ...Object.keys(state)].map((name): [string, Json] => [name, {}]));
  const result = compileGraph({ document: documentAround(node, channels) }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return runNode(nodeCalled(result.plan, "n"), contextOf(state, given));
}

export function nodeCalled(plan: Plan, id: string): PlanNode {
  const found = plan.nodes.find((node) => node.id === id);
  if (found === undefined) throw new Error(`The plan has no node "${id}".`);
  return found;
}

/** What the node wrote to `out`. */
export function outOf(result: NodeResult | NodeWait): Json | undefined {
  if ("waitUntil" in result) throw new Error("it waits");
  return result.writes.find(({ channel }) => channel === "out")?.value;
}
