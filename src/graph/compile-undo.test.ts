import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { compileGraph } from "./compile.ts";
import { estimate } from "./describe/estimate.ts";
import { describeGraph } from "./describe/describe.ts";
import { shapeOf } from "./describe/shape.ts";
import { diffGraphs } from "./diff/diff.ts";
import { outlineOf } from "./draw/outline.ts";
import { toDot } from "./draw/dot.ts";
import { toMermaid } from "./draw/mermaid.ts";
import { toSvg } from "./draw/svg.ts";
import type { Plan } from "./plan.ts";
import { route } from "./route.ts";
import { testKinds } from "./testing/kinds.ts";

const set = (value: string, more: JsonObject = {}): JsonObject => ({ kind: "transform", set: { x: value }, ...more });

/** Two things are done, each with what undoes it. */
const TRIP: JsonObject = {
  channels: { x: { default: 0 } },
  nodes: {
    flight: set("1", { undo: "no-flight" }),
    hotel: set("2", { undo: "no-hotel" }),
    "no-flight": set("item.writes.x"),
    "no-hotel": set("item.writes.x"),
  },
  edges: [
    { from: "start", to: "flight" },
    { from: "flight", to: "hotel" },
  ],
};

function compile(document: JsonObject) {
  const result = compileGraph({ document: { edgewise: 1, id: "g", ...document } }, testKinds);
  const told = result.ok ? [...result.warnings, ...result.hints] : result.problems;
  return {
    plan: result.ok ? result.plan : undefined,
    told: told.map(({ code, path, severity }) => [severity, code, path]),
  };
}

const inSaga = (graph: Json, more: JsonObject = {}) =>
  compile({ nodes: { trip: { kind: "saga", graph } }, edges: [{ from: "start", to: "trip" }], ...more });

/** The problems of the trip with some nodes or edges written otherwise, as code and place in it. */
function problems(nodes: JsonObject, edges: readonly Json[] = []): readonly (readonly [string, string])[] {
  const graph = {
    ...TRIP,
    nodes: { ...(TRIP["nodes"] as JsonObject), ...nodes },
    edges: [...(TRIP["edges"] as Json[]), ...edges],
  };
  return inSaga(graph).told.map(([, code = "", path = ""]) => [code, path.replace("/nodes/trip/graph", "")]);
}

function tripOf(): Plan {
  const { plan } = inSaga(TRIP);
  if (plan?.nodes[0]?.inside === undefined) throw new Error("The trip has a plan.");
  return plan.nodes[0].inside;
}

describe("undo", () => {
  it("is a node's place, begins a frame where nothing else does, and is no warning", () => {
    expect(inSaga(TRIP).told).toEqual([]);
    const trip = tripOf();
    expect(trip.nodes.map(({ undo }) => undo)).toEqual([2, 3, undefined, undefined]);
    expect(trip.structure.starts).toEqual([0, 2, 3]);
    expect(route(trip, "start", { read: () => 0 }).takes).toEqual([0]);
  });

  it("knows what it undoes as `item`, which no other node does", () => {
    const [code] = problems({ hotel: set("item.writes.x") })[0] ?? [];
    expect(code).toBe("unknown_variable");
  });

  it.each<[string, JsonObject, readonly Json[], string]>([
    ["names no node", { hotel: set("2", { undo: "no-hotels" }) }, [], "/nodes/hotel/undo"],
    ["is the node itself", { hotel: set("2", { undo: "hotel" }) }, [], "/nodes/hotel/undo"],
    ["has an undo itself", { "no-hotel": set("1", { undo: "no-flight" }) }, [], "/nodes/no-hotel/undo"],
    ["is reached by an edge", {}, [{ from: "hotel", to: "no-hotel" }], "/edges/2/to"],
    ["is reached from start", {}, [{ from: "start", to: "no-hotel" }], "/edges/2/to"],
    ["is reached by a failure", { flight: set("1", { on_error: "no-hotel" }) }, [], "/nodes/flight"],
    ["is chosen", { flight: { kind: "hop", to: ["no-hotel"] } }, [], "/nodes/flight"],
    ["is followed", {}, [{ from: "no-hotel", to: "flight" }], "/edges/2/from"],
    ["is followed after a failure", { "no-hotel": set("1", { on_error: "hotel" }) }, [], "/nodes/no-hotel"],
    ["is kept", { "no-hotel": set("1", { cache: { ttl: "1h" } }) }, [], "/nodes/no-hotel/cache"],
    ["undoes what was kept", { hotel: set("2", { undo: "no-hotel", cache: { ttl: "1h" } }) }, [], "/nodes/hotel/cache"],
  ])("that %s is refused", (_, nodes, edges, path) => {
    expect(problems(nodes, edges)).toContainEqual(["invalid_undo", path]);
  });

  it("may end, and may bear its own failure", () => {
    expect(problems({ "no-hotel": set("1", { on_error: "end" }) }, [{ from: "no-flight", to: "end" }])).toEqual([]);
  });
});

