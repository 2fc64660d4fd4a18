import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { crash, follow, openThread, runToEnd, startOf } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

/** Adds one to `n`, after a moment. */
const TURN: JsonObject = {
  channels: { n: { default: 0, schema: { type: "integer" } }, log: { reducer: "append" } },
  nodes: {
    pause: { kind: "wait", for: "2ms" },
    add: { kind: "transform", set: { n: "state.n + 1", log: "index" } },
  },
  edges: [
    { from: "start", to: "pause" },
    { from: "pause", to: "add" },
  ],
};

function looped(more: JsonObject, graph = TURN): JsonObject {
  return {
    channels: { n: {}, log: { reducer: "append", default: [] }, after: {} },
    nodes: {
      turns: { kind: "loop", graph, output: { n: "state.n", log: "[]" }, input: {}, ...more },
      after: { kind: "transform", set: { after: "true" } },
    },
    edges: [
      { from: "start", to: "turns" },
      { from: "turns", to: "after" },
    ],
  };
}

describe("loop", () => {
  it.each<[string, JsonObject, number | undefined]>([
    ["until", { until: "state.n >= 4" }, 4],
    ["until, which is asked after the turn", { until: "true" }, 1],
    ["while", { while: "state.n < 3" }, 3],
    ["while, which is asked before the turn", { while: "state.n > 0" }, undefined],
    ["times", { times: 5 }, 5],
    ["times, by an expression", { times: "1 + 1" }, 2],
    ["no times", { times: 0 }, undefined],
    ["over", { over: "['a', 'b', 'c']" }, 3],
    ["over, ended by until with its item", { over: "['a', 'b', 'c']", until: "item == 'b'" }, 2],
    ["over, ended by while with its item", { over: "[1, 2, 9, 3]", while: "item < 5" }, 2],
    ["input, given once", { input: { n: "10" }, times: 2 }, 12],
  ])("[R10] %s", async (_, more, n) => {
    const { run, values } = await runToEnd(openThread(), looped(more));
    expect(run.error).toBeNull();
    expect(values).toEqual({ ...(n === undefined ? {} : { n }), log: [], after: true });
  });

  it("[R10] shared channels begin outside, are carried from turn to turn, and leave as writes", async () => {
    const graph = looped({});
    const turns = { kind: "loop", graph: TURN, times: 3 };
    const nodes = { ...(graph["nodes"] as JsonObject), turns };
    const { run, values } = await runToEnd(openThread(), { ...graph, nodes }, { n: 5, log: ["first"] });
    expect(run.error).toBeNull();
    expect(values).toEqual({ n: 8, log: ["first", 0, 1, 2], after: true });
  });

  it("[R9] a loop without end fails at its max, as a step limit", async () => {
    const { run } = await runToEnd(openThread(), looped({ until: "false", max: 7 }));
    expect(run.error).toMatchObject({
      code: "step_limit",
      node: "turns",
      message: expect.stringContaining("7 turns") as string,
    });
  });

  it("a turn that fails holds the loop, or goes where on_error says", async () => {
    const graph = {
      ...TURN,
      nodes: { no: { kind: "fail", message: "at {{ index }}" } },
      edges: [{ from: "start", to: "no" }],
    };
    expect((await runToEnd(openThread(), looped({ times: 3 }, graph))).run.error).toMatchObject({ message: "at 0" });
    const caught = await runToEnd(openThread(), looped({ times: 3, on_error: "after" }, graph));
    expect(caught).toMatchObject({ run: { status: "success" }, values: { after: true } });
  });

  it("[F1] crashes between and within turns change nothing", async () => {
    const thread = openThread();
    const command = startOf(thread, looped({ times: 12 }));
    unwrap(await thread.api.startRun(command));
    for (let times = 0; times < 4; times += 1) {
      await scheduler.wait(9);
      await crash(thread);
    }
    expect(unwrap(await thread.api.joinRun(command))).toMatchObject({ run: { error: null }, values: { n: 12 } });
  });
});

