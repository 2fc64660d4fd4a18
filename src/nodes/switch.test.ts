import { describe, expect, it } from "vitest";
import type { Json } from "../base/json.ts";
import { problemsOf, runOne } from "./testing/one-node.ts";

describe("a switch on a value", () => {
  const cases = { yes: "a", "2": "b", true: "a", null: "b" };
  it.each<[Json, string[]]>([
    ["yes", ["a"]],
    [2, ["b"]],
    [2.0, ["b"]],
    [true, ["a"]],
    ["true", ["a"]],
    [null, ["b"]],
    ["no", ["end"]],
    ["__proto__", ["end"]],
    ["toString", ["end"]],
  ])("goes by %j to %j", async (value, goto) => {
    const node = { kind: "switch", on: "state.x", cases, else: "end" };
    expect(await runOne(node, { x: value })).toEqual({ writes: [], goto });
  });

  it("takes no edge where no case fits and there is no else", async () => {
    expect(await runOne({ kind: "switch", on: "state.x", cases }, { x: "no" })).toEqual({ writes: [] });
  });

  it.each<[Json, string]>([
    [[1], "a list"],
    [{ a: 1 }, "a map"],
  ])("refuses %j, which is no case's text", async (value, what) => {
    await expect(runOne({ kind: "switch", on: "state.x", cases }, { x: value })).rejects.toMatchObject({
      code: "expression_failed",
      message: expect.stringContaining(what),
    });
  });
});

describe("a switch on conditions", () => {
  const cases = [
    { when: "state.x > 2", to: "a" },
    { when: "state.x > 1", to: "b" },
  ];
  it.each([
    [3, ["a"]],
    [2, ["b"]],
  ])("takes the first that is true of %j: %j", async (x, goto) => {
    expect(await runOne({ kind: "switch", cases }, { x })).toEqual({ writes: [], goto });
  });

  it("evaluates none behind the first that is true", async () => {
    const more = [...cases, { when: "state.x.nothing", to: "a" }];
    expect(await runOne({ kind: "switch", cases: more }, { x: 3 })).toEqual({ writes: [], goto: ["a"] });
  });

  it("refuses a condition that is neither true nor false", async () => {
    await expect(runOne({ kind: "switch", cases: [{ when: "state.x", to: "a" }] }, { x: 3 })).rejects.toMatchObject({
      code: "condition_failed",
    });
  });
});

it.each<[string, Json]>([
  ["on with a list", { on: "1", cases: [{ when: "true", to: "a" }] }],
  ["a mapping without on", { cases: { x: "a" } }],
])("%s is refused", (_, config) => {
  expect(problemsOf({ kind: "switch", ...(config as object) })).toEqual([["invalid_value", "/nodes/n"]]);
});

it("says every target that is none", () => {
  const node = { kind: "switch", on: "'x'", cases: { x: "nowhere", y: "start" }, else: "" };
  expect(problemsOf(node).map(([, path]) => path)).toEqual(
    expect.arrayContaining(["/nodes/n/cases/x", "/nodes/n/cases/y", "/nodes/n/else"]),
  );
});
