import type { Json, JsonObject } from "../../../src/base/json.ts";
import { ACCEPTED, refused } from "./case.ts";
import { edge, many, type Row, transform } from "./rows.ts";

const node = (config: JsonObject): JsonObject => ({ nodes: { n: { kind: "transform", ...config } } });
const INNER: JsonObject = { nodes: { i: { kind: "transform" } }, edges: [edge("start", "i")] };
const running = (graph: Json): JsonObject => ({ nodes: { n: { kind: "subgraph", graph } } });
const within = (depth: number): JsonObject =>
  depth === 1 ? INNER : { ...INNER, nodes: { i: { kind: "subgraph", graph: within(depth - 1) } } };

/** Graphs within graphs, and what expressions may name beside the state. */
export const GRAPHS: readonly Row[] = [
  ["a graph by name", { ...running("g"), graphs: { g: INNER } }, ACCEPTED],
  ["a graph by name and version", { ...running("g@12"), graphs: { "g@12": INNER } }, ACCEPTED],
  ["a graph in place", running(INNER), ACCEPTED],
  ["a graph that is not there", running("g"), refused("unknown_graph", "/nodes/n/graph")],
  ["the graph __proto__", { ...running("__proto__"), graphs: {} }, refused("unknown_graph", "/nodes/n/graph")],
  ["the graph constructor", { ...running("constructor"), graphs: {} }, refused("unknown_graph", "/nodes/n/graph")],
  ["a graph named g@0", { ...running("g@0"), graphs: { "g@0": INNER } }, refused("invalid_id", "/graphs/g@0")],
  [
    "a graph that runs itself",
    { ...running("g"), graphs: { g: { ...INNER, nodes: { i: { kind: "subgraph", graph: "g" } } } } },
    refused("endless_nesting", "/graphs/g/nodes/i/graph"),
  ],
  ["8 graphs within each other", running(within(8)), ACCEPTED],
  ["9 graphs within each other", running(within(9)), refused("too_deep")],
  ["1,001 graphs", { ...running("g1"), graphs: many(1_001, "g", INNER) }, refused("too_large", "/graphs")],
  ["5,000 nodes inside", running({ ...INNER, nodes: many(5_000, "i", transform()) }), refused("too_large")],
  ["1,001 variables", { variables: many(1_001, "v", 1) }, refused("too_large", "/variables")],
  ["1,001 parameters", { parameters: many(1_001, "p", null) }, refused("too_large", "/parameters")],
  ["a variable nobody has", node({ set: { x: "vars.a" } }), refused("unknown_field", "/nodes/n/set/x")],
  ["the variable __proto__", node({ set: { x: "vars.__proto__" } }), refused("unknown_field", "/nodes/n/set/x")],
  ["item outside of a map", node({ set: { x: "item" } }), refused("unknown_variable", "/nodes/n/set/x")],
  [
    "a cache of what may be harm",
    node({ effect: "unsafe", cache: { ttl: "1s" } }),
    refused("cached_effect", "/nodes/n/cache"),
  ],
];
