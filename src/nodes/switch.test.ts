import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { compileGraph } from "../graph/compile.ts";
import { toDrawable } from "../graph/draw/drawable.ts";
import { nodeKinds } from "./registry.ts";
import { documentAround, problemsOf, runOne } from "./testing/one-node.ts";

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

describe("in a drawing", () => {
  function labels(pick: JsonObject): string[] {
    const result = compileGraph({ document: documentAround({ kind: "switch", ...pick }, {}) }, nodeKinds);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const leaving = toDrawable(result.plan).edges.filter(({ source }) => source === "n");
    return leaving.map(({ target, data }) => `${target}: ${data ?? ""}`);
  }

  it("each edge says which cases take it, and where a failure goes", () => {
    const cases = { x: "a", y: "b", z: "a" };
    expect(labels({ on: "'x'", cases, else: "b", on_error: "end" })).toEqual([
      "b: else, y",
      "a: x, z",
      "__end__: on error",
    ]);
    expect(labels({ cases: [{ when: "1 < 2", to: "a" }] })).toEqual(["a: 1 < 2"]);
  });

  it("many cases of one edge are cut short", () => {
    const cases = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`case-${index}`, "a"]));
    const [label = ""] = labels({ on: "'x'", cases });
    expect(label).toMatch(/^a: case-0, case-1, .*, …$/);
    expect(label.length).toBeLessThan(150);
  });
});
