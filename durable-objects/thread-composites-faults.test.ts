import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { follow, openThread, runToEnd, says, startOf } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

const chain = (...ids: readonly string[]): Json[] =>
  ids.map((to, index) => ({ from: index === 0 ? "start" : (ids[index - 1] ?? ""), to }));

const WORK: JsonObject = {
  channels: { n: {}, r: {} },
  nodes: { work: { kind: "transform", set: { r: "state.n" } } },
  edges: chain("work"),
};

it("see all that a composite wrote to a channel in its update", async () => {
  const thread = openThread();
  const command = startOf(thread, {
    channels: { log: { reducer: "append" } },
    nodes: {
      inner: {
        kind: "subgraph",
        graph: {
          channels: { log: { reducer: "append" } },
          nodes: {
            one: { kind: "transform", set: { log: "'one'" } },
            two: { kind: "transform", set: { log: "'two'" } },
          },
          edges: chain("one", "two"),
        },
      },
    },
    edges: chain("inner"),
  });
  unwrap(await thread.api.startRun(command));
  const frames = await follow(thread, command.runId, ["updates"]);
  expect(frames.filter(({ event }) => event === "updates").map(({ data }) => data)).toEqual([
    { inner: { log: ["one", "two"] } },
  ]);
});

describe("messages in composites", () => {
  const texts = (values: JsonObject): Json[] =>
    (values["messages"] as JsonObject[]).map(({ content }) => content ?? "");

  it("of several items are several, each with an id of its own", async () => {
    const { values } = await runToEnd(openThread(), {
      channels: { messages: { reducer: "messages" } },
      nodes: {
        each: {
          kind: "map",
          over: "['a', 'b', 'c']",
          input: { word: "item" },
          output: { messages: "'said ' + state.word" },
          graph: {
            channels: { word: {} },
            nodes: { nothing: { kind: "transform", set: { word: "state.word" } } },
            edges: chain("nothing"),
          },
        },
      },
      edges: chain("each"),
    });
    expect(texts(values)).toEqual(["said a", "said b", "said c"]);
  });

  it("that a frame begins with are other ones in another run", async () => {
    const thread = openThread();
    const graph: JsonObject = {
      channels: { messages: { reducer: "messages" }, q: {} },
      input: ["q"],
      nodes: {
        inner: {
          kind: "subgraph",
          input: { messages: "[{'role': 'user', 'content': state.q}]" },
          output: { messages: "state.messages" },
          graph: {
            channels: { messages: { reducer: "messages" } },
            nodes: { answer: says("yes", "messages") },
            edges: chain("answer"),
          },
        },
      },
      edges: chain("inner"),
    };
    await runToEnd(thread, graph, { q: "first?" });
    const { run, values } = await runToEnd(thread, graph, { q: "second?" });
    expect(run.error).toBeNull();
    expect(texts(values)).toEqual(["first?", "yes", "second?", "yes"]);
  });
});

describe("names inside a composite", () => {
  it("are those of the graph inside, in its start conditions and in what leaves it", async () => {
    const { run, values } = await runToEnd(openThread(), {
      channels: { out: {} },
      variables: { who: "outside" },
      nodes: { inner: { kind: "subgraph", graph: "talk", output: { out: "vars.who + state.went" } } },
      edges: chain("inner"),
      graphs: {
        talk: {
          variables: { who: "inside", go: true },
          channels: { went: { default: " nowhere" } },
          nodes: { walk: { kind: "transform", set: { went: "' there'" } } },
          edges: [{ from: "start", to: "walk", when: "vars.go && vars.who == 'inside'" }],
        },
      },
    });
    expect(run.error).toBeNull();
    expect(values["out"]).toBe("inside there");
  });
});

const inside = (graph: JsonObject, more: JsonObject = {}): JsonObject => ({
  channels: { out: { default: "untouched" } },
  nodes: { inner: { kind: "subgraph", graph, output: { out: "state.r" }, ...more } },
  edges: chain("inner"),
});

