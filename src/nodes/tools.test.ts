import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { compileGraph } from "../graph/compile.ts";
import { callsToRun, toolMessage } from "./tool-calls.ts";
import { nodeKinds } from "./registry.ts";
import { documentAround, problemsOf } from "./testing/one-node.ts";

const GRAPH: JsonObject = {
  channels: { result: {} },
  nodes: {
    look: { kind: "transform", set: { result: "item.args.at" } },
    ask: { kind: "transform" },
    asked: { kind: "transform", set: { result: "item.id" } },
  },
  edges: [{ from: "ask", to: "asked" }],
};
const CHANNELS: JsonObject = { messages: { reducer: "messages" }, other: {}, out: {} };
const problems = (more: JsonObject) => problemsOf({ kind: "tools", graph: GRAPH, ...more }, CHANNELS);

describe("tools", () => {
  it("are the nodes that no edge leads to: a call may begin there, and nothing else leads from start", () => {
    const result = compileGraph({ document: documentAround({ kind: "tools", graph: GRAPH }, CHANNELS) }, nodeKinds);
    const inside = result.ok ? result.plan.nodes[0]?.inside : undefined;
    expect(inside?.starts.map(({ to, condition }) => [to, condition.kind])).toEqual([
      [0, "goto"],
      [1, "goto"],
    ]);
    expect(inside?.structure.starts).toEqual([0, 1]);
  });

  it.each<[JsonObject, [string, string][]]>([
    [{ messages: "other" }, [["invalid_value", "/nodes/n/messages"]]],
    [{ messages: "nowhere" }, [["unknown_channel", "/nodes/n/messages"]]],
    [{ tools: { look: {}, asked: {} } }, [["invalid_value", "/nodes/n/tools/asked"]]],
    [{ tools: { look: { parameters: { type: 5 } } } }, [["invalid_schema", "/nodes/n/tools/look/parameters/type"]]],
    [{ graph: { ...GRAPH, edges: [{ from: "start", to: "look" }] } }, [["invalid_value", "/nodes/n/graph"]]],
    [{ graph: { nodes: { look: { kind: "transform" } }, edges: [] } }, [["unknown_channel", "/nodes/n/graph"]]],
    [{ result: "state.nowhere" }, [["unknown_channel", "/nodes/n/result"]]],
    [{ graph: "nowhere" }, [["unknown_graph", "/nodes/n/graph"]]],
  ])("with %j are refused where they are wrong", (more, expected) => {
    expect(problems(more)).toEqual(expected);
  });

  it("elsewhere a graph without a start is refused as ever", () => {
    expect(problemsOf({ kind: "subgraph", graph: GRAPH })).toContainEqual(["no_start", "/nodes/n/graph/edges"]);
  });

  it.each(["look", "n", "nowhere"])("a model is told of no tools by %s", (tools) => {
    const node = { kind: "model", prompt: "?", write: "out", tools };
    expect(problemsOf(node).map(([, path]) => path)).toEqual(["/nodes/n/tools"]);
  });
});

describe("the calls of a conversation", () => {
  const ai = (...calls: Json[]): Json => ({ type: "ai", content: "", tool_calls: calls });
  const call = (id: string): JsonObject => ({ id, name: "f", args: {} });
  const answer = (id: string): Json => ({ type: "tool", tool_call_id: id, content: "" });

  it.each<[string, Json | undefined, JsonObject[]]>([
    ["of no conversation are none", undefined, []],
    ["of nobody are none", [{ type: "human", content: "" }], []],
    ["are those of the last assistant message", [ai(call("a")), answer("a"), ai(call("b"))], [call("b")]],
    ["are not those before it", [ai(call("a")), ai()], []],
    ["are without those that are answered", [ai(call("a"), call("b")), answer("a")], [call("b")]],
    ["have a name and arguments, whatever is missing", [ai({ id: "a" }, 5)], [{ id: "a", name: "", args: {} }]],
  ])("%s", (_, messages, expected) => {
    expect(callsToRun(messages)).toEqual(expected);
  });

  it("are answered with a text as it is, and with anything else as JSON", () => {
    const told = { type: "tool", tool_call_id: "a", name: "f", status: "success" };
    expect(toolMessage(call("a"), "yes", "success")).toEqual({ ...told, content: "yes" });
    expect(toolMessage(call("a"), { a: [1] }, "success")).toEqual({ ...told, content: '{"a":[1]}' });
  });
});