describe("undo in a graph that no saga runs", () => {
  it("is a mistake where the graph stands in place of another kind's node", () => {
    const nodes = { trip: { kind: "subgraph", graph: TRIP } };
    const { plan, told } = compile({ nodes, edges: [{ from: "start", to: "trip" }] });
    expect(plan).toBeUndefined();
    expect(told).toContainEqual(["error", "useless_undo", "/nodes/trip/graph/nodes/flight/undo"]);
  });

  it("is a hint where others may run the graph: in a document, and under a name", () => {
    const own = compile(TRIP);
    expect(own.plan?.nodes[0]?.undo).toBe(2);
    expect(own.told).toContainEqual(["hint", "useless_undo", "/nodes/flight/undo"]);
    const nodes = { trip: { kind: "subgraph", graph: "trip" } };
    const named = compile({ nodes, edges: [{ from: "start", to: "trip" }], graphs: { trip: TRIP } });
    expect(named.told).toContainEqual(["hint", "useless_undo", "/graphs/trip/nodes/hotel/undo"]);
  });

  it("is none where a saga runs the graph by its name, or nobody does yet", () => {
    expect(inSaga("trip", { graphs: { trip: TRIP } }).told).toEqual([]);
    const unused = inSaga(TRIP, { graphs: { other: TRIP } });
    expect(unused.told).toEqual([["warning", "unused_graph", "/graphs/other"]]);
  });
});

describe("a graph with undo", () => {
  it("is drawn with what undoes something behind what it undoes", () => {
    const trip = tripOf();
    const { vertices, links } = outlineOf(trip);
    const told = links.map(({ from, to, taken }) => `${vertices[from]?.id ?? ""} ${taken} ${vertices[to]?.id ?? ""}`);
    expect(told).toEqual([
      "start always flight",
      "flight undo no-flight",
      "flight always hotel",
      "hotel undo no-hotel",
      "hotel implied end",
      "no-flight implied end",
      "no-hotel implied end",
    ]);
    expect(toMermaid(trip)).toContain('|"undo"|');
    expect(toDot(trip)).toContain("undo");
    expect(toSvg(trip)).toContain("to undo it");
    expect(describeGraph(trip, testKinds)).toContain("`no-flight` to undo it");
  });

  it("counts its way without it, and estimates it as what may happen", () => {
    const trip = tripOf();
    expect(shapeOf(trip)).toMatchObject({ criticalPath: ["flight", "hotel"], bottlenecks: ["flight", "hotel"] });
    const { plan } = inSaga(TRIP);
    if (plan === undefined) throw new Error("The trip has a plan.");
    const calls = Object.fromEntries(
      estimate(plan, testKinds).nodes.map(({ node, calls: { low, high } }) => [node, [low.value, high.value]]),
    );
    expect(calls).toMatchObject({ "trip/flight": [1, 1], "trip/no-flight": [0, 1] });
  });

  it("is written in steps too: nothing leads to what undoes something, and the next step follows the one before it", () => {
    const steps = [
      { id: "flight", ...set("1", { undo: "no-flight" }) },
      { id: "no-flight", ...set("item.writes.x") },
      { id: "hotel", ...set("2", { undo: "no-hotel" }) },
      { id: "no-hotel", ...set("item.writes.x") },
    ];
    const { plan, told } = inSaga({ channels: { x: { default: 0 } }, steps });
    expect(told).toEqual([]);
    expect(plan?.nodes[0]?.inside?.document["edges"]).toEqual(TRIP["edges"]);
  });

  it("differs by a node's field", () => {
    const after = { ...TRIP, nodes: { ...(TRIP["nodes"] as JsonObject), hotel: set("2") } };
    expect(diffGraphs(TRIP, after).changes.map(({ text }) => text)).toEqual([
      'node "hotel": undo removed ("no-hotel")',
    ]);
  });
});

describe("on_failure", () => {
  const plain: JsonObject = { channels: { x: null }, nodes: { a: set("1") }, edges: [{ from: "start", to: "a" }] };

  it("continues where nothing is said, and is of the outermost graph alone", () => {
    expect(compile(plain).plan?.onFailure).toBe("continue");
    expect(compile({ ...plain, on_failure: "stop" }).plan?.onFailure).toBe("stop");
    const outer = { nodes: { n: { kind: "subgraph", graph: "inner" } }, edges: [{ from: "start", to: "n" }] };
    const { plan, told } = compile({ ...outer, graphs: { inner: { ...plain, on_failure: "stop" } } });
    expect([plan?.onFailure, plan?.nodes[0]?.inside?.onFailure, told]).toEqual(["continue", "continue", []]);
  });

  it("is one of two words, and has no place in a graph in place", () => {
    expect(compile({ ...plain, on_failure: "halt" }).told).toEqual([["error", "invalid_value", "/on_failure"]]);
    expect(inSaga({ ...plain, on_failure: "stop" }).told).toEqual([
      ["error", "unknown_key", "/nodes/trip/graph/on_failure"],
    ]);
  });

  it("may stand beside steps, is part of the hash, and is told by a diff", () => {
    const steps = [{ id: "a", kind: "transform", set: { x: "1" } }];
    const channels = { x: null };
    expect(compile({ channels, steps, on_failure: "stop" }).plan?.onFailure).toBe("stop");
    const [one, other] = [compile(plain).plan?.hash, compile({ ...plain, on_failure: "stop" }).plan?.hash];
    expect(one).not.toBe(other);
    const { changes } = diffGraphs(plain, { ...plain, on_failure: "stop" });
    expect(changes.map(({ text }) => text)).toEqual(['on_failure added ("stop")']);
  });
});