describe("a frame", () => {
  const two = { kind: "transform", set: { r: "2" } };

  it("whose start takes nothing is over at once", async () => {
    const graph = {
      channels: { r: { default: 1 } },
      nodes: { two },
      edges: [{ from: "start", to: "two", when: "false" }],
    };
    expect((await runToEnd(openThread(), inside(graph))).values["out"]).toBe(1);
  });

  it("whose start condition fails is the composite's failure", async () => {
    const graph = {
      channels: { r: {} },
      nodes: { two },
      edges: [{ from: "start", to: "two", when: "state.r.x == 1" }],
    };
    const { run } = await runToEnd(openThread(), inside(graph));
    expect(run.error).toMatchObject({ code: "condition_failed", node: "inner" });
  });

  it("has steps of its own, and none beyond them", async () => {
    const graph: JsonObject = {
      channels: { r: { reducer: "sum" } },
      nodes: { two },
      edges: [
        { from: "start", to: "two" },
        { from: "two", to: "two", when: "true" },
      ],
      limits: { steps: 5 },
    };
    const { run, values } = await runToEnd(openThread(), inside(graph));
    expect(run.error).toMatchObject({ code: "step_limit", node: "two" });
    expect(values["out"]).toBe("untouched");
  });

  const parallel = (channel: JsonObject): JsonObject => ({
    channels: { note: channel },
    nodes: {
      each: {
        kind: "map",
        over: "['a', 'b']",
        input: { mine: "item" },
        graph: {
          channels: { mine: {}, note: {} },
          nodes: { say: { kind: "transform", set: { note: "state.mine" } } },
          edges: chain("say"),
        },
      },
    },
    edges: chain("each"),
  });

  it("[R6] that writes another value than one beside it is in conflict with it, unless the last is to win", async () => {
    const { run } = await runToEnd(openThread(), parallel({}));
    expect(run.error).toMatchObject({ code: "conflicting_write", node: "each" });
    expect((await runToEnd(openThread(), parallel({ conflict: "last" }))).values["note"]).toBe("b");
  });

  it("[R6] over a channel in conflict does not begin", async () => {
    const { run } = await runToEnd(openThread(), {
      channels: { list: {}, out: {} },
      nodes: {
        a: { kind: "transform", set: { list: "[1]" } },
        b: { kind: "transform", set: { list: "[2]" } },
        each: { kind: "map", over: "state.list", input: { n: "item" }, output: { out: "state.r" }, graph: WORK },
      },
      edges: ["a", "b"].flatMap((id) => [
        { from: "start", to: id },
        { from: id, to: "each" },
      ]),
    });
    expect(run.error).toMatchObject({ code: "conflicting_write", node: "each" });
  });

  it("[F23] of more than a value may hold is refused, and the thread goes on", { timeout: 30_000 }, async () => {
    ownKind("fill", () => ({
      writes: Array.from({ length: 18 }, (_, n) => ({ channel: "list", value: String(n).padEnd(1_000_000, "x") })),
    }));
    const thread = openThread();
    const { run } = await runToEnd(thread, {
      channels: { list: { reducer: "append" }, out: {} },
      output: ["out"],
      nodes: {
        fill: { kind: "fill" },
        each: { kind: "map", over: "state.list", input: { n: "item" }, output: { out: "state.r" }, graph: WORK },
      },
      edges: chain("fill", "each"),
    });
    expect(run.error).toMatchObject({ code: "value_too_large", node: "each" });
    expect((await runToEnd(openThread(), parallel({ conflict: "last" }))).run.status).toBe("success");
  });
});

it("[F25] graphs that run each other many times over on many levels cost no more than they have nodes", async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `n${index}`);
  const levels = [0, 1, 2, 3, 4, 5];
  const running = (graph: string): JsonObject => ({
    channels: { r: {} },
    nodes: Object.fromEntries(ids.map((id) => [id, { kind: "subgraph", graph }])),
    edges: chain(...ids).map((edge, index) => (index === 0 ? edge : { ...(edge as JsonObject), when: "false" })),
  });
  const graph = running("g0");
  const nodes = { ...(graph["nodes"] as JsonObject), kept: { kind: "subgraph", graph: "g0", cache: { ttl: "1m" } } };
  const last = {
    channels: { r: {} },
    nodes: { stop: { kind: "transform", set: { r: "'end'" } } },
    edges: chain("stop"),
  };
  const graphs = Object.fromEntries(
    levels.map((level) => [`g${level}`, level === 5 ? last : running(`g${level + 1}`)]),
  );
  const edges = [...(graph["edges"] as Json[]), { from: "n39", to: "kept", when: "false" }];
  const { run, values } = await runToEnd(openThread(), { ...graph, nodes, edges, graphs });
  expect([run.error, values["r"]]).toEqual([null, "end"]);
});
