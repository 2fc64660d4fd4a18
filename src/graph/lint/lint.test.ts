import { describe, expect, it } from "vitest";
import { nodeKinds } from "../../nodes/registry.ts";
import { compileGraph } from "../compile.ts";

function warnings(channels: string, edges: string, more = ""): string[] {
  const text = `edgewise: 1
id: lint
channels: { ${channels} }
${more}
nodes:
  a: { kind: transform, set: { x: "has(state.y)" } }
  b: { kind: transform }
  c: { kind: transform }
edges: [${edges}]
`;
  const result = compileGraph({ text, type: "yaml" }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.warnings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

const LINE = "{ from: start, to: a }, { from: a, to: b }, { from: b, to: c }";

describe("warnings", () => {
  it.each([
    ["none for a sound graph", "x: , y: ", LINE, "", []],
    [
      "a node that nothing leads to",
      "x: , y: ",
      "{ from: start, to: a }, { from: b, to: c }",
      "",
      ["unreachable_node /nodes/b", "unreachable_node /nodes/c"],
    ],
    ["a channel nobody uses", "x: , y: , z: ", LINE, "", ["unused_channel /channels/z"]],
    ["none for a channel that is passed through", "x: , y: , z: ", LINE, "output: [z]", []],
    ["a channel that nothing sets", "x: , y: ", LINE, "input: [x]", ["absent_channel /channels/y"]],
    ["none for one with a default", "x: , y: { default: 1 }", LINE, "input: [x]", []],
    ["a cycle of plain edges", "x: , y: ", `${LINE}, { from: c, to: b }`, "", ["endless_cycle /nodes/b"]],
    ["a node that follows itself", "x: , y: ", `${LINE}, { from: c, to: c }`, "", ["endless_cycle /nodes/c"]],
    [
      "a cycle that only seems to choose",
      "x: , y: ",
      `{ from: start, to: a }, { from: a, to: b, when: "state.x" }, { from: a, to: c, else: true }, { from: b, to: a }, { from: c, to: a }`,
      "",
      ["endless_cycle /nodes/a"],
    ],
    ["none for a cycle with a condition", "x: , y: ", `${LINE}, { from: c, to: b, when: "state.x" }`, "", []],
    [
      "none for a cycle whose else leaves",
      "x: , y: ",
      `${LINE}, { from: c, to: b, when: "state.x" }, { from: c, to: end, else: true }`,
      "",
      [],
    ],
  ])("%s", (_, channels, edges, more, expected) => {
    expect(warnings(channels, edges, more)).toEqual(expected.map((each) => `warning ${each}`));
  });
});

it("[R11] warns of join: each where a loop is entered, and of no other place", () => {
  const loop = (each: string) =>
    compileGraph(
      {
        document: {
          edgewise: 1,
          id: "loop",
          channels: { x: { reducer: "sum", default: 0 } },
          nodes: Object.fromEntries(
            ["a", "b"].map((id) => [
              id,
              { kind: "transform", set: { x: "1" }, ...(id === each ? { join: "each" } : {}) },
            ]),
          ),
          edges: [
            { from: "start", to: "a" },
            { from: "a", to: "b" },
            { from: "b", to: "a", when: "state.x < 9" },
          ],
        },
      },
      nodeKinds,
    );
  expect(loop("a")).toMatchObject({ ok: true, warnings: [{ code: "each_on_head", path: "/nodes/a/join" }] });
  expect(loop("b")).toMatchObject({ ok: true, warnings: [] });
});
