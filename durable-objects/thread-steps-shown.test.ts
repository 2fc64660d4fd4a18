import { applyD1Migrations, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { addressOf, answered, checkpointOf, edges, goOn, question, start } from "./testing/going-on.ts";
import { copyLog, putBack } from "./testing/log-copy.ts";
import { openThread, runToEnd, stateOf, type TestThread } from "./testing/open-thread.ts";
import type { ThreadState } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

const CHANNELS: JsonObject = { log: { reducer: "append" }, last: { conflict: "last" } };
/** Signs the log and overwrites what others wrote. */
const sign = (name: string): JsonObject => ({ kind: "transform", set: { log: `'${name}'`, last: `'${name}'` } });
const pause = (ms: number): JsonObject => ({ kind: "wait", for: `${ms}ms` });

/** a, then b and c side by side, then d; each behind a wait of its own, so that either may be first. */
const diamond = (left: number, right: number): JsonObject => ({
  channels: CHANNELS,
  nodes: { a: sign("a"), bw: pause(left), cw: pause(right), b: sign("b"), c: sign("c"), d: sign("d") },
  edges: edges(["start", "a"], ["a", "bw"], ["a", "cw"], ["bw", "b"], ["cw", "c"], ["b", "d"], ["c", "d"]),
});

/** A long branch beside a short one; which is ahead is a matter of `slow`. */
const uneven = (long: number, short: number): JsonObject => ({
  channels: CHANNELS,
  nodes: {
    a: sign("a"),
    lw: pause(long),
    l1: sign("l1"),
    l2: sign("l2"),
    sw: pause(short),
    z: sign("z"),
  },
  edges: edges(["start", "a"], ["a", "lw"], ["lw", "l1"], ["l1", "l2"], ["a", "sw"], ["l2", "z"], ["sw", "z"]),
});

async function historyOf(thread: TestThread): Promise<readonly ThreadState[]> {
  return unwrap(await thread.api.getHistory({ ...addressOf(thread), limit: 1_000 })).toReversed();
}

const stepOf = ({ metadata }: ThreadState) => metadata?.["step"];
const logs = (history: readonly ThreadState[]) => history.map((state) => [stepOf(state), state.values["log"] ?? []]);
const told = (history: readonly ThreadState[]) =>
  history.map((state) => [stepOf(state), state.values["log"] ?? [], state.next]);

/** Each is there under its id, chained to the one before; and restarts, also in the middle, change none of it. */
async function expectSound(thread: TestThread): Promise<void> {
  const history = await historyOf(thread);
  const ids = history.map(checkpointOf);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [index, state] of history.entries()) {
    expect(state.parent_checkpoint?.["checkpoint_id"] ?? "").toBe(ids[index - 1] ?? "");
    expect(unwrap(await thread.api.getState({ ...addressOf(thread), checkpointId: ids[index] ?? "" }))).toEqual(state);
    const older = { ...addressOf(thread), limit: 1, before: ids[index] ?? "" };
    expect(unwrap(await thread.api.getHistory(older)).map(checkpointOf)).toEqual(ids.slice(index - 1, index));
  }
  expect(await stateOf(thread)).toEqual(history.at(-1));
  await evictDurableObject(thread.stub);
  expect(await historyOf(thread)).toEqual(history);
  expect(await stateOf(thread)).toEqual(history.at(-1));
  const select = ["metadata", "created_at", "checkpoint", "parent_checkpoint"] as const;
  const rows = unwrap(await thread.api.getHistoryJson({ ...addressOf(thread), limit: 1_000, select }));
  expect((JSON.parse(rows) as ThreadState[]).toReversed()).toEqual(
    history.map((state) => Object.fromEntries(select.map((name) => [name, state[name]]))),
  );
}

