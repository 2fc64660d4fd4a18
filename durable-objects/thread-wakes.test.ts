import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { readConfig } from "../src/config.ts";
import { ThreadStore } from "./log/store.ts";
import { Outbox } from "./outbox.ts";
import { attempts, crash, openThread, startOf, type TestThread } from "./testing/open-thread.ts";
import { aheadBy, catchWakes, deliver } from "./testing/queued.ts";

// F7: a message is a hint. Whatever becomes of it, the log decides what happens, and when.

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

let queue: ReturnType<typeof catchWakes>;
beforeEach(() => {
  queue = catchWakes();
});
afterEach(() => queue.release());

/** Its first attempt is told to come back after so long. */
const busy = (seconds: number): JsonObject => ({
  channels: { out: {} },
  nodes: { ask: attempts("out", { fault: "status", status: 429, retryAfter: seconds }, { reply: "at last" }) },
  edges: [{ from: "start", to: "ask" }],
});
const sleeping = (time: string): JsonObject => ({
  channels: { done: {} },
  nodes: { pause: { kind: "wait", for: time }, after: { kind: "transform", set: { done: "true" } } },
  edges: [
    { from: "start", to: "pause" },
    { from: "pause", to: "after" },
  ],
});

function began(thread: TestThread): Promise<number> {
  return runInDurableObject(
    thread.stub,
    (_, { storage }) =>
      storage.sql
        .exec<{ n: number }>("SELECT count(*) AS n FROM commits WHERE substr(body, 1, 3) IN ('[\"r', '[\"o')")
        .one().n,
  );
}

async function start(thread: TestThread, graph: JsonObject) {
  const command = startOf(thread, graph, {});
  unwrap(await thread.api.startRun(command));
  return command;
}

describe("a wake", () => {
  it("is sent for a back-off beyond five seconds, and for a wait, when they are due", async () => {
    const thread = openThread();
    const before = Date.now();
    const { runId, tenant, threadId } = await start(thread, busy(8));
    await vi.waitFor(() => expect(queue.sent).toHaveLength(1));
    const { wake, delaySeconds } = queue.sent[0] ?? {};
    expect(wake).toEqual({ tenant, thread: threadId, run: runId, at: expect.any(Number) as number });
    expect((wake?.at ?? 0) - before).toBeGreaterThanOrEqual(8_000);
    expect(delaySeconds).toBe(8);
    await start(openThread(), sleeping("48h"));
    await vi.waitFor(() => expect(queue.sent).toHaveLength(2));
    // The platform keeps nothing back longer than twelve hours.
    expect(queue.sent[1]?.delaySeconds).toBe(12 * 3600);
  });

  it("is not sent for what is near: the thread is still there", async () => {
    const thread = openThread();
    const command = await start(thread, sleeping("300ms"));
    unwrap(await thread.api.joinRun(command));
    await scheduler.wait(100);
    expect(queue.sent).toEqual([]);
  });

  it("is one for many tasks that are due in the same second", async () => {
    const many: JsonObject = {
      channels: { list: { default: [...Array(40).keys()] } },
      nodes: {
        each: { kind: "map", over: "state.list", concurrency: 40, graph: sleeping("20s") },
      },
      edges: [{ from: "start", to: "each" }],
    };
    await start(openThread(), many);
    await vi.waitFor(() => expect(queue.sent.length).toBeGreaterThan(0));
    await scheduler.wait(200);
    expect(queue.sent.length).toBeLessThanOrEqual(3);
  });
});

