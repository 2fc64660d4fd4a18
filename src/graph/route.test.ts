import { describe, expect, it } from "vitest";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import type { Plan, Scope } from "./plan.ts";
import { LONGEST_SENDS, MOST_SENDS, route } from "./route.ts";

function planOf(edges: readonly Json[]): Plan {
  const node = { kind: "transform" };
  const document: Json = {
    edgewise: 1,
    id: "routes",
    channels: { n: {}, other: {} },
    nodes: { a: node, b: node, c: node },
    edges: [...edges],
  };
  const result = compileGraph({ document }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

const at = (n: Json): Scope => ({ read: (channel) => (channel === "n" ? n : undefined) });
const START = { from: "start", to: "a" };

describe("edges that are taken", () => {
  const chosen = planOf([
    START,
    { from: "a", to: "c", when: "state.n > 1" },
    { from: "a", to: "b", when: "state.n > 2" },
    { from: "a", to: "end", else: true },
    { from: "b", to: "c" },
    { from: "b", to: "a", when: "state.n == 0" },
    { from: "start", to: "b", when: "state.n == 9" },
  ]);

  it.each<[node: number | "start", n: number, takes: readonly number[]]>([
    [0, 3, [2, 1]],
    [0, 2, [2]],
    [0, 0, []],
    [1, 0, [2, 0]],
    [1, 5, [2]],
    [2, 5, []],
    ["start", 9, [0, 1]],
    ["start", 1, [0]],
  ])("from %s with n = %s: %j", (node, n, takes) => {
    expect(route(chosen, node, at(n))).toEqual({ takes, sends: [] });
  });

  it("else is taken when no when is", () => {
    const plan = planOf([START, { from: "a", to: "b", when: "state.n" }, { from: "a", to: "c", else: true }]);
    expect([route(plan, 0, at(true)), route(plan, 0, at(false))]).toEqual([
      { takes: [1], sends: [] },
      { takes: [2], sends: [] },
    ]);
  });

  it.each<[string, Json, string]>([
    ["state.n > 1", "text", "have no order"],
    ["state.other > 1", 1, "state.other is absent"],
    ["state.n", 1, "must be true or false, not 1"],
  ])("a condition %s of %j fails naming edge, expression and cause", (when, n, cause) => {
    const plan = planOf([START, { from: "a", to: "b", when }]);
    expect(() => route(plan, 0, at(n))).toThrow(
      expect.objectContaining({
        record: expect.objectContaining({
          code: "condition_failed",
          retryable: false,
          node: "a",
          cause: expect.stringContaining(cause),
        }),
        message: expect.stringContaining(`"${when}" of the edge a → b`),
      }),
    );
  });

  it("a conflict keeps its own name", () => {
    const scope: Scope = {
      read: () => {
        throw failure("conflicting_write", "two wrote n");
      },
    };
    expect(() => route(chosen, 0, scope)).toThrow("two wrote n");
  });
});

describe("edges that send [R1]", () => {
  const plan = planOf([
    START,
    { from: "start", to: "b", send: "state.n" },
    { from: "a", to: "b", send: "state.n.map(each, each * 10)" },
    { from: "a", to: "c", when: "size(state.n) > 2", send: "state.n" },
    { from: "a", to: "a", else: true },
  ]);
  const none: Json = [];

  it("activate their target once for each item, with it, in the order of edges and items", () => {
    const sends = [10, 20, 30].map((payload) => ({ to: 1, payload }));
    const more = [1, 2, 3].map((payload) => ({ to: 2, payload }));
    expect(route(plan, 0, at([1, 2, 3]))).toEqual({ takes: [], sends: [...sends, ...more] });
    expect(route(plan, "start", at(["x", null]))).toEqual({
      takes: [0],
      sends: [
        { to: 1, payload: "x" },
        { to: 1, payload: null },
      ],
    });
  });

  it("take nothing for an empty list, and only where their condition holds; else asks for conditions, not for items", () => {
    expect(route(plan, 0, at(none))).toEqual({ takes: [0], sends: [] });
    const empty = planOf([START, { from: "a", to: "b", when: "true", send: "[]" }, { from: "a", to: "c", else: true }]);
    expect(route(empty, 0, at(1))).toEqual({ takes: [], sends: [] });
  });

  it("know the payload that their own task was sent", () => {
    const again = planOf([START, { from: "a", to: "b", send: "payload" }]);
    expect(route(again, 0, { ...at(1), payload: [7] })).toEqual({ takes: [], sends: [{ to: 1, payload: 7 }] });
  });

  it.each<[Json, string]>([
    ["text", "must be a list, not"],
    [{ 0: 1 }, "must be a list, not"],
  ])("fail on %j, naming edge, expression and cause", (n, cause) => {
    expect(() => route(plan, "start", at(n))).toThrow(
      expect.objectContaining({
        record: expect.objectContaining({ code: "expression_failed", retryable: false }),
        message: expect.stringMatching(new RegExp(`"state.n" that the edge start → b sends failed: .*${cause}`)),
      }),
    );
  });

  it("are bounded in number and size", () => {
    const many = Array.from({ length: 50_001 }, (_, index) => index);
    const twice = planOf([START, { from: "a", to: "b", send: "state.n" }, { from: "a", to: "c", send: "state.n" }]);
    expect(() => route(twice, 0, at(many))).toThrow(expect.objectContaining({ code: "value_too_large" }));
    expect(route(twice, 0, at(many.slice(1))).sends).toHaveLength(MOST_SENDS);
    const half = "x".repeat(LONGEST_SENDS / 2);
    expect(route(twice, 0, at([half])).sends).toHaveLength(2);
    expect(() => route(twice, 0, at([`${half}x`]))).toThrow(/more than 16777216 characters/);
  });

  it.each<[Json, string, string]>([
    [{ from: "a", to: "end", send: "[1]" }, "send_to_end", "/edges/1/send"],
    [{ from: "a", to: "b", send: "1 + 1" }, "type_mismatch", "/edges/1/send"],
    [{ from: "a", to: "b", send: "state.m" }, "unknown_channel", "/edges/1/send"],
    [{ from: "a", to: "b", send: 1 }, "invalid_type", "/edges/1/send"],
  ])("%j is %s", (edge, code, path) => {
    const node = { kind: "transform" };
    const document: Json = {
      edgewise: 1,
      id: "s",
      channels: { n: {} },
      nodes: { a: node, b: node },
      edges: [START, edge],
    };
    const result = compileGraph({ document }, nodeKinds);
    expect(result.ok ? [] : result.problems).toMatchObject([{ code, path }]);
  });

  it("the channels of their lists are read by the graph, as those of conditions are", () => {
    expect(plan.nodes[0]?.edges[0]?.send?.reads).toEqual(["n"]);
    const document: Json = {
      edgewise: 1,
      id: "reads",
      channels: { n: { default: [1] } },
      output: [],
      nodes: { a: { kind: "transform" }, b: { kind: "emit", value: "payload" } },
      edges: [START, { from: "a", to: "b", send: "state.n" }],
    };
    const result = compileGraph({ document }, nodeKinds);
    expect(result.ok && result.warnings).toEqual([]);
  });
});
