import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import { defaultsOf } from "./compile-defaults.ts";
import type { Globals, Plan } from "./plan.ts";
import { shownName } from "./shown-name.ts";

/** What a document says for clients: names that are shown, breakpoints, defaults, the schema of the state. */
const DOCUMENT: JsonObject = {
  edgewise: 1,
  id: "said",
  channels: { x: {}, talk: { reducer: "messages" } },
  nodes: { a: { kind: "transform" }, b: { kind: "transform" } },
  edges: [
    { from: "start", to: "a" },
    { from: "a", to: "b" },
  ],
};
const compiled = (more: JsonObject) => compileGraph({ document: { ...DOCUMENT, ...more } }, nodeKinds);
const problems = (more: JsonObject) => {
  const result = compiled(more);
  return result.ok ? [] : result.problems.map(({ code, path }) => [code, path]);
};
function planOf(more: JsonObject): Plan {
  const result = compiled(more);
  if (result.ok) return result.plan;
  throw new Error(JSON.stringify(result.problems));
}
const shown = (source: string): JsonObject => ({
  nodes: { a: { kind: "transform", shown_as: source }, b: { kind: "transform" } },
});

describe("shown_as", () => {
  const nameOf = (source: string, globals: Globals) => {
    const [node] = planOf(shown(source)).nodes;
    return node && shownName(node, globals);
  };

  it.each<[string, Json, string]>([
    ["{{ config.role }}", { role: "writer" }, "writer"],
    ["the {{ default(config.role, 'agent') }}", {}, "the agent"],
    ["{{ config.role }}", {}, "a"],
    ["{{ config.role }}", { role: "" }, "a"],
    ["{{ config.role }}", { role: "x".repeat(201) }, "a"],
    ["{{ config.role }}", { role: "__end__" }, "a"],
    ["{{ config.role }}", { role: "one|two" }, "a"],
    ["{{ config.role }}", { role: "one:two" }, "a"],
  ])("%s over %j is shown as %s", (source, config, name) => {
    expect(nameOf(source, { config })).toBe(name);
  });

  it("is the id where nothing is said", () => {
    expect(planOf({}).nodes.map((node) => shownName(node, {}))).toEqual(["a", "b"]);
  });

  it.each(["{{ state.x }}", "{{ payload.x }}", "{{ default(state.x, config.role) }}"])(
    "%s is refused: it would change within a run",
    (source) => {
      expect(problems(shown(source))).toEqual([["invalid_value", "/nodes/a/shown_as"]]);
    },
  );
});

describe("breakpoints", () => {
  const inner = {
    kind: "subgraph",
    graph: { ...DOCUMENT, edgewise: undefined, id: undefined, breakpoints: { after: ["b"] } },
  };

  it.each<[Json, unknown]>([
    [{ before: ["b"] }, { before: ["b"], after: [] }],
    [
      { before: "*", after: ["a", "b"] },
      { before: "*", after: ["a", "b"] },
    ],
    [{}, { before: [], after: [] }],
  ])("%j", (said, expected) => {
    expect(planOf({ breakpoints: said }).breakpoints).toEqual(expected);
  });

  it("are said by a graph inside for itself, and by none that says nothing", () => {
    const { edgewise: _, id: __, ...graph } = inner.graph;
    const plan = planOf({ nodes: { a: { ...inner, graph } as unknown as Json, b: { kind: "transform" } } });
    expect(plan.breakpoints).toBeUndefined();
    expect(plan.nodes[0]?.inside?.breakpoints).toEqual({ before: [], after: ["b"] });
  });

  it.each<[Json, string, string]>([
    [{ before: ["c"] }, "dangling_edge", "/breakpoints/before/0"],
    [{ after: ["a", "start"] }, "dangling_edge", "/breakpoints/after/1"],
    [{ before: "a" }, "invalid_value", "/breakpoints/before"],
    [{ around: [] }, "unknown_key", "/breakpoints/around"],
  ])("%j are refused", (said, code, path) => {
    expect(problems({ breakpoints: said })).toEqual([[code, path]]);
  });
});

describe("defaults", () => {
  const config = {
    type: "object",
    properties: { tone: { type: "string" }, size: { type: "number" } },
    required: ["size"],
  };

  it("are read from the plan and from the document, and are empty where nothing is said", () => {
    const defaults = { config: { tone: "warm" }, context: { user: "ada" } };
    expect(planOf({ config, defaults }).defaults).toEqual(defaults);
    expect(defaultsOf({ defaults })).toEqual(defaults);
    expect([planOf({}).defaults, defaultsOf({}), defaultsOf({ defaults: 5 })]).toEqual([
      undefined,
      { config: {}, context: {} },
      { config: {}, context: {} },
    ]);
  });

  it.each<[Json, string, string]>([
    [{ config: { tone: 5 } }, "invalid_default", "/defaults/config/tone"],
    [{ config: 5 }, "invalid_type", "/defaults/config"],
    [{ metadata: {} }, "unknown_key", "/defaults/metadata"],
  ])("%j are refused", (defaults, code, path) => {
    expect(problems({ config, defaults })).toEqual([[code, path]]);
  });
});

describe("state", () => {
  it("is a schema that clients get as it is written", () => {
    const state = { type: "object", title: "All", properties: { x: { "x-ui": "area" } } };
    expect(planOf({ state }).stateSchema?.document).toEqual(state);
  });

  it.each<[Json, string, string]>([
    [{ type: "object", properties: { y: {} } }, "unknown_channel", "/state/properties/y"],
    [{ type: "object", properties: { x: { type: 5 } } }, "invalid_schema", "/state/properties/x/type"],
    [["x"], "invalid_type", "/state"],
  ])("%j is refused", (state, code, path) => {
    expect(problems({ state })).toEqual([[code, path]]);
  });
});

describe("a conversation's default", () => {
  it("is kept in the form of all messages, with ids of its own", () => {
    const talk = { reducer: "messages", default: ["hi", { role: "assistant", content: "yes", id: "own" }] };
    const [, channel] = planOf({ channels: { x: {}, talk } }).channels;
    expect(channel?.default).toMatchObject([
      { type: "human", content: "hi", id: "talk-0" },
      { type: "ai", content: "yes", id: "own" },
    ]);
  });

  it("of what is no message is refused", () => {
    const talk = { reducer: "messages", default: [5] };
    expect(problems({ channels: { x: {}, talk } })).toEqual([["invalid_default", "/channels/talk/default"]]);
  });
});
