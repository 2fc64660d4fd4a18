import type { Json, JsonObject } from "../../../src/base/json.ts";
import { ACCEPTED, type Expected, refused, times } from "./case.ts";
import { edge, many, type Row, transform } from "./rows.ts";

const LEAF: JsonObject = { nodes: { i: transform() }, edges: [edge("start", "i")] };
const named = (count: number, graph: (index: number) => Json): JsonObject =>
  Object.fromEntries(times(count, (index) => [`g${index}`, graph(index)]));
/** As many nodes as there are names, all at once, each of which runs a graph. */
const runningAll = (graphs: readonly Json[], kind: JsonObject = { kind: "subgraph" }): JsonObject => ({
  nodes: Object.fromEntries(graphs.map((graph, index) => [`n${index}`, { ...kind, graph }])),
  edges: graphs.map((_, index) => edge("start", `n${index}`)),
});
/** Each graph runs the next one so many times: width to the power of depth, if somebody counted. */
function doubling(width: number, depth: number): JsonObject {
  const next = (index: number): JsonObject => runningAll(times(width, () => `g${index}`));
  return { ...next(0), graphs: named(depth, (index) => (index === depth - 1 ? LEAF : next(index + 1))) };
}

/** Each graph runs the next one as it is and for an item, which makes it two graphs. */
function twofold(depth: number, nodes: number): JsonObject {
  const last: JsonObject = {
    channels: { x: {} },
    nodes: many(nodes, "i", transform({ x: "1" })),
    edges: [edge("start", "i0")],
  };
  const next = (name: string): JsonObject => ({
    nodes: { a: { kind: "subgraph", graph: name }, b: { kind: "map", over: "[1]", graph: name } },
    edges: [edge("start", "a"), edge("start", "b")],
  });
  return { ...next("g0"), graphs: named(depth, (index) => (index === depth - 1 ? last : next(`g${index + 1}`))) };
}

/** As above, each graph within the one that runs it. */
function twofoldWithin(depth: number, nodes: number): JsonObject {
  let graph: JsonObject = { nodes: many(nodes, "i", transform()), edges: [edge("start", "i0")] };
  for (let left = depth; left > 0; left -= 1) {
    graph = {
      graphs: { g: graph },
      nodes: { a: { kind: "subgraph", graph: "g" }, b: { kind: "map", over: "[1]", graph: "g" } },
      edges: [edge("start", "a"), edge("start", "b")],
    };
  }
  return graph;
}

const placed = (depth: number, width: number): JsonObject =>
  depth === 0
    ? LEAF
    : runningAll(
        times(width, () => placed(depth - 1, width)),
        { kind: "map", over: "[1, 2]" },
      );

const ANY: Expected = { verdict: "either" };

/** Graphs in graphs: however they multiply, what is done with them is bounded. */
export const NESTING: readonly Row[] = [
  ...(
    [
      [2, 7],
      [100, 7],
      [600, 7],
    ] as const
  ).map(([width, depth]): Row => [`${width} to the power of ${depth} graphs`, doubling(width, depth), ACCEPTED]),
  ["2 to the power of 9 graphs, too deep", doubling(2, 9), refused("too_deep")],
  ["a graph of 2,000 nodes, 128 times", twofold(7, 2_000), ACCEPTED],
  ["a graph of 500 nodes within 7 that double it", twofoldWithin(7, 500), refused("too_large")],
  ["a graph of 8 nodes within 7 that double it", twofoldWithin(7, 8), ACCEPTED],
  ["3 maps within each of 3, 5 deep", placed(5, 3), ACCEPTED],
  [
    "1,000 graphs, each in the one before",
    { ...runningAll(["g0"]), graphs: named(1_000, (index) => runningAll([`g${index + 1}`])) },
    refused("too_deep"),
  ],
  [
    "60 graphs, each of which runs all",
    { ...runningAll(["g0"]), graphs: named(60, () => runningAll(times(60, (index) => `g${index}`))) },
    refused("endless_nesting"),
  ],
  [
    "70 graphs, each of which runs all that come later",
    {
      ...runningAll(["g0"]),
      graphs: named(70, (from) =>
        from === 69 ? LEAF : runningAll(times(69 - from, (index) => `g${from + index + 1}`)),
      ),
    },
    refused("too_deep"),
  ],
  [
    "1,000 graphs for 1,000 maps",
    {
      ...runningAll(
        times(1_000, (index) => `g${index}`),
        { kind: "map", over: "[1]" },
      ),
      graphs: named(1_000, () => LEAF),
    },
    ACCEPTED,
  ],
  [
    "900 names that are nearly those of 1,000 graphs",
    { ...runningAll(times(900, (index) => `h${"g".repeat(40)}${index}`)), graphs: many(1_000, "g".repeat(41), LEAF) },
    refused("unknown_graph"),
  ],
  [
    "a graph by the name of an outer one, which runs itself",
    { ...runningAll(["g0"]), graphs: { g0: { graphs: { g0: runningAll(["g0"]) }, ...runningAll(["g0"]) } } },
    refused("endless_nesting"),
  ],
  [
    "an edge of an inner graph to a node outside",
    { nodes: { n: { kind: "subgraph", graph: { nodes: { i: transform() }, edges: [edge("start", "n")] } } } },
    refused("dangling_edge", "/nodes/n/graph/edges/0/to"),
  ],
  [
    "a graph with another format",
    { ...runningAll(["g0"]), graphs: { g0: { ...LEAF, edgewise: 2 } } },
    { verdict: "refused", pointer: "/graphs/g0/edgewise" },
  ],
  [
    "the graph __proto__ in graphs that holds it",
    { ...runningAll(["constructor"]), graphs: { constructor: LEAF } },
    ACCEPTED,
  ],
  ["a deep value as a graph", { nodes: { n: { kind: "subgraph", graph: deep(80) } } }, ANY],
];

function deep(levels: number): JsonObject {
  return levels === 0 ? LEAF : { nodes: { nodes: deep(levels - 1) }, edges: [] };
}
