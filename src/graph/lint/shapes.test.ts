import { expect, it } from "vitest";
import { findingsOf, found } from "./testing/findings.ts";

const map = (id: string, inside: string) => `  ${id}:
    kind: map
    over: "[1, 2]"
    graph:
      channels: { y: }
${inside.replace(/^/gm, "      ")}
      edges: [{ from: start, to: n }]
    output: { x: state.y }
`;
const around = (nodes: string) => `channels: { x: }\nnodes:\n${nodes}edges: [{ from: start, to: m }]\n`;

const INNER_MAP = `nodes:
  n:
    kind: map
    over: "[1]"
    graph:
      channels: { z: }
      nodes: { k: { kind: transform, set: { z: "1" } } }
      edges: [{ from: start, to: k }]
    output: { y: state.z }`;

it("[expensive_shape] a map within a map, and not a map of something else", () => {
  const plain = `nodes:\n  n: { kind: transform, set: { y: "1" } }`;
  expect(found("expensive_shape", around(map("m", INNER_MAP)))).toEqual(["hint /nodes/m"]);
  expect(found("expensive_shape", around(map("m", plain)))).toEqual([]);
});

it("[missing_limit] a model without max_tokens that is asked for every item", () => {
  const asks = (more: string) => `nodes:\n  n: { kind: model, prompt: hello, write: y${more} }`;
  expect(found("missing_limit", around(map("m", asks(""))))).toEqual(["hint /nodes/m"]);
  expect(found("missing_limit", around(map("m", asks(", max_tokens: 9"))))).toEqual([]);
});

it("graphs inside are linted by themselves, with whole paths", () => {
  const side = `nodes:
  n: { kind: transform, set: { y: "1" } }
  lost: { kind: transform }`;
  expect(found("unreachable_node", around(map("m", side)))).toEqual(["warning /nodes/m/graph/nodes/lost"]);
});

it("the fix of a finding in an inner graph is a change of the whole document", () => {
  const unused = `nodes:\n  n: { kind: transform, set: { y: "1" } }`;
  const yaml = around(map("m", unused)).replace("channels: { y: }", "channels: { y: , unused: }");
  const [finding] = findingsOf(yaml).filter(({ code }) => code === "unused_channel");
  expect(finding).toMatchObject({
    path: "/nodes/m/graph/channels/unused",
    fix: { edits: [{ path: ["nodes", "m", "graph", "channels", "unused"] }] },
  });
});

it("[unused_graph] a named graph that no node runs", () => {
  const graph = `{ channels: {}, nodes: { n: { kind: transform } }, edges: [{ from: start, to: n }] }`;
  const document = (node: string) => `channels: {}
graphs: { check: ${graph} }
nodes: { m: ${node} }
edges: [{ from: start, to: m }]`;
  expect(found("unused_graph", document("{ kind: transform }"))).toEqual(["warning /graphs/check"]);
  expect(found("unused_graph", document("{ kind: subgraph, graph: check }"))).toEqual([]);
});

it("[tied_by_goto] names the loop, its heads and the edge that makes it one", () => {
  const document = (back: string) => `channels: { x: { default: 0 } }
nodes:
  a: { kind: transform }
  b: { kind: transform }
  c: { kind: transform }
  d: { kind: switch, on: state.x, cases: { "1": ${back} }, else: end }
edges:
  - { from: start, to: a }
  - { from: start, to: b }
  - { from: a, to: b }
  - { from: b, to: c }
  - { from: c, to: d }
limits: { steps: 50 }`;
  const tied = document("a");
  expect(found("tied_by_goto", tied)).toEqual(["warning /nodes/d"]);
  expect(found("tied_by_goto", document("end"))).toEqual([]);
  expect(found("tied_by_goto", tied.replace("  - { from: start, to: b }\n", ""))).toEqual([]);
  const [finding] = findingsOf(tied).filter(({ code }) => code === "tied_by_goto");
  expect(finding?.message).toMatch(/"d" may take to "a" ties 4 of 4 nodes .* begin with a, b, together/);
});

it("of many findings of one kind the first twenty are told, and how many more there are", () => {
  const names = Array.from({ length: 50 }, (_, at) => `c${at}`);
  const yaml = `channels: { ${names.map((name) => `${name}: `).join(", ")} }
nodes: { a: { kind: transform } }
edges: [{ from: start, to: a }]`;
  const unused = findingsOf(yaml).filter(({ code }) => code === "unused_channel");
  expect(unused).toHaveLength(20);
  expect(unused.at(-1)?.message).toMatch(/And 30 more like this\.$/);
});