describe("an even graph", () => {
  it.each([
    ["left", 1, 25],
    ["right", 25, 1],
  ])("[R5] shows input, a, the waits, b and c, d, whichever is first: %s", async (_, left, right) => {
    const thread = openThread();
    await runToEnd(thread, diamond(left, right));
    const history = await historyOf(thread);
    expect(logs(history)).toEqual([
      [-1, []],
      [0, []],
      [1, ["a"]],
      [2, ["a"]],
      [3, ["a", "b", "c"]],
      [4, ["a", "b", "c", "d"]],
    ]);
    const next = history.map((state) => state.next);
    expect([...next.slice(0, 3), ...next.slice(4)]).toEqual([["__start__"], ["a"], ["bw", "cw"], ["d"], []]);
    expect(history.map(({ metadata }) => metadata?.["source"])).toEqual(["input", ...Array<string>(5).fill("loop")]);
    await expectSound(thread);
  });

  it("goes on counting with the thread's next run", async () => {
    const thread = openThread();
    await runToEnd(thread, { channels: CHANNELS, nodes: { a: sign("a") }, edges: edges(["start", "a"]) });
    await runToEnd(thread, { channels: CHANNELS, nodes: { a: sign("a") }, edges: edges(["start", "a"]) });
    expect(logs(await historyOf(thread))).toEqual([
      [-1, []],
      [0, []],
      [1, ["a"]],
      [2, ["a"]],
      [3, ["a"]],
      [4, ["a", "a"]],
    ]);
    await expectSound(thread);
  });
});

const UNEVEN: readonly Json[] = [
  [-1, []],
  [0, []],
  [1, ["a"]],
  [2, ["a"]],
  [3, ["a", "l1"]],
  [4, ["a", "l1", "l2"]],
  [5, ["a", "l1", "l2", "z"]],
];

describe("an uneven graph", () => {
  it.each([
    ["the long branch waits", 25, 1],
    ["the long branch runs ahead", 1, 25],
  ])("[R5] shows a step a level with the values up to it: %s", async (_, long, short) => {
    const thread = openThread();
    await runToEnd(thread, uneven(long, short));
    const history = await historyOf(thread);
    expect(logs(history)).toEqual(UNEVEN);
    // of a channel without a reducer too, which has been overwritten since
    expect(history.map(({ values }) => values["last"])).toEqual([undefined, undefined, "a", "a", "l1", "l2", "z"]);
    await expectSound(thread);
  });

  it("[F1] shows the same after a death at any commit", async () => {
    const thread = openThread();
    const command = await start(thread, uneven(1, 15));
    unwrap(await thread.api.joinRun(command));
    const log = await copyLog(thread);
    for (const { seq } of log.commits) {
      await putBack(thread, log, seq);
      unwrap(await thread.api.joinRun(command));
      expect(logs(await historyOf(thread))).toEqual(UNEVEN);
    }
  });

  it("can be forked at each step: what had run ahead is not done again, and an input begins on the values shown", async () => {
    const thread = openThread();
    const graph = uneven(1, 25);
    await runToEnd(thread, graph);
    const whole = await historyOf(thread);
    for (const state of whole.slice(0, -1)) {
      const checkpointId = checkpointOf(state);
      const { values } = await goOn(thread, graph, { checkpointId });
      expect(values["log"]).toEqual(["a", "l1", "l2", "z"]);
      const forked = (await historyOf(thread)).slice(whole.length);
      expect(
        forked.filter(({ parent_checkpoint }) => parent_checkpoint?.["checkpoint_id"] === checkpointId),
      ).not.toEqual([]);
    }
    const ahead = whole.find((state) => stepOf(state) === 3);
    const command = await start(thread, graph, {}, { checkpointId: checkpointOf(ahead) });
    expect(unwrap(await thread.api.joinRun(command)).values["log"]).toEqual(["a", "l1", "a", "l1", "l2", "z"]);
    const last = (await historyOf(thread)).slice(-7);
    expect(logs(last).slice(0, 2)).toEqual([
      [4, ["a", "l1"]],
      [5, ["a", "l1"]],
    ]);
    expect(last[0]?.parent_checkpoint?.["checkpoint_id"]).toBe(checkpointOf(ahead));
    await evictDurableObject(thread.stub);
    expect((await historyOf(thread)).slice(-7)).toEqual(last);
    expect((await stateOf(thread)).values["log"]).toEqual(["a", "l1", "a", "l1", "l2", "z"]);
  });
});

