import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { compileGraph } from "./compile.ts";
import type { CompileResult } from "./compile.ts";
import type { Plan } from "./plan.ts";
import { testKinds } from "./testing/kinds.ts";
import type { FramesCompiled } from "./testing/kinds.ts";

const INNER: JsonObject = {
  channels: { y: { default: 1 }, total: { reducer: "sum", default: 0 } },
  nodes: { twice: { kind: "transform", set: { y: "state.y * 2", total: "1" } } },
  edges: [{ from: "start", to: "twice" }],
};

function compile(nodes: JsonObject, more: JsonObject = {}): CompileResult {
  const ids = Object.keys(nodes);
  const document = {
    edgewise: 1,
    id: "outer",
    channels: { x: null, total: { reducer: "sum", default: 0 } },
    nodes,
    edges: ids.map((id, index): JsonObject => ({ from: ids[index - 1] ?? "start", to: id })),
    ...more,
  };
  return compileGraph({ document }, testKinds);
}

function planOf(nodes: JsonObject, more?: JsonObject): Plan {
  const result = compile(nodes, more);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

function problemsOf(nodes: JsonObject, more?: JsonObject) {
  const result = compile(nodes, more);
  return result.ok ? [] : result.problems.map(({ code, path, hint }) => ({ code, path, hint }));
}

function frames(graph: Json, more: JsonObject = {}): JsonObject {
  return { kind: "frames", graph, ...more };
}

describe("a graph in place", () => {
  it("has a plan of its own, and is seen by its node", () => {
    const node = planOf({ n: frames(INNER, { share: ["total"], output: { x: "state.y + 1" } }) }).nodes[0];
    expect(node?.inside?.nodes.map(({ id }) => id)).toEqual(["twice"]);
    expect(node?.inside).toMatchObject({ id: "n", limits: { steps: 100, concurrency: 6 } });
    expect(node?.inside?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect([node?.reads, node?.writes]).toEqual([["total"], ["total", "x"]]);
    const compiled = node?.compiled as FramesCompiled | undefined;
    expect(compiled?.output[0]?.evaluate({ read: () => 4 })).toBe(5);
  });

  it("sees the variables and parameters around it, and the graphs", () => {
    const inner = { ...INNER, nodes: { twice: { kind: "transform", set: { y: "vars.a + params.b" } } } };
    const around = { variables: { a: 1 }, parameters: { b: { default: 2 } }, graphs: { other: INNER } };
    const plan = planOf({ n: frames(inner), m: frames({ ...INNER, nodes: { twice: frames("other") } }) }, around);
    expect(plan.nodes[0]?.inside?.variables).toEqual({ a: 1 });
    expect(plan.nodes[1]?.inside?.nodes[0]?.inside?.id).toBe("other");
  });

  it("knows item and index only where it is run for each of something", () => {
    const inner = { ...INNER, nodes: { twice: { kind: "transform", set: { y: "item.n + index" } } } };
    expect(problemsOf({ n: frames(inner, { over: "[{'n': 1}]" }) })).toEqual([]);
    expect(problemsOf({ n: frames(inner) }).map(({ code }) => code)).toContain("unknown_variable");
  });

  it.each<[JsonObject, string, string]>([
    [{ variables: { a: 1 } }, "unknown_key", "/nodes/n/graph/variables"],
    [{ edges: [] }, "no_start", "/nodes/n/graph/edges"],
    [{ edges: [{ from: "start", to: "twic" }] }, "dangling_edge", "/nodes/n/graph/edges/0/to"],
    [{ channels: { "1": null } }, "invalid_id", "/nodes/n/graph/channels/1"],
    [{ input: ["z"] }, "unknown_channel", "/nodes/n/graph/input/0"],
    [{ limits: { steps: 0 } }, "invalid_value", "/nodes/n/graph/limits/steps"],
    [
      { nodes: { twice: { kind: "transform", set: { y: "stat" } } } },
      "unknown_variable",
      "/nodes/n/graph/nodes/twice/set/y",
    ],
  ])("%j: %s at %s", (change, code, path) => {
    expect(problemsOf({ n: frames({ ...INNER, ...change }) })).toContainEqual(expect.objectContaining({ code, path }));
  });

  it("is pointed into where the node speaks of it", () => {
    expect(problemsOf({ n: frames(INNER, { output: { x: "state.x" } }) })).toMatchObject([
      { code: "unknown_channel", path: "/nodes/n/output/x" },
    ]);
  });

  it("has problems with line and column", () => {
    const text = [
      "edgewise: 1",
      "id: outer",
      "nodes:",
      "  n:",
      "    kind: frames",
      "    graph:",
      "      nodes: { a: { kind: transfrm } }",
      "      edges: [{ from: start, to: a }]",
      "edges: [{ from: start, to: n }]",
    ].join("\n");
    const result = compileGraph({ text, type: "yaml" }, testKinds);
    expect(result.ok ? [] : result.problems).toMatchObject([{ code: "unknown_kind", line: 7, column: 27 }]);
  });
});

describe("a graph by its name", () => {
  it("is compiled once for all who run it, with variables and parameters of its own", () => {
    const inner = { ...INNER, variables: { own: 1 }, name: "Inner" };
    const plan = planOf({ a: frames("g"), b: frames("g") }, { graphs: { g: inner }, variables: { outer: 2 } });
    const [a, b] = plan.nodes;
    expect(a?.inside).toBe(b?.inside);
    expect(a?.inside).toMatchObject({ id: "g", name: "Inner", variables: { own: 1 } });
  });

  it("may have a version, and a document's own format and id", () => {
    const plan = planOf({ a: frames("brief@3") }, { graphs: { "brief@3": { edgewise: 1, id: "brief", ...INNER } } });
    expect(plan.nodes[0]?.inside?.id).toBe("brief");
  });

  it("may have graphs of its own, which go before those around it", () => {
    const own = { ...INNER, name: "own" };
    const g = { ...INNER, graphs: { h: own }, nodes: { twice: frames("h") } };
    const plan = planOf({ a: frames("g"), b: frames("h") }, { graphs: { g, h: { ...INNER, name: "outer" } } });
    expect(plan.nodes[0]?.inside?.nodes[0]?.inside?.name).toBe("own");
    expect(plan.nodes[1]?.inside?.name).toBe("outer");
  });

  it("does not see the variables around it", () => {
    const g = { ...INNER, nodes: { twice: { kind: "transform", set: { y: "vars.a" } } } };
    expect(problemsOf({ n: frames("g") }, { variables: { a: 1 }, graphs: { g } })).toMatchObject([
      { code: "unknown_field", path: "/graphs/g/nodes/twice/set/y" },
    ]);
  });

  it("is wrong once, whoever runs it and how", () => {
    const g = { ...INNER, nodes: { twice: { kind: "transform", set: { y: "state.z" } } } };
    const nodes = { a: frames("g"), b: frames("g"), c: frames("g", { over: "[]" }) };
    expect(problemsOf(nodes, { graphs: { g } })).toMatchObject([{ path: "/graphs/g/nodes/twice/set/y" }]);
  });

  it.each<[string, JsonObject, string, string, string | undefined]>([
    ["a name nobody has", { graphs: { brief: INNER } }, "unknown_graph", "/nodes/n/graph", 'Did you mean "brief"?'],
    ["no graphs", {}, "unknown_graph", "/nodes/n/graph", "Put it under graphs, or write the graph here."],
    ["a name that is none", { graphs: { "a b": INNER } }, "invalid_id", "/graphs/a b", undefined],
    ["a graph that is none", { graphs: { brie: 5 } }, "invalid_type", "/graphs/brie", undefined],
  ])("%s", (_, more, code, path, hint) => {
    const found = problemsOf({ n: frames("brie") }, more);
    expect(found).toContainEqual(expect.objectContaining({ code, path, ...(hint === undefined ? {} : { hint }) }));
  });

  it("is checked though nobody runs it", () => {
    const g = { ...INNER, nodes: { twice: { kind: "transform", set: { y: "item.n + state.z" } } } };
    expect(problemsOf({ n: { kind: "hop" } }, { graphs: { g } })).toMatchObject([
      { code: "unknown_channel", path: "/graphs/g/nodes/twice/set/y" },
    ]);
  });
});

describe("nesting ends", () => {
  const running = (name: string): JsonObject => ({ ...INNER, nodes: { twice: frames(name) } });

  it.each<[string, JsonObject]>([
    ["itself", { a: running("a") }],
    ["itself by another", { a: running("b"), b: running("a") }],
    ["itself from a graph in place", { a: { ...INNER, nodes: { twice: frames(running("a")) } } }],
  ])("a graph cannot run %s", (_, graphs) => {
    expect(problemsOf({ n: frames("a") }, { graphs }).map(({ code }) => code)).toEqual(["endless_nesting"]);
  });

  it("at eight graphs within each other, by name", () => {
    const chain = (length: number): JsonObject =>
      Object.fromEntries(
        Array.from({ length }, (_, at): [string, JsonObject] => [
          `g${at}`,
          at + 1 < length ? running(`g${at + 1}`) : INNER,
        ]),
      );
    expect(problemsOf({ n: frames("g0") }, { graphs: chain(8) })).toEqual([]);
    expect(problemsOf({ n: frames("g0") }, { graphs: chain(9) })).toMatchObject([{ code: "too_deep" }]);
    // found from what has been compiled before at a lesser depth, too
    const nodes = { m: frames("g1"), n: frames("g0") };
    expect(problemsOf(nodes, { graphs: chain(9) })).toMatchObject([
      { code: "too_deep", path: "/graphs/g0/nodes/twice/graph" },
    ]);
  });

  it("at eight graphs within each other, in place", () => {
    const nested = (depth: number): JsonObject =>
      depth === 1 ? INNER : { ...INNER, nodes: { twice: frames(nested(depth - 1)) } };
    expect(problemsOf({ n: frames(nested(8)) })).toEqual([]);
    expect(problemsOf({ n: frames(nested(9)) })).toMatchObject([{ code: "too_deep" }]);
  });

  it("at as many nodes as one graph may have", () => {
    const many = Object.fromEntries(Array.from({ length: 4999 }, (_, at) => [`n${at}`, { kind: "transform" }]));
    const graph = { nodes: many, edges: [{ from: "start", to: "n0" }] };
    expect(problemsOf({ n: frames(graph) })).toEqual([]);
    expect(problemsOf({ n: frames(graph), m: { kind: "hop" } })).toMatchObject([{ code: "too_large" }]);
  });

  it("whoever calls whom: a thousand graphs that all run each other cost little", () => {
    const names = Array.from({ length: 60 }, (_, at) => `g${at}`);
    const graphs = Object.fromEntries(
      names.map((name): [string, JsonObject] => [
        name,
        {
          nodes: Object.fromEntries(names.map((other) => [other, frames(other)])),
          edges: [{ from: "start", to: "g0" }],
        },
      ]),
    );
    expect(problemsOf({ n: frames("g0") }, { graphs }).map(({ code }) => code)).toContain("endless_nesting");
  });
});

describe("identity", () => {
  const doc = (graph: JsonObject) => planOf({ n: frames(graph) }).hash;
  const reordered = { ...INNER, channels: { total: { reducer: "sum", default: 0 }, y: { default: 1 } } };

  it("counts the order of channels inside, which decides how writes fold", () => {
    expect(doc(reordered)).not.toBe(doc(INNER));
    expect(doc({ edges: INNER["edges"] ?? [], ...INNER })).toBe(doc(INNER));
  });
});
