import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { z } from "zod";
import { beforeAll, describe, expect, it } from "vitest";
import { defineNode, target } from "../src/authoring.ts";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { type AnyNodeKind, nodeKinds } from "../src/nodes/registry.ts";
import { crash, openThread, runToEnd, startOf } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

/** Splits, works on each item that it is sent, and joins. */
function scattered(edges: readonly JsonObject[], more: JsonObject = {}): JsonObject {
  return {
    channels: {
      rows: { default: [3, 1, 2] },
      made: { reducer: "append", default: [] },
      joins: { reducer: "sum", default: 0 },
      seen: {},
    },
    nodes: {
      split: { kind: "transform" },
      work: { kind: "transform", set: { made: "payload * 10" } },
      join: { kind: "transform", set: { joins: "1", seen: "size(state.made)" } },
      ...more,
    },
    edges: [{ from: "start", to: "split" }, ...edges, { from: "work", to: "join" }],
  };
}

const EACH = { from: "split", to: "work", send: "state.rows" };
const values = async (graph: JsonObject, input: Json = {}) => (await runToEnd(openThread(), graph, input)).values;

describe("sends [R1]", () => {
  it("each item is a task with it as payload; writes fold in the items' order, and what joins them runs once, after all", async () => {
    expect(await values(scattered([EACH]))).toMatchObject({ made: [30, 10, 20], joins: 1, seen: 3 });
  });

  it("[R5] whichever task is done first: the order is that of the list", async () => {
    const ended: Json[] = [];
    ownKind("test-slow", async ({ scope: { payload = 0 } }) => {
      await new Promise((resolve) => setTimeout(resolve, Number(payload) * 20));
      ended.push(payload);
      return { writes: [{ channel: "made", value: payload }] };
    });
    expect(await values(scattered([EACH], { work: { kind: "test-slow" } }))).toMatchObject({
      made: [3, 1, 2],
      joins: 1,
    });
    expect(ended).toEqual([1, 2, 3]);
  });

  it("an empty list takes nothing, and an else beside it asks for conditions alone", async () => {
    const edges = [
      { ...EACH, when: "size(state.rows) > 0" },
      { from: "split", to: "join", else: true },
    ];
    expect(await values(scattered([EACH]), { rows: [] })).toMatchObject({ made: [], joins: 0 });
    expect(await values(scattered(edges), { rows: [] })).toMatchObject({ made: [], joins: 1 });
    expect(await values(scattered(edges))).toMatchObject({ made: [30, 10, 20], joins: 1, seen: 3 });
  });

  it("begin a run and a frame too", async () => {
    const edges = [
      { from: "start", to: "work", send: "state.rows" },
      { from: "work", to: "join" },
    ];
    const inner = { ...scattered([]), edges };
    expect(await values(inner)).toMatchObject({ made: [30, 10, 20], joins: 1, seen: 3 });
    const outer = {
      channels: { made: { reducer: "append" }, joins: { reducer: "sum" } },
      nodes: { inside: { kind: "subgraph", graph: inner } },
      edges: [{ from: "start", to: "inside" }],
    };
    expect(await values(outer)).toEqual({ made: [30, 10, 20], joins: 1 });
  });

  it("leave a composite, and a node whose failure is caught, by their edges as well", async () => {
    const inner = { nodes: { nothing: { kind: "transform" } }, edges: [{ from: "start", to: "nothing" }] };
    const split = { kind: "subgraph", graph: inner, input: {}, output: {} };
    expect(await values(scattered([EACH], { split }))).toMatchObject({ made: [30, 10, 20], joins: 1 });
    const failing = { kind: "fail", message: "no", on_error: { write: "seen" } };
    expect(await values(scattered([EACH], { split: failing }))).toMatchObject({ made: [30, 10, 20], joins: 1 });
  });

  it("a list that is none fails the task, naming the edge; its error edge goes on", async () => {
    const result = await runToEnd(openThread(), scattered([EACH]), { rows: 7 });
    expect(result.run.error).toMatchObject({ code: "expression_failed", node: "split" });
    expect(result.run.error?.message).toContain("split → work");
    const caught = scattered([EACH], { split: { kind: "transform", on_error: "join" } });
    expect(await values(caught, { rows: 7 })).toMatchObject({ joins: 1 });
  });

  it("what was sent is not lost, and not sent twice, when the process dies in between", async () => {
    const thread = openThread();
    const work = { kind: "wait", for: "150ms" };
    const after = { kind: "transform", set: { made: "1" }, join: "each" };
    const graph = scattered([EACH, { from: "work", to: "after" }], { work, after });
    const command = startOf(thread, graph);
    unwrap(await thread.api.startRun(command));
    await expect.poll(async () => unwrap(await thread.api.waitsOf(command)).length).toBe(3);
    await crash(thread);
    expect(unwrap(await thread.api.joinRun(command)).values).toMatchObject({ made: [1, 1, 1], joins: 1 });
  });

  it("a kind of one's own decides what it sends, and where", async () => {
    const scatter = defineNode({
      kind: "test-scatter",
      summary: "Sends squares",
      config: { upTo: z.number(), to: target(), done: target() },
      effect: "pure",
      run({ upTo, to, done }, { send, goto }) {
        for (let number = 1; number <= upTo; number += 1) send(to, number * number);
        if (upTo === 0) goto(done);
      },
    });
    (nodeKinds as Map<string, AnyNodeKind>).set(scatter.kind, scatter);
    const split = (upTo: number) => ({ split: { kind: "test-scatter", upTo, to: "work", done: "join" } });
    expect(await values(scattered([], split(4)))).toMatchObject({ made: [10, 40, 90, 160], joins: 1 });
    expect(await values(scattered([], split(0)))).toMatchObject({ made: [], joins: 1 });
  });

  it("thousands are sent in one commit", async () => {
    const graph = { ...scattered([EACH]), limits: { concurrency: 100 } };
    const rows = Array.from({ length: 3000 }, (_, index) => index);
    expect(await values(graph, { rows })).toMatchObject({ joins: 1, seen: 3000 });
  });
});
