import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { attempts, crash, follow, openThread, runToEnd, says, startOf } from "./testing/open-thread.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

const upTo = (count: number): string => JSON.stringify(Array.from({ length: count }, (_, index) => index));

/** A graph that squares `n`, slowly enough to be interrupted. */
const SQUARE: JsonObject = {
  channels: { n: { schema: { type: "integer" } }, square: {} },
  nodes: {
    wait: { kind: "wait", for: "5ms" },
    work: { kind: "transform", set: { square: "state.n * state.n" } },
  },
  edges: [
    { from: "start", to: "wait" },
    { from: "wait", to: "work" },
  ],
};

function mapped(items: string, more: JsonObject = {}): JsonObject {
  return {
    channels: { squares: { default: [] }, wrong: {} },
    nodes: {
      each: {
        kind: "map",
        over: items,
        graph: SQUARE,
        input: { n: "item" },
        output: { squares: "state.square" },
        ...more,
      },
    },
    edges: [{ from: "start", to: "each" }],
  };
}

describe("map", () => {
  it("[R10] runs its graph for each item and gathers what they give, in the items' order", async () => {
    const { run, values } = await runToEnd(openThread(), mapped("[3, 1, 2]"));
    expect(run).toMatchObject({ status: "success", error: null });
    expect(values["squares"]).toEqual([9, 1, 4]);
  });

  it("[R10] over nothing ends at once and takes its edge", async () => {
    const graph = mapped("[]");
    const after = { kind: "transform", set: { wrong: "size(state.squares)" } };
    const { values } = await runToEnd(openThread(), {
      ...graph,
      nodes: { ...(graph["nodes"] as JsonObject), after },
      edges: [
        { from: "start", to: "each" },
        { from: "each", to: "after" },
      ],
    });
    expect(values).toEqual({ squares: [], wrong: 0 });
  });

  it("[R10, F1] a crash in the middle changes nothing of the result, and repeats no item that is over", async () => {
    const thread = openThread();
    const command = startOf(thread, mapped(upTo(12), { concurrency: 3 }));
    unwrap(await thread.api.startRun(command));
    for (let times = 0; times < 4; times += 1) {
      await scheduler.wait(12);
      await crash(thread);
    }
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect(run.error).toBeNull();
    expect(values["squares"]).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121]);
  });

  it("a channel that folds gets each item's value as a write of its own", async () => {
    const graph = mapped("[3, 1, 2]", { output: { total: "state.square", squares: "item" } });
    const channels = { total: { reducer: "sum", default: 0 }, squares: {} };
    const { values } = await runToEnd(openThread(), { ...graph, channels });
    expect(values).toEqual({ total: 14, squares: [3, 1, 2] });
  });

  it.each([
    ["fail", { on_failure: "fail" }, "error", undefined],
    ["skip", { on_failure: "skip" }, "success", [1, 9]],
    ["collect", { on_failure: "collect", failures: "wrong" }, "success", [1, 9]],
  ])("[R9, R10] an item that fails: %s", async (_, more, status, squares) => {
    const graph = mapped("[1, 'two', 3]", { ...more, input: { n: "dyn(item)" } });
    const { run, values } = await runToEnd(openThread(), graph);
    expect(run.status).toBe(status);
    if (squares === undefined) expect(run.error).toMatchObject({ code: "invalid_write", node: "each" });
    else expect(values["squares"]).toEqual(squares);
    if ("failures" in more)
      expect(values["wrong"]).toMatchObject([{ index: 1, item: "two", error: { code: "invalid_write" } }]);
  });

  it("[R9] a task that fails inside holds its composite, and the run says which", async () => {
    const graph = mapped("[1]", {
      graph: {
        channels: { n: {}, square: {} },
        nodes: { broken: { kind: "fail", message: "no {{ item }}" } },
        edges: [{ from: "start", to: "broken" }],
      },
    });
    const { run } = await runToEnd(openThread(), graph);
    expect(run.error).toMatchObject({ code: "failed_by_graph", node: "broken", message: "no 1" });
  });

  it("over what is no list fails, and says so", async () => {
    const { run } = await runToEnd(openThread(), mapped("dyn('abc')"));
    expect(run.error).toMatchObject({ code: "expression_failed", node: "each" });
  });

  it("[G10] after a cancel no item starts", async () => {
    const thread = openThread();
    const slow = mapped(upTo(100), { concurrency: 2 });
    const command = startOf(thread, slow);
    unwrap(await thread.api.startRun(command));
    await scheduler.wait(20);
    unwrap(await thread.api.cancelRun(command));
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect(run.status).toBe("interrupted");
    expect(values["squares"]).toEqual([]);
  });
});

