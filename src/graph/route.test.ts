import { describe, expect, it } from "vitest";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import type { Plan, Scope } from "./plan.ts";
import { route } from "./route.ts";

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
    expect(route(chosen, node, at(n))).toEqual({ takes });
  });

  it("else is taken when no when is", () => {
    const plan = planOf([START, { from: "a", to: "b", when: "state.n" }, { from: "a", to: "c", else: true }]);
    expect([route(plan, 0, at(true)), route(plan, 0, at(false))]).toEqual([{ takes: [1] }, { takes: [2] }]);
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
