import { expect, it } from "vitest";
import { nodeKinds } from "../../nodes/registry.ts";
import { compileGraph } from "../compile.ts";
import { estimate } from "./estimate.ts";

const DOCUMENT = {
  edgewise: 1,
  id: "mapped",
  channels: { items: {}, made: { reducer: "append" } },
  nodes: {
    each: {
      kind: "map",
      over: "state.items",
      output: { made: "1" },
      graph: { nodes: { one: { kind: "transform" } }, edges: [{ from: "start", to: "one" }] },
    },
  },
  edges: [{ from: "start", to: "each" }],
};
const call = { node: "each", inputTokens: 0, outputTokens: 0, costUsd: 0, ms: 40 };

function estimated(...frames: readonly (number | undefined)[]) {
  const compiled = compileGraph({ document: DOCUMENT }, nodeKinds);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const history = frames.map((count) => (count === undefined ? call : { ...call, frames: count }));
  return estimate(compiled.plan, nodeKinds, history).nodes.find(({ node }) => node === "each/one")?.calls;
}

it("a map that was recorded runs its graph as often as it has been seen to, the least and the most", () => {
  expect(estimated(2, 7, 3)).toMatchObject({ low: { value: 2 }, high: { value: 7 } });
  expect(estimated(2)?.high.reason).toContain("recorded");
});

it("one call that does not say how often leaves it open, as no call does", () => {
  expect(estimated(2, undefined)?.high.value).toBeNull();
  expect(estimated()?.high.value).toBeNull();
});