describe("a run that rests", () => {
  /** a, then a question beside b, which goes on to b2; d joins them. */
  const ASKS: JsonObject = {
    channels: CHANNELS,
    nodes: { a: sign("a"), ask: { kind: "gate", ask: "ok?" }, b: sign("b"), b2: sign("b2"), d: sign("d") },
    edges: edges(["start", "a"], ["a", "ask"], ["a", "b"], ["b", "b2"], ["ask", "d"], ["b2", "d"]),
  };

  it("[R8] shows a sibling's work at its interrupt, and what comes late as one step more", async () => {
    const thread = openThread();
    await runToEnd(thread, ASKS);
    expect(told(await historyOf(thread))).toEqual([
      [-1, [], ["__start__"]],
      [0, [], ["a"]],
      [1, ["a"], ["ask", "b"]],
      [2, ["a", "b"], ["ask", "d"]],
      [3, ["a", "b", "b2"], ["ask", "d"]],
    ]);
    const head = await stateOf(thread);
    expect(head.interrupts).toHaveLength(1);
    expect(head.tasks).toMatchObject([{ name: "ask", interrupts: [{ value: "ok?" }], result: null, error: null }]);
    await expectSound(thread);
    await answered(thread, (await question(thread)).id, true);
    expect(told((await historyOf(thread)).slice(5))).toEqual([
      [4, ["a", "b", "b2"], ["d"]],
      [5, ["a", "b", "b2", "d"], []],
    ]);
    await expectSound(thread);
  });

  it("shows a write from outside as one step, and goes on behind it", async () => {
    const thread = openThread();
    await runToEnd(thread, ASKS);
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "edited"]] }));
    expect((await stateOf(thread)).metadata).toMatchObject({ source: "update", step: 4 });
    await answered(thread, (await question(thread)).id, true);
    expect(logs(await historyOf(thread)).slice(5)).toEqual([
      [4, ["a", "b", "b2", "edited"]],
      [5, ["a", "b", "b2", "edited"]],
      [6, ["a", "b", "b2", "edited", "d"]],
    ]);
    await expectSound(thread);
  });

  it("[R9] does not show what failed: it is to be done at the newest step, and says why it was not", async () => {
    const thread = openThread();
    const graph: JsonObject = {
      ...ASKS,
      nodes: { ...(ASKS["nodes"] as JsonObject), ask: { kind: "fail", message: "no luck" } },
    };
    expect((await runToEnd(thread, graph)).run.status).toBe("error");
    expect(logs(await historyOf(thread))).toEqual([
      [-1, []],
      [0, []],
      [1, ["a"]],
      [2, ["a", "b"]],
      [3, ["a", "b", "b2"]],
    ]);
    const head = await stateOf(thread);
    expect(head.next).toContain("ask");
    expect(head.tasks).toMatchObject([{ name: "ask", error: expect.stringContaining("no luck") }]);
    await expectSound(thread);
  });

  it("[G10] shows at a cancel what was done, and what was dropped is next", async () => {
    const thread = openThread();
    const graph: JsonObject = { ...ASKS, nodes: { ...(ASKS["nodes"] as JsonObject), ask: pause(60_000) } };
    const command = await start(thread, graph);
    await expect.poll(async () => (await copyLog(thread)).commits.length).toBeGreaterThan(4);
    expect(told([await stateOf(thread)])).toEqual([[1, ["a"], ["ask", "b"]]]);
    unwrap(await thread.api.cancelRun(command));
    expect(told((await historyOf(thread)).slice(3))).toEqual([
      [2, ["a", "b"], ["ask", "d"]],
      [3, ["a", "b", "b2"], ["ask", "d"]],
    ]);
    await expectSound(thread);
  });
});

it("[R10] a map is one task of its level, whatever its frames commit", async () => {
  const thread = openThread();
  const each: JsonObject = {
    kind: "map",
    over: "[1, 2, 3]",
    output: { log: "'item'" },
    graph: { channels: {}, nodes: { one: pause(1), two: pause(1) }, edges: edges(["start", "one"], ["one", "two"]) },
  };
  const nodes = { a: sign("a"), each, beside: sign("beside"), z: sign("z") };
  const graph = {
    channels: CHANNELS,
    nodes,
    edges: edges(["start", "a"], ["a", "each"], ["a", "beside"], ["each", "z"], ["beside", "z"]),
  };
  await runToEnd(thread, graph);
  expect((await historyOf(thread)).map((state) => [stepOf(state), state.next])).toEqual([
    [-1, ["__start__"]],
    [0, ["a"]],
    [1, ["each", "beside"]],
    [2, ["z"]],
    [3, []],
  ]);
  await expectSound(thread);
});