function raced(more: JsonObject, graph: JsonObject): JsonObject {
  return {
    channels: { who: {}, after: {} },
    nodes: {
      go: { kind: "race", over: "[30, 2, 60]", graph, output: { who: "item" }, ...more },
      after: { kind: "transform", set: { after: "true" } },
    },
    edges: [
      { from: "start", to: "go" },
      { from: "go", to: "after" },
    ],
  };
}

describe("race", () => {
  const started: number[] = [];
  const cancelled: number[] = [];
  const RUN: JsonObject = { nodes: { run: { kind: "runner" } }, edges: [{ from: "start", to: "run" }] };

  beforeAll(() => {
    ownKind("runner", async ({ scope, signal, say }) => {
      const ms = Number(scope.globals?.item);
      started.push(ms);
      say(`${ms} runs`);
      signal.addEventListener("abort", () => void cancelled.push(ms));
      await scheduler.wait(Math.abs(ms));
      if (ms < 0) throw new Error("fell");
      return { writes: [] };
    });
  });

  it("[R11] the first that is done wins, the others are cancelled, and only its writes leave", async () => {
    const { run, values } = await runToEnd(openThread(), raced({}, RUN));
    expect(run.error).toBeNull();
    expect(values).toEqual({ who: 2, after: true });
    expect(cancelled.toSorted((one, other) => one - other)).toEqual([30, 60]);
  });

  it("[R11] k of n, in the items' order", async () => {
    const { values } = await runToEnd(openThread(), raced({ first: 2 }, RUN));
    expect(values).toEqual({ who: [30, 2], after: true });
  });

  it("[R11] who fails is out of it; when too many are, the race fails as the first of them did", async () => {
    expect((await runToEnd(openThread(), raced({ over: "[-1, 20]" }, RUN))).values).toMatchObject({ who: 20 });
    expect((await runToEnd(openThread(), raced({ over: "[-1, -2]" }, RUN))).run.error).toMatchObject({ node: "run" });
  });

  it("[R11, F1] what is decided stays decided after a crash, and losers do not start again", async () => {
    const thread = openThread();
    const slow = {
      ...raced({}, RUN),
      nodes: { ...(raced({}, RUN)["nodes"] as JsonObject), after: { kind: "wait", for: "80ms" } },
    };
    const command = startOf(thread, slow);
    unwrap(await thread.api.startRun(command));
    await scheduler.wait(25);
    const before = started.length;
    await crash(thread);
    expect(unwrap(await thread.api.joinRun(command)).values).toEqual({ who: 2 });
    expect(started.length).toBe(before);
  });

  it("[G7, R11] followers hear the losers as far as they came, and hear the same again", async () => {
    const thread = openThread();
    const command = startOf(thread, raced({}, RUN));
    unwrap(await thread.api.startRun(command));
    const inside = { subgraphs: true };
    const live = await follow(thread, command.runId, ["messages-tuple", "updates"], -1, inside);
    const again = await follow(thread, command.runId, ["messages-tuple", "updates"], -1, inside);
    expect(again).toEqual(live);
    expect(live.filter(({ event }) => event.startsWith("messages|"))).toHaveLength(3);
  });

  it("[R11] losers that wait, or have graphs of their own, are dropped with all that is in them", async () => {
    const deep = {
      nodes: {
        which: { kind: "switch", on: "item", cases: { "2": "quick" }, else: "slow" },
        quick: { kind: "wait", for: "2ms" },
        slow: {
          kind: "map",
          over: "[1, 2, 3]",
          graph: { nodes: { w: { kind: "wait", for: "1h" } }, edges: [{ from: "start", to: "w" }] },
        },
      },
      edges: [{ from: "start", to: "which" }],
    };
    const { run, values } = await runToEnd(openThread(), raced({}, deep));
    expect(run.status).toBe("success");
    expect(values["who"]).toBe(2);
  });
});
