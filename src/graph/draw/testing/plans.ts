import { randomScenario } from "../../../engine/testing/graphs.ts";
import type { Json, JsonObject } from "../../../base/json.ts";
import { nodeKinds } from "../../../nodes/registry.ts";
import { compileGraph } from "../../compile.ts";
import type { Plan } from "../../plan.ts";

const CHANNELS = { text: { schema: { type: "string" } }, rounds: { reducer: "sum", default: 0 } };

export function planOf(document: JsonObject): Plan {
  const result = compileGraph({ document: { edgewise: 1, id: "graph", channels: CHANNELS, ...document } }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems.slice(0, 3)));
  return result.plan;
}

/** `a>b` always, `a>b?` under a condition, `a>b!` otherwise, with `*` for each of a list; the nodes in order of appearance. */
export function drawn(text: string, more: JsonObject = {}): Plan {
  const edges = text.split(" ").map((edge): JsonObject => {
    const [from = "", rest = ""] = edge.split(">");
    const to = rest.replace(MARKS, "");
    const condition = rest.includes("?") ? { when: "state.rounds < 3" } : rest.includes("!") ? { else: true } : {};
    return { from, to, ...condition, ...(rest.endsWith("*") ? { send: "[state.rounds]" } : {}) } as JsonObject;
  });
  const ids = new Set(text.split(/[ >]/).map((id) => id.replace(MARKS, "")));
  const nodes = [...ids]
    .filter((id) => id !== "start" && id !== "end")
    .map((id): [string, Json] => [id, { kind: "transform" }]);
  return planOf({ nodes: Object.fromEntries(nodes), edges, ...more });
}

const MARKS = /[?!]?\*?$/;

/** Loops within loops, loops with many heads, nodes that nothing leads to: the shapes the engine is tested with. */
export function randomPlan(seed: number): Plan {
  const { structure, steps } = randomScenario(seed);
  const ids = Array.from({ length: structure.nodes }, (_, node) => `n${node}`);
  const edges = structure.edges.flatMap((targets, from) =>
    targets.map((to, index): JsonObject => {
      const condition = [{}, { when: `state.rounds > ${index}` }, {}][(seed + from + index) % 3] ?? {};
      const send = seed % 2 === 1 && (from + index) % 4 === 0 ? { send: "[state.rounds]" } : {};
      return { from: ids[from] ?? "", to: ids[to] ?? "", ...condition, ...send };
    }),
  );
  const starts = structure.starts.map((to): JsonObject => ({ from: "start", to: ids[to] ?? "" }));
  const nodes = ids.map((id, node): [string, Json] => [
    id,
    { kind: "transform", set: { rounds: "1" }, ...(structure.each.has(node) ? { join: "each" } : {}) },
  ]);
  return planOf({ nodes: Object.fromEntries(nodes), edges: [...starts, ...edges], limits: { steps } });
}

/** A chain with a jump every few nodes. */
export function longPlan(size: number): Plan {
  const id = (index: number): string => `n${index}`;
  const edges: JsonObject[] = [{ from: "start", to: id(0) }];
  for (let index = 0; index + 1 < size; index += 1) {
    edges.push({ from: id(index), to: id(index + 1) });
    if (index % 5 === 0 && index + 9 < size) edges.push({ from: id(index), to: id(index + 9) });
  }
  const nodes = Array.from({ length: size }, (_, index): [string, Json] => [id(index), { kind: "transform" }]);
  return planOf({ nodes: Object.fromEntries(nodes), edges, limits: { steps: size } });
}

/** The same plan with texts that its author may have chosen in bad faith. */
export function withTexts(plan: Plan, text: string): Plan {
  const nodes = plan.nodes.map((node) => {
    const edges = node.edges.map((edge) => {
      const expression = { source: text, evaluate: () => true };
      return { ...edge, condition: { kind: "when", expression, reads: [] } as const };
    });
    return { ...node, kind: text, edges };
  });
  return { ...plan, name: text, nodes, document: { ...plan.document, description: text } };
}
