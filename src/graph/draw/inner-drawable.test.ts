import { expect, it } from "vitest";
import type { Json, JsonObject } from "../../base/json.ts";
import { compileGraph } from "../compile.ts";
import { testKinds } from "../testing/kinds.ts";
import { toDrawable } from "./drawable.ts";
import { toOpenDrawable } from "./inner-drawable.ts";

const start = (to: string): JsonObject => ({ from: "start", to });
const hop: JsonObject = { kind: "hop" };
const composite = (graph: JsonObject): JsonObject => ({ kind: "frames", graph });
const TWO: JsonObject = { nodes: { a: hop, b: hop }, edges: [start("a"), { from: "a", to: "b" }] };

function planWith(graph: JsonObject) {
  const document: Record<string, Json> = {
    edgewise: 1,
    id: "g",
    nodes: { before: hop, inner: composite(graph), after: hop },
    edges: [start("before"), { from: "before", to: "inner" }, { from: "inner", to: "after" }],
  };
  const result = compileGraph({ document }, testKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

function drawn(graph: JsonObject, depth: number) {
  const { nodes, edges } = toOpenDrawable(planWith(graph), depth);
  return { nodes: nodes.map(({ id }) => id), edges: edges.map(({ source, target }) => `${source} ${target}`) };
}

it("a composite gives way to its graph's nodes, and edges lead to its first and come from its last", () => {
  expect(drawn(TWO, 1)).toEqual({
    nodes: ["__start__", "before", "inner:a", "inner:b", "after", "__end__"],
    edges: ["inner:a inner:b", "__start__ before", "before inner:a", "inner:b after", "after __end__"],
  });
});

it("keeps an inner end where several nodes begin or end the graph", () => {
  const { nodes, edges } = drawn({ nodes: { a: hop, b: hop }, edges: [start("a"), start("b")] }, 1);
  expect(nodes.filter((id) => id.startsWith("inner:"))).toEqual([
    "inner:__start__",
    "inner:a",
    "inner:b",
    "inner:__end__",
  ]);
  expect(edges).toContain("before inner:__start__");
  expect(edges).toContain("inner:__end__ after");
});

it("leaves a graph of one node closed, and one below the depth asked for", () => {
  const closed = ["__start__", "before", "inner", "after", "__end__"];
  expect(drawn({ nodes: { a: hop }, edges: [start("a")] }, 9).nodes).toEqual(closed);
  expect(drawn(TWO, 0)).toEqual(drawn({ nodes: { a: hop }, edges: [start("a")] }, 0));
  expect(toOpenDrawable(planWith(TWO), 0)).toEqual(toDrawable(planWith(TWO)));
});

it("goes as deep as it is told", () => {
  const nested = { nodes: { a: hop, deep: composite(TWO) }, edges: [start("a"), { from: "a", to: "deep" }] };
  const inner = (depth: number) => drawn(nested, depth).nodes.filter((id) => id.startsWith("inner:"));
  expect(inner(1)).toEqual(["inner:a", "inner:deep"]);
  expect(inner(2)).toEqual(["inner:a", "inner:deep:a", "inner:deep:b"]);
});
