import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import { compileGraph } from "../compile.ts";
import { testKinds } from "../testing/kinds.ts";
import { estimate } from "./estimate.ts";
import type { Estimate, RecordedCall } from "./estimate.ts";

const start = (to: string): JsonObject => ({ from: "start", to });
const INNER: JsonObject = {
  channels: { text: null },
  nodes: { ask: { kind: "model", prompt: "x", write: "text", max_tokens: 10, retry: 1, timeout: "2s" } },
  edges: [start("ask")],
};

function estimated(node: JsonObject, graphs: JsonObject, history: readonly RecordedCall[] = []): Estimate {
  // `frames` stands for a kind with many frames, `once` for one with a single one
  const kinds = new Map(testKinds);
  const frames = testKinds.get("frames");
  if (frames !== undefined) kinds.set("once", { ...frames, kind: "once", many: false });
  const document = { edgewise: 1, id: "g", nodes: { run: node }, edges: [start("run")], graphs };
  const result = compileGraph({ document }, kinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return estimate(result.plan, kinds, history);
}

const range = ({ low, high }: Estimate["calls"]) => [low.value, high.value];

describe("a graph inside", () => {
  it("that is run once counts as it is, and its nodes go by the way to them", () => {
    const found = estimated({ kind: "once", graph: "inner" }, { inner: INNER });
    expect(found.nodes.map(({ node, calls }) => [node, range(calls)])).toEqual([
      ["run", [1, 1]],
      ["run/ask", [1, 1]],
    ]);
    expect(range(found.outputTokens)).toEqual([0, 10]);
    expect(range(found.durationMs)).toEqual([0, 2000]);
  });

  it("that is run for each of something has no upper bound, and the reason is the items", () => {
    const found = estimated({ kind: "frames", graph: "inner" }, { inner: INNER });
    expect(range(found.calls)).toEqual([1, null]);
    expect(found.outputTokens.high).toEqual({
      value: null,
      reason: 'unknown for "run/ask": how many items there are is known when it runs',
    });
    expect(found.durationMs.high.reason).toContain("how many items there are");
  });

  it("is counted by what was recorded of its own nodes", () => {
    const call = { node: "run/ask", inputTokens: 7, outputTokens: 3, costUsd: 0.5, ms: 100 };
    const found = estimated({ kind: "once", graph: "inner" }, { inner: INNER }, [
      call,
      { ...call, node: "ask", costUsd: 9 },
    ]);
    expect([range(found.costUsd), range(found.durationMs)]).toEqual([
      [0.5, 0.5],
      [100, 100],
    ]);
  });

  it("that runs others many times within each other is counted as far as there is an end", () => {
    const names = ["a", "b", "c", "d", "e"];
    const graphs = Object.fromEntries(
      names.map((name, at): [string, JsonObject] => {
        const nodes = Array.from({ length: 10 }, (_, index): [string, JsonObject] => [
          `n${index}`,
          at === 4 ? { kind: "hop" } : { kind: "once", graph: names[at + 1] ?? "" },
        ]);
        return [name, { nodes: Object.fromEntries(nodes), edges: nodes.map(([id]) => start(id)) }];
      }),
    );
    const found = estimated({ kind: "once", graph: "a" }, graphs);
    expect(found.nodes.length).toBeLessThan(10_000);
    expect(found.costUsd.high.value).toBeNull();
  });

  it("that is large and run many times is counted as far as there is an end", () => {
    const nodes = Array.from({ length: 1000 }, (_, index): [string, JsonObject] => [`n${index}`, { kind: "hop" }]);
    const large = { nodes: Object.fromEntries(nodes), edges: [start("n0")] };
    const times = Array.from({ length: 50 }, (_, index): [string, JsonObject] => [
      `r${index}`,
      { kind: "once", graph: "large" },
    ]);
    const often = { nodes: Object.fromEntries(times), edges: times.map(([id]) => start(id)) };
    const found = estimated({ kind: "once", graph: "often" }, { often, large });
    expect(found.nodes.length).toBeLessThan(5100);
    expect(found.nodes.find(({ node }) => node === "run/r49")?.costUsd.high).toMatchObject({ value: null });
  });
});
