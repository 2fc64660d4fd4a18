import { applyD1Migrations, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { DIAMOND, SLOW } from "./testing/graphs.ts";
import { crash, follow, openThread, readFrames, runToEnd, startOf, type TestThread } from "./testing/open-thread.ts";
import type { Address, StreamMode } from "./thread-api.ts";

const ALL: readonly StreamMode[] = ["values", "updates", "messages-tuple", "custom", "tasks"];

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

function addressOf({ tenant, threadId }: TestThread): Address {
  return { tenant, threadId };
}

describe("crashes", () => {
  it("[F1] a run goes on by its alarm, from its last commit, and ends as it would have", async () => {
    const expected = await runToEnd(openThread(), SLOW);
    const thread = openThread();
    const command = startOf(thread, SLOW);
    unwrap(await thread.api.startRun(command));
    await scheduler.wait(60);
    await crash(thread);
    await runDurableObjectAlarm(thread.stub);
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect(run.status).toBe("success");
    expect(values).toEqual(expected.values);
  });

  it("[F3] eviction between runs changes nothing of what the thread knows", async () => {
    const thread = openThread();
    const graph = {
      channels: { log: { reducer: "append" }, big: {} },
      nodes: { note: { kind: "transform", set: { log: "'n' + string(size(state.log))" } } },
      edges: [{ from: "start", to: "note" }],
      input: ["log", "big"],
    };
    await runToEnd(
      thread,
      { ...graph, channels: { ...graph.channels, log: { reducer: "append", default: [] } } },
      { big: "x".repeat(70_000) },
    );
    for (let turn = 0; turn < 5; turn++) {
      const before = unwrap(await thread.api.getState(addressOf(thread)));
      await evictDurableObject(thread.stub);
      expect(unwrap(await thread.api.getState(addressOf(thread)))).toEqual(before);
      await runToEnd(
        thread,
        { ...graph, channels: { ...graph.channels, log: { reducer: "append", default: [] } } },
        { log: `in${turn}` },
      );
    }
    expect(unwrap(await thread.api.getState(addressOf(thread))).values["log"]).toHaveLength(11);
  });

  it("[F6] alarms that come when nothing is due start nothing", async () => {
    const thread = openThread();
    const { run } = await runToEnd(thread, DIAMOND);
    const before = await follow(thread, run.run_id, ALL);
    for (let again = 0; again < 3; again++) await runInDurableObject(thread.stub, (object) => object.alarm());
    expect(await follow(thread, run.run_id, ALL)).toEqual(before);
  });
});

describe("followers", () => {
  it("[G7] a live follower and a replay see the same frames, and a replay from any id is the exact suffix", async () => {
    const thread = openThread();
    const command = startOf(thread, DIAMOND, null, { streamMode: ALL });
    const started = unwrap(await thread.api.startAndFollow(command, false));
    const live = await readFrames(started.frames);
    const replay = await follow(thread, command.runId, ALL);
    expect(replay).toEqual(live);
    expect(live[0]).toMatchObject({ id: 0, event: "metadata" });
    expect(live.map((frame) => frame.id)).toEqual([...new Set(live.map((frame) => frame.id))].sort((a, b) => a - b));
    for (const [index, frame] of live.entries()) {
      expect(await follow(thread, command.runId, ALL, frame.id)).toEqual(live.slice(index + 1));
    }
  });

  it("[G7] one that comes in the middle gets the text streamed so far, then the rest", async () => {
    const thread = openThread();
    const command = startOf(thread, SLOW);
    unwrap(await thread.api.startRun(command));
    await scheduler.wait(100);
    const seen = await follow(thread, command.runId, ["messages-tuple"]);
    const text = seen
      .filter((frame) => frame.event === "messages")
      .map((frame) => (frame.data as unknown as [{ content: string }])[0].content);
    expect(text.join("")).toBe("onetwo two two twothree");
  });

  it("only frames of the modes asked for, metadata apart", async () => {
    const thread = openThread();
    const { run } = await runToEnd(thread, DIAMOND);
    const events = async (mode: StreamMode) =>
      new Set((await follow(thread, run.run_id, [mode])).map((frame) => frame.event));
    expect(await events("updates")).toEqual(new Set(["metadata", "updates"]));
    expect(await events("values")).toEqual(new Set(["metadata", "values"]));
    expect(await events("messages-tuple")).toEqual(new Set(["metadata", "messages"]));
  });
});

describe("cancel", () => {
  it("[G10] after its answer nothing starts, the run has one end, and asking again changes nothing", async () => {
    const thread = openThread();
    const command = startOf(thread, SLOW);
    unwrap(await thread.api.startRun(command));
    await scheduler.wait(60);
    expect(unwrap(await thread.api.cancelRun(command)).status).toBe("interrupted");
    const frames = await follow(thread, command.runId, ALL);
    await scheduler.wait(250);
    expect(unwrap(await thread.api.cancelRun(command)).status).toBe("interrupted");
    expect(await follow(thread, command.runId, ALL)).toEqual(frames);
    expect(unwrap(await thread.api.getState(addressOf(thread))).next).toEqual(["b"]);
  });
});

describe("history", () => {
  it("has an entry for each step, newest first, chained by parents, and each can be read alone", async () => {
    const thread = openThread();
    const { tenant, threadId } = thread;
    await runToEnd(thread, DIAMOND);
    await runToEnd(thread, DIAMOND);
    const history = unwrap(await thread.api.getHistory({ tenant, threadId, limit: 100 }));
    expect(history).toHaveLength(8);
    const ids = history.map((state) => state.checkpoint?.["checkpoint_id"] as string);
    expect([...ids].sort().reverse()).toEqual(ids);
    for (const [index, state] of history.entries()) {
      expect(state.parent_checkpoint?.["checkpoint_id"] ?? null).toBe(ids[index + 1] ?? null);
      const alone = unwrap(await thread.api.getState({ tenant, threadId, checkpointId: ids[index] ?? "" }));
      expect(alone).toEqual(state);
    }
    expect(history[0]?.next).toEqual([]);
    expect(history.slice(-2).map(({ next }) => next)).toEqual([["short", "long"], ["__start__"]]);
  });

  it("a thread that never ran has an empty state", async () => {
    const thread = openThread();
    const { tenant, threadId } = thread;
    unwrap(await thread.api.createThread({ tenant, threadId, metadata: {}, ifExists: "raise" }));
    expect(unwrap(await thread.api.getState({ tenant, threadId }))).toMatchObject({
      values: {},
      next: [],
      checkpoint: null,
    });
    expect(await thread.api.getState({ tenant, threadId, checkpointId: "x" })).toMatchObject({
      ok: false,
      error: { code: "not_found" },
    });
  });
});
