import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { graph } from "../builder/graph.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import { describeGraph } from "./describe/describe.ts";
import { diffGraphs } from "./diff/diff.ts";
import { graphJsonSchema } from "./json-schema.ts";
import type { Plan } from "./plan.ts";

const LIMITS: JsonObject = { tokens: 50_000, cost_usd: 0.25, time: "90m", state: 100_000, depth: 2 };
const PLAIN = { nodes: { n: { kind: "transform" } }, edges: [{ from: "start", to: "n" }] };

function documentOf(more: JsonObject): JsonObject {
  return { edgewise: 1, id: "limited", ...PLAIN, ...more };
}

function compiled(document: Json): Plan {
  const result = compileGraph({ document }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

/** What is wrong, or warned of. */
function problemsOf(document: Json) {
  const result = compileGraph({ document }, nodeKinds);
  return result.ok ? result.warnings : result.problems;
}

/** A graph of one node that runs a graph. */
const running = (id: string, inner: Json, more: JsonObject = {}): JsonObject => ({
  nodes: { [id]: { kind: "subgraph", graph: inner } },
  edges: [{ from: "start", to: id }],
  ...more,
});

describe("[G12] limits of a run", () => {
  it("stand in the plan, times in milliseconds, and are absent where nothing says them", () => {
    const { limits } = compiled(documentOf({ limits: LIMITS }));
    const rest = { steps: 100, concurrency: 6 };
    expect(limits).toEqual({ ...rest, tokens: 50_000, costUsd: 0.25, timeMs: 5_400_000, state: 100_000, depth: 2 });
    expect(compiled(documentOf({})).limits).toEqual(rest);
  });

  it.each<[string, Json]>([
    ["tokens", 0],
    ["tokens", 1.5],
    ["tokens", "many"],
    ["cost_usd", 0],
    ["cost_usd", -1],
    ["cost_usd", "5 USD"],
    ["time", 0],
    ["time", "soon"],
    ["time", "367d"],
    ["state", 0],
    ["depth", -1],
    ["depth", 9],
  ])("refuse %s: %j, at its place", (name, value) => {
    const problems = problemsOf(documentOf({ limits: { [name]: value } }));
    expect(problems).toMatchObject([{ severity: "error", path: `/limits/${name}` }]);
  });

  it.each<[string, Json]>([
    ["tokens", 1],
    ["cost_usd", 0.0001],
    ["time", "366d"],
    ["time", 1],
    ["state", 1],
    ["depth", 0],
    ["depth", 8],
  ])("take %s: %j", (name, value) => {
    expect(problemsOf(documentOf({ limits: { [name]: value } }))).toEqual([]);
  });

  it("are read in a graph in compact form, and in one from TypeScript", () => {
    const steps = [{ id: "ask", prompt: "Hi" }];
    expect(compiled({ edgewise: 1, id: "compact", steps, limits: LIMITS }).limits.tokens).toBe(50_000);
    const built = graph({ id: "built", limits: { cost_usd: 1, time: "5m" }, nodes: {}, edges: [] });
    expect(built.document["limits"]).toEqual({ cost_usd: 1, time: "5m" });
  });

  it("are in the published JSON Schema", () => {
    expect(graphJsonSchema(nodeKinds)["properties"]).toMatchObject({
      limits: {
        properties: {
          tokens: { type: "integer", minimum: 1 },
          cost_usd: { type: "number", exclusiveMinimum: 0 },
          time: { title: "duration" },
          state: { type: "integer" },
          depth: { type: "integer", minimum: 0, maximum: 8 },
        },
      },
    });
  });

  it("are told where a graph is described, and where two are compared", () => {
    const page = describeGraph(compiled(documentOf({ limits: { ...LIMITS, time: 1500 } })), nodeKinds);
    expect(page).toContain(
      "A run uses at most 50000 tokens. A run costs at most 0.25 US dollars. A run takes at most 1500 ms, waits included. " +
        "The state has at most 100000 characters of JSON. Graphs are nested at most 2 deep.",
    );
    const changes = diffGraphs(documentOf({}), documentOf({ limits: { tokens: 5 } })).summary;
    expect(changes).toBe("limits changed");
  });
});

describe("[G12] limits in a graph that a node runs", () => {
  it.each(["tokens", "cost_usd", "time", "state"])(
    "%s is a mistake in one in place, which is run nowhere else",
    (name) => {
      const inner = { ...PLAIN, limits: { [name]: LIMITS[name] ?? null, steps: 5 } };
      expect(problemsOf(documentOf(running("n", inner)))).toMatchObject([
        { code: "useless_limit", severity: "error", path: `/nodes/n/graph/limits/${name}` },
      ]);
    },
  );

  it("is a warning in one under graphs, which may be published to be run by itself, and has no effect", () => {
    const document = documentOf(running("n", "inner", { graphs: { inner: { ...PLAIN, limits: LIMITS } } }));
    expect(problemsOf(document)).toMatchObject(
      ["tokens", "cost_usd", "time", "state"].map((name) => ({
        code: "useless_limit",
        severity: "warning",
        path: `/graphs/inner/limits/${name}`,
        hint: "Put it into the limits of the outermost graph.",
      })),
    );
    expect(compiled(document).nodes[0]?.inside?.limits).toEqual({ steps: 100, concurrency: 6, depth: 2 });
  });
});

describe("limits.depth", () => {
  const deepest = running("refine", PLAIN);
  const nested = running("research", running("each", deepest));

  it("refuses graphs nested deeper, and names the nodes on the way down", () => {
    expect(problemsOf(documentOf({ ...nested, limits: { depth: 2 } }))).toMatchObject([
      {
        code: "too_deep",
        path: "/limits/depth",
        message: 'Graphs are nested 3 deep ("research/each/refine"); `depth` allows 2.',
      },
    ]);
    expect(problemsOf(documentOf({ ...nested, limits: { depth: 3 } }))).toEqual([]);
  });

  it("allows none at 0, and counts the deepest way however the nodes are ordered", () => {
    expect(problemsOf(documentOf({ ...running("n", PLAIN), limits: { depth: 0 } }))).toMatchObject([
      { code: "too_deep" },
    ]);
    expect(problemsOf(documentOf({ limits: { depth: 0 } }))).toEqual([]);
    const nodes = { deep: { kind: "subgraph", graph: deepest }, flat: { kind: "subgraph", graph: PLAIN } };
    const edges = [
      { from: "start", to: "deep" },
      { from: "deep", to: "flat" },
    ];
    expect(problemsOf(documentOf({ nodes, edges, limits: { depth: 1 } }))).toMatchObject([
      { message: expect.stringContaining('"deep/refine"') },
    ]);
  });

  it("judges what is linked from elsewhere, and an inner graph by its own limit", () => {
    const link = (document: JsonObject): JsonObject => ({ ...document, graphs: { stored: nested } });
    const outer = documentOf({ ...running("n", "stored"), limits: { depth: 3 } });
    const result = compileGraph({ document: outer }, nodeKinds, { link });
    expect(result.ok ? [] : result.problems).toMatchObject([
      { message: expect.stringContaining('"n/research/each/refine"') },
    ]);
    const inner = documentOf(running("n", "inner", { graphs: { inner: { ...deepest, limits: { depth: 0 } } } }));
    expect(problemsOf(inner)).toMatchObject([{ code: "too_deep", path: "/graphs/inner/limits/depth" }]);
  });
});
