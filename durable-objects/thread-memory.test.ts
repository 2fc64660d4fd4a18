import { applyD1Migrations, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { ownKind } from "./testing/own-kind.ts";
import { crash, follow, openThread, runToEnd, says, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import type { ThreadState } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

/** Takes input, does nothing. */
function keeper(channels: JsonObject): JsonObject {
  return {
    channels,
    nodes: { rest: { kind: "transform" } },
    edges: [{ from: "start", to: "rest" }],
    input: Object.keys(channels),
  };
}

function sql(thread: TestThread, query: string): Promise<Record<string, unknown>[]> {
  return runInDurableObject(thread.stub, (_, state) => state.storage.sql.exec(query).toArray());
}

async function historyOf(
  { api, tenant, threadId }: TestThread,
  limit = 1_000,
  before?: string,
): Promise<readonly ThreadState[]> {
  return unwrap(await api.getHistory({ tenant, threadId, limit, ...(before === undefined ? {} : { before }) }));
}

describe("snapshots", () => {
  it("are due by what was committed, values that stand outside their rows included", async () => {
    const thread = openThread();
    for (let turn = 0; turn < 8; turn++)
      await runToEnd(thread, keeper({ doc: {} }), { doc: `${turn}`.repeat(100_000) });
    const [newest] = await sql(thread, "SELECT max(seq) AS seq FROM snapshots");
    const [after] = await sql(
      thread,
      `SELECT sum(weight) AS weight FROM commits WHERE seq > ${Number(newest?.["seq"] ?? 0)}`,
    );
    expect(newest?.["seq"]).not.toBeNull();
    // Twice the state, and one run that did not quite reach it.
    expect(Number(after?.["weight"] ?? 0)).toBeLessThan(3 * 100_100);
    await evictDurableObject(thread.stub);
    expect((await stateOf(thread)).values).toEqual({ doc: "7".repeat(100_000) });
  });

  it("change nothing of what history says, before, between and after them, evicted or not", async () => {
    const thread = openThread();
    const graph = keeper({ doc: {}, log: { reducer: "append" } });
    const pad = "p".repeat(40_000);
    for (let turn = 0; turn < 24; turn++) await runToEnd(thread, graph, { doc: `${turn}${pad}`, log: turn });
    expect((await sql(thread, "SELECT seq FROM snapshots")).length).toBe(2);
    await evictDurableObject(thread.stub);
    const history = await historyOf(thread);
    expect(history).toHaveLength(72);
    for (const [index, state] of history.entries()) {
      // Of each run the oldest shows what it began on.
      const turn = 23 - Math.floor((index + 1) / 3);
      const log = Array.from({ length: turn + 1 }, (_, at) => at);
      expect(state.values).toEqual(turn < 0 ? {} : { doc: `${turn}${pad}`, log });
    }
    const ids = history.map((state) => state.checkpoint?.["checkpoint_id"] as string);
    expect(history.map((state) => state.parent_checkpoint?.["checkpoint_id"] ?? null)).toEqual([...ids.slice(1), null]);
    for (const at of [1, 20, 70]) expect(await historyOf(thread, 3, ids[at])).toEqual(history.slice(at + 1, at + 4));
    const { tenant, threadId } = thread;
    for (const checkpointId of [ids[0], ids[25], ids[71]].map(String))
      expect(unwrap(await thread.api.getState({ tenant, threadId, checkpointId }))).toEqual(
        history[ids.indexOf(checkpointId)],
      );
  });

  it("a long history is read in one pass, however old the part asked for", async () => {
    const thread = openThread();
    const graph = keeper({ log: { reducer: "append" } });
    for (let turn = 0; turn < 150; turn++) await runToEnd(thread, graph, { log: "x".repeat(2_000) });
    const reads = await runInDurableObject(thread.stub, async (object, state) => {
      const { sql: storage } = state.storage;
      const original = storage.exec.bind(storage);
      let count = 0;
      storage.exec = ((...all: Parameters<typeof original>) => {
        if (all[0].includes("FROM commits")) count += 1;
        return original(...all);
      }) as typeof storage.exec;
      await object.getHistory({ tenant: thread.tenant, threadId: thread.threadId, limit: 300 });
      storage.exec = original;
      return count;
    });
    expect(reads).toBeLessThan(2 * 150);
  });
});

describe("one thread, several graphs", () => {
  it("each run is played by its own graph, also one that was published anew under an old number", async () => {
    const thread = openThread();
    const turns: readonly (readonly [JsonObject, Json, JsonObject])[] = [
      [
        { x: { reducer: "sum" }, a: {} },
        { x: 1, a: "a" },
        { x: 1, a: "a" },
      ],
      [
        { x: { reducer: "append" }, b: {} },
        { x: [2], b: "b" },
        { x: [1, 2], a: "a", b: "b" },
      ],
      [{ x: { reducer: "messages" } }, { x: "hello" }, {}],
      [{ c: { default: 5 } }, {}, {}],
      [{ x: { reducer: "merge" } }, { x: { k: 1 } }, {}],
      [{ x: {} }, { x: null }, {}],
    ];
    for (const [channels, input] of turns) await runToEnd(thread, keeper(channels), input);
    const live = await historyOf(thread);
    await crash(thread);
    expect(await historyOf(thread)).toEqual(live);
    const values = live
      .filter((_, index) => index % 3 === 0)
      .map((state) => state.values)
      .reverse();
    for (const [index, [, , expected]] of turns.entries()) expect(values[index]).toMatchObject(expected);
    expect(values[3]).toMatchObject({ a: "a", b: "b", c: 5 });
    expect(values[5]).toEqual({ x: null, a: "a", b: "b", c: 5 });
    expect((await stateOf(thread)).values).toEqual(values[5]);
  });

  it("[R7] null is a value: the default does not come back for it in the next run, nor in its first conditions", async () => {
    const thread = openThread();
    const graph = (input: readonly string[]): JsonObject => ({
      channels: { x: { default: 7 }, went: {} },
      nodes: {
        here: { kind: "transform", set: { went: "'null'" } },
        there: { kind: "transform", set: { went: "'default'" } },
      },
      edges: [
        { from: "start", to: "here", when: "state.x == null" },
        { from: "start", to: "there", else: true },
      ],
      input: [...input],
    });
    expect((await runToEnd(thread, graph(["x"]), { x: null })).values).toEqual({ x: null, went: "null" });
    expect((await runToEnd(thread, graph([]))).values).toEqual({ x: null, went: "null" });
  });

  it("a run whose graph cannot be read any more: the thread says so, and makes no values up; it can be erased", async () => {
    const thread = openThread();
    const graph = keeper({ x: { reducer: "sum" } });
    const first = await runToEnd(thread, graph, { x: 1 });
    await runToEnd(thread, { ...graph, description: "a second version" }, { x: 1 });
    const [hash] = await sql(thread, "SELECT hash FROM graphs ORDER BY n LIMIT 1");
    await sql(thread, `INSERT INTO blobs VALUES ('graph:lost', 0, '{"edgewise": 99}')`);
    await sql(thread, `UPDATE graphs SET hash = 'lost' WHERE hash = '${String(hash?.["hash"])}'`);
    await crash(thread);
    const unreadable = { ok: false, error: { code: "invalid_graph" } };
    expect(await thread.api.startRun(startOf(thread, graph, { x: 1 }))).toMatchObject(unreadable);
    const { tenant, threadId } = thread;
    expect(await thread.api.getState({ tenant, threadId })).toMatchObject(unreadable);
    expect(unwrap(await thread.api.getRun({ tenant, threadId, runId: first.run.run_id })).status).toBe("success");
    unwrap(await thread.api.deleteThread({ tenant, threadId }));
  });

  it("a run that is live then ends with that reason instead of staying live for ever", async () => {
    const thread = openThread();
    const command = startOf(thread, {
      channels: { x: {} },
      nodes: { talk: says("late", "x", { firstDelayMs: 600_000 }) },
      edges: [{ from: "start", to: "talk" }],
    });
    unwrap(await thread.api.startRun(command));
    await sql(thread, `INSERT INTO blobs VALUES ('graph:lost', 0, '{"edgewise": 99}')`);
    await sql(thread, "UPDATE graphs SET hash = 'lost'");
    await crash(thread);
    const run = unwrap(await thread.api.getRun(command));
    expect(run).toMatchObject({ status: "error", error: { code: "invalid_graph" } });
    await crash(thread);
    expect(unwrap(await thread.api.getRun(command))).toEqual(run);
    expect(await thread.api.touch(command)).toBe(false);
  });
});

it("[F23] an answer of 5 MB is streamed, kept, and given back whole, after a crash too", async () => {
  const thread = openThread();
  const text = "\u{1f9ed}\u{1f30d} é\ud800\0".repeat(625_000);
  ownKind("writer", async (context) => {
    for (let start = 0; start < text.length; start += 700_001) context.say(text.slice(start, start + 700_001));
    await scheduler.wait(1);
    return { writes: [{ channel: "x", value: text }] };
  });
  const graph = { channels: { x: {} }, nodes: { talk: { kind: "writer" } }, edges: [{ from: "start", to: "talk" }] };
  const command = startOf(thread, graph);
  unwrap(await thread.api.startRun(command));
  await thread.api.joinRun(command);
  await crash(thread);
  expect((await stateOf(thread)).values["x"] === text).toBe(true);
  const heard = (await follow(thread, command.runId, ["messages-tuple"]))
    .filter(({ event }) => event === "messages")
    .map(({ data }) => (data as unknown as [{ content: string }])[0].content);
  expect(heard.join("") === text).toBe(true);
});

it("asked for its state all the time, a run that goes on says what its log will say", async () => {
  const thread = openThread();
  const graph = {
    channels: { a: {}, b: {}, c: {} },
    nodes: { one: says("one", "a", { delayMs: 5 }), two: says("two", "b", { delayMs: 15 }), three: says("three", "c") },
    edges: [
      { from: "start", to: "one" },
      { from: "start", to: "two" },
      { from: "one", to: "three" },
      { from: "two", to: "three" },
    ],
  };
  const command = startOf(thread, graph);
  unwrap(await thread.api.startRun(command));
  const seen: ThreadState[] = [];
  for (let over = false; !over; ) {
    seen.push(await stateOf(thread));
    over = unwrap(await thread.api.getRun(command)).status !== "running";
  }
  const history = new Map((await historyOf(thread)).map((state) => [state.checkpoint?.["checkpoint_id"], state]));
  for (const state of seen) expect(history.get(state.checkpoint?.["checkpoint_id"])).toEqual(state);
});
