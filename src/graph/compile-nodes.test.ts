import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { compileGraph } from "./compile.ts";
import type { Plan, PlanNode } from "./plan.ts";
import { route } from "./route.ts";
import { testKinds } from "./testing/kinds.ts";

function compile(nodes: JsonObject, edges: readonly JsonObject[] = [{ from: "start", to: "a" }]) {
  const document = { edgewise: 1, id: "g", channels: { x: null, y: null }, nodes, edges };
  return compileGraph({ document }, testKinds);
}

function planOf(nodes: JsonObject, edges?: readonly JsonObject[]): Plan {
  const result = compile(nodes, edges);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

function problemsOf(node: JsonObject) {
  const result = compile({ a: node, beta: { kind: "transform" } });
  return result.ok ? [] : result.problems;
}

function nodeOf(node: JsonObject): PlanNode | undefined {
  return planOf({ a: node }).nodes[0];
}

describe("effects", () => {
  it.each<[JsonObject, string]>([
    [{ kind: "transform" }, "pure"],
    [{ kind: "hop" }, "unsafe"],
    [{ kind: "hop", safe: true }, "idempotent"],
    [{ kind: "hop", safe: true, effect: "pure" }, "pure"],
  ])("%j is %s: the document's word, or the node's, or the kind's", (node, effect) => {
    expect(nodeOf(node)?.effect).toBe(effect);
  });
});

describe("caches", () => {
  it("have a time to live, and maybe a key, which is read", () => {
    const node = nodeOf({ kind: "transform", set: { x: "1" }, cache: { ttl: "2m", key: "state.y" } });
    expect(node).toMatchObject({ cache: { ttlMs: 120_000, key: { source: "state.y" } }, reads: ["y"], writes: ["x"] });
  });

  it("are refused where an effect may be harm", () => {
    expect(problemsOf({ kind: "hop", cache: { ttl: "1s" } })).toMatchObject([
      { code: "cached_effect", path: "/nodes/a/cache" },
    ]);
    expect(problemsOf({ kind: "hop", safe: true, cache: { ttl: "1s" } })).toEqual([]);
  });

  it("are refused around a graph in which one may be harm", () => {
    const inner = (node: JsonObject) => ({ nodes: { in: node }, edges: [{ from: "start", to: "in" }] });
    const cached = (graph: JsonObject): JsonObject => ({ kind: "frames", graph, cache: { ttl: "1s" } });
    const harm = { kind: "frames", graph: inner({ kind: "hop" }) };
    expect(problemsOf(cached(inner(harm)))).toMatchObject([
      { code: "cached_effect", path: "/nodes/a/cache", message: expect.stringContaining('"in/in" inside') as string },
    ]);
    expect(problemsOf(cached(inner({ kind: "transform" })))).toEqual([]);
  });

  it("point into a key that is wrong", () => {
    expect(problemsOf({ kind: "transform", cache: { ttl: "1s", key: "state.z" } })).toMatchObject([
      { code: "unknown_channel", path: "/nodes/a/cache/key" },
    ]);
  });
});

describe("targets", () => {
  const nodes = { a: { kind: "hop", to: ["b", "end"] }, b: { kind: "transform" }, c: { kind: "transform" } };
  const plan = planOf(nodes, [
    { from: "start", to: "a" },
    { from: "a", to: "c" },
  ]);
  const scope = { read: () => undefined };

  it("are edges that the engine knows", () => {
    expect(plan.nodes[0]?.edges).toMatchObject([
      { to: 2, condition: { kind: "always" } },
      { to: 1, condition: { kind: "goto" } },
      { to: "end", condition: { kind: "goto" } },
    ]);
    expect(plan.structure.edges[0]).toEqual([2, 1]);
    expect(plan.topology.reaches(0, 1)).toBe(true);
  });

  it.each<[readonly string[] | undefined, readonly number[]]>([
    [undefined, [2]],
    [[], [2]],
    [["b"], [2, 1]],
    [
      ["b", "b", "end"],
      [2, 1],
    ],
  ])("named %j take %j", (goto, takes) => {
    expect(route(plan, 0, scope, goto === undefined ? {} : { goto })).toEqual({ takes, sends: [] });
  });

  it("fail the node where its result names another", () => {
    for (const name of ["c", "a", "nobody", "start", "__proto__"]) {
      expect(() => route(plan, 0, scope, { goto: [name] })).toThrow(
        `"a" cannot go to "${name}": its targets are b, end.`,
      );
    }
    expect(() => route(plan, 1, scope, { goto: ["end"] })).toThrow("its targets are none");
  });

  it("may be sent to by a kind that says it sends, and by no other; never end [R1]", () => {
    const sending = planOf({ ...nodes, a: { kind: "spread", to: ["b", "end"] } }, [{ from: "start", to: "a" }]);
    const sends = [
      { to: "b", payload: 1 },
      { to: "b", payload: [null] },
    ];
    expect(route(sending, 0, scope, { sends, goto: ["b"] })).toEqual({
      takes: [1],
      sends: sends.map(({ payload }) => ({ to: 1, payload })),
    });
    for (const to of ["c", "end", "nobody", "__proto__"]) {
      const message = `"a" cannot send to "${to}": its targets are b.`;
      expect(() => route(sending, 0, scope, { sends: [{ to, payload: 1 }] })).toThrow(message);
    }
    expect(() => route(plan, 0, scope, { sends })).toThrow('"a" cannot send to "b": its targets are none.');
    const unfit = { to: "b", payload: new Map() as unknown as Json };
    expect(() => route(sending, 0, scope, { sends: [unfit] })).toThrow("a payload that is not JSON");
  });

  it("take a node once though an edge leads there too", () => {
    const both = planOf({ a: { kind: "hop", to: ["b"] }, b: { kind: "transform" } }, [
      { from: "start", to: "a" },
      { from: "a", to: "b" },
    ]);
    expect(route(both, 0, scope, { goto: ["b"] })).toEqual({ takes: [1], sends: [] });
  });

  it.each([
    ["bet", 'Did you mean "beta"?'],
    ["start", undefined],
    ["nothing-like-it", undefined],
  ])("that are no node are problems: %s", (to, hint) => {
    expect(problemsOf({ kind: "hop", to: ["end", to] })).toMatchObject([
      { code: "dangling_edge", path: "/nodes/a/to/1", ...(hint === undefined ? {} : { hint }) },
    ]);
  });
});

describe("what a node touches", () => {
  it("is its own, and not its edges' conditions", () => {
    const plan = planOf(
      { a: { kind: "transform", set: { x: "state.y" } }, b: { kind: "hop", fill: ["{{ state.x }}"] } },
      [
        { from: "start", to: "a" },
        { from: "a", to: "b", when: "state.x == 1" },
      ],
    );
    expect(plan.nodes.map(({ reads, writes }) => [reads, writes])).toEqual([
      [["y"], ["x"]],
      [["x"], []],
    ]);
    expect(plan.nodes[0]?.edges[0]?.condition).toMatchObject({ kind: "when", reads: ["x"] });
  });
});