describe("[F7] a wake that is", () => {
  it("doubled makes one attempt", async () => {
    const thread = openThread();
    const command = await start(thread, busy(8));
    await vi.waitFor(() => expect(queue.sent).toHaveLength(1));
    const wake = queue.sent[0]?.wake;
    const clock = aheadBy(9_000);
    try {
      const both = await Promise.all([deliver([wake, wake, wake]), deliver([wake])]);
      expect(both.map(({ acked }) => acked.length)).toEqual([3, 1]);
      const { run, values } = unwrap(await thread.api.joinRun(command));
      expect([run.status, values]).toEqual(["success", { out: "at last" }]);
      // The failed attempt and the one that succeeded: no third.
      expect(await began(thread)).toBe(2);
      expect((await deliver([wake])).acked).toEqual([0]);
      expect(await began(thread)).toBe(2);
    } finally {
      clock.restore();
    }
  });

  it("early changes nothing but its own way: it is sent on to its time", async () => {
    const thread = openThread();
    await start(thread, busy(8));
    await vi.waitFor(() => expect(queue.sent).toHaveLength(1));
    const wake = queue.sent[0]?.wake;
    expect((await deliver([wake])).acked).toEqual([0]);
    expect(queue.sent).toHaveLength(2);
    expect(queue.sent[1]?.wake).toEqual(wake);
    // Nor does one that reaches the thread too soon.
    const soon = { ...wake, at: 0 };
    expect((await deliver([soon])).acked).toEqual([0]);
    expect(await began(thread)).toBe(1);
  });

  it("lost is missed by nobody: the alarm goes off", { timeout: 15_000 }, async () => {
    const thread = openThread();
    const command = await start(thread, busy(6));
    await vi.waitFor(() => expect(queue.sent).toHaveLength(1));
    await crash(thread);
    const { run } = unwrap(await thread.api.joinRun(command));
    expect(run.status).toBe("success");
    expect(await began(thread)).toBe(2);
  });

  it("late or reordered finds what the log says, and leaves it", async () => {
    const thread = openThread();
    const command = await start(thread, sleeping("20s"));
    await vi.waitFor(() => expect(queue.sent).toHaveLength(1));
    const first = queue.sent[0]?.wake;
    unwrap(await thread.api.cancelRun(command));
    const next = await start(thread, sleeping("30s"));
    await vi.waitFor(() => expect(queue.sent).toHaveLength(2));
    const clock = aheadBy(25_000);
    try {
      // The second run's comes first, and too soon for it; the first one's run is over.
      expect((await deliver([{ ...queue.sent[1]?.wake, at: 0 }, first])).acked).toEqual([0, 1]);
      expect(unwrap(await thread.api.getRun(command)).status).toBe("interrupted");
      expect(unwrap(await thread.api.getRun(next)).status).toBe("running");
    } finally {
      clock.restore();
    }
    unwrap(await thread.api.cancelRun(next));
  });
});

it("[F6] the queue itself brings a thread back whose alarm is lost", { timeout: 20_000 }, async () => {
  queue.release();
  const thread = openThread();
  await start(thread, sleeping("6s"));
  const status = async () =>
    (await env.DB.prepare("SELECT status FROM threads WHERE thread_id = ?").bind(thread.threadId).first())?.["status"];
  await vi.waitFor(async () => expect(await status()).toBe("busy"));
  await runInDurableObject(thread.stub, (_, { storage }) => storage.deleteAlarm());
  // Nobody asks the thread itself: that would bring it back too.
  await vi.waitFor(async () => expect(await status()).toBe("idle"), { timeout: 12_000, interval: 100 });
});

it("[F14] a queue that is away keeps no notice from the index, and is given up after a while", async () => {
  queue.release();
  queue = catchWakes(true);
  const thread = openThread();
  const { runId } = await start(thread, sleeping("48h"));
  const row = () =>
    env.DB.prepare("SELECT due_at FROM live_runs WHERE run_id = ?").bind(runId).first<{ due_at: number }>();
  await vi.waitFor(async () => expect((await row())?.due_at).toBeGreaterThan(Date.now() + 3_600_000));
  const waiting = () =>
    runInDurableObject(thread.stub, (_, { storage }) => storage.sql.exec("SELECT kind FROM outbox").toArray());
  expect(await waiting()).toEqual([{ kind: "wake" }]);
  // What goes to the index passes it by, and does not take it along.
  const { tenant, threadId } = thread;
  unwrap(await thread.api.patchThread({ tenant, threadId, metadata: { seen: true } }));
  await vi.waitFor(async () => expect(await waiting()).toEqual([{ kind: "wake" }]));
  const clock = aheadBy(70_000);
  try {
    await deliver([{ tenant: thread.tenant, thread: thread.threadId, run: runId, at: 0 }]);
    await vi.waitFor(async () => expect(await waiting()).toEqual([]));
  } finally {
    clock.restore();
  }
});

it("a deployment without queues keeps nothing for one: its alarms and the sweep are enough", async () => {
  const { WAKE: _, ...without } = { ...env };
  expect(readConfig(without).wakes).toBeUndefined();
  const thread = openThread();
  const { runId } = await start(thread, sleeping("48h"));
  const told = await runInDurableObject(thread.stub, (_, { storage }) => {
    const store = new ThreadStore(storage.sql);
    const [run, commit] = [store.run(runId), store.lastCommit()];
    if (run === undefined || commit === undefined) return undefined;
    const kept = (wakes: Queue | undefined): number => {
      const [before, outbox] = [
        store.outboxSize(),
        new Outbox(store, { index: env.DB, wakes, deliver: async () => undefined }),
      ];
      outbox.tellWake(store.thread(), run, commit);
      return store.outboxSize() - before;
    };
    return [kept(undefined), kept(env.WAKE)];
  });
  expect(told).toEqual([0, 1]);
});