const CHAT: JsonObject = {
  channels: { messages: { reducer: "messages" }, log: { reducer: "append" }, note: {} },
  nodes: {
    first: { kind: "transform", set: { log: "'outside'", note: "'kept'" } },
    inner: { kind: "subgraph", graph: "talk" },
    last: { kind: "transform", set: { log: "'after ' + string(size(state.log))" } },
  },
  edges: [
    { from: "start", to: "first" },
    { from: "first", to: "inner" },
    { from: "inner", to: "last" },
  ],
  graphs: {
    talk: {
      channels: { messages: { reducer: "messages" }, log: { reducer: "append" }, note: {}, mine: { default: 1 } },
      nodes: {
        say: says("Hello there", "messages"),
        one: { kind: "transform", set: { log: "'one'" } },
        two: { kind: "transform", set: { log: "'two sees ' + string(size(state.log))" } },
      },
      edges: [
        { from: "start", to: "say" },
        { from: "start", to: "one" },
        { from: "one", to: "two" },
        { from: "say", to: "two" },
      ],
    },
  },
};

describe("subgraph", () => {
  it("[R10] shares the channels of one name: they begin with what the task sees, writes leave as writes", async () => {
    const { run, values } = await runToEnd(openThread(), CHAT);
    expect(run.error).toBeNull();
    expect(values["log"]).toEqual(["outside", "one", "two sees 2", "after 3"]);
    expect(values["messages"]).toMatchObject([{ type: "ai", content: "Hello there" }]);
    expect(values).not.toHaveProperty("mine");
    expect(values["note"]).toBe("kept");
  });

  it("followers hear what is said inside, and see the composite as one task", async () => {
    const thread = openThread();
    const command = startOf(thread, CHAT);
    unwrap(await thread.api.startRun(command));
    const modes = ["messages-tuple", "updates", "tasks"] as const;
    const frames = await follow(thread, command.runId, modes);
    const deep = await follow(thread, command.runId, modes, -1, { subgraphs: true });
    const said = deep.filter(({ event }) => event.split("|")[0] === "messages");
    const heard = said.map(({ data }) => data as [{ content: string }, JsonObject]);
    expect(heard.map(([{ content }]) => content).join("")).toBe("Hello there");
    expect(heard.map(([, metadata]) => metadata["langgraph_node"])).toContain("say");
    const updates = frames
      .filter(({ event }) => event === "updates")
      .map(({ data }) => Object.keys(data as JsonObject)[0]);
    expect(updates).toEqual(["first", "inner", "last"]);
    const tasks = frames.filter(({ event }) => event === "tasks").map(({ data }) => (data as JsonObject)["name"]);
    expect(new Set(tasks)).toEqual(new Set(["first", "inner", "last"]));
    const ids = frames.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("[R10] a composite in a composite, retried inside, gives its value to the outermost", async () => {
    const inner: JsonObject = {
      channels: { word: {}, answer: {} },
      nodes: { ask: attempts("answer", { fault: "status", status: 503 }, { reply: "ok" }) },
      edges: [{ from: "start", to: "ask" }],
    };
    const middle: JsonObject = {
      channels: { word: {}, answer: {} },
      nodes: { deep: { kind: "subgraph", graph: inner } },
      edges: [{ from: "start", to: "deep" }],
    };
    const { run, values } = await runToEnd(openThread(), {
      channels: { answers: {} },
      nodes: { each: { kind: "map", over: "['a', 'b']", graph: middle, output: { answers: "state.answer + item" } } },
      edges: [{ from: "start", to: "each" }],
    });
    expect(run.error).toBeNull();
    expect(values["answers"]).toEqual(["oka", "okb"]);
  });

  it("history has the outer commits alone, and the state inside is nobody's", async () => {
    const thread = openThread();
    await runToEnd(thread, CHAT);
    const history = unwrap(await thread.api.getHistory({ ...thread, limit: 50 }));
    expect(history.map(({ next }) => next)).toEqual([[], ["last"], ["inner"], ["first"], ["__start__"]]);
  });
});
