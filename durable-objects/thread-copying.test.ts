import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { addressOf, answered, edges, goOn, question, start } from "./testing/going-on.ts";
import { crash, openThread, runToEnd, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";
import { Thread } from "./thread.ts";

// Copies of threads, pruned histories and times to live, as the objects do it, deaths in the middle included.

/** The idempotency keys of each execution. */
const executions: string[] = [];

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));
beforeEach(() => {
  executions.length = 0;
  ownKind("work", ({ idempotencyKey }) => {
    executions.push(idempotencyKey);
    return { writes: [{ channel: "log", value: "done" }] };
  });
});

const GRAPH: JsonObject = {
  channels: { log: { reducer: "append" }, text: {}, said: {} },
  nodes: { before: { kind: "work" }, ask: { kind: "gate", ask: "Well?", write: "said" }, after: { kind: "work" } },
  edges: edges(["start", "before"], ["before", "ask"], ["ask", "after"]),
};
const big = (size: number) => ({ text: Array.from({ length: size }, (_, index) => `${index}`.padStart(1_000, "x")) });

async function sized(thread: TestThread, size: number): Promise<void> {
  const command = startOf(thread, GRAPH, big(size));
  unwrap(await thread.api.startRun(command));
  unwrap(await thread.api.joinRun(command));
}

const copyOf = (source: TestThread, target: TestThread) =>
  target.api.copyThread({ ...addressOf(target), source: source.threadId });
const tablesOf = ({ stub }: TestThread) =>
  runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")
      .toArray(),
  );
const rowsOf = ({ stub }: TestThread, table: string) =>
  runInDurableObject(stub, (_, { storage }) => storage.sql.exec(`SELECT * FROM ${table}`).toArray());
const countOf = async (thread: TestThread, table: string) => (await rowsOf(thread, table)).length;
const lineOf = ({ threadId }: TestThread) =>
  env.DB.prepare("SELECT status, expires_at FROM threads WHERE thread_id = ?").bind(threadId).first();

/** Counts the pages that are asked for, and does something before one of them is answered: by number, or the first behind a table's. */
function beforePage(page: number | string, act: () => Promise<void> = async () => undefined): () => number {
  let asked = 0;
  let isDone = false;
  const plain = Object.getOwnPropertyDescriptor(Thread.prototype, "copyPage")?.value as Thread["copyPage"];
  vi.spyOn(Thread.prototype, "copyPage").mockImplementation(async function copyingPage(this: Thread, query) {
    asked += 1;
    if (!isDone && (asked === page || query.place?.table === page)) {
      isDone = true;
      await act();
    }
    return plain.call(this, query);
  });
  return () => asked;
}
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a copy", () => {
  it("of many pages has every row of the original", async () => {
    const [source, target] = [openThread(), openThread()];
    await sized(source, 3_000);
    await answered(source, (await question(source)).id, "yes");
    await sized(source, 2_000);
    const pages = beforePage(0);
    unwrap(await copyOf(source, target));
    expect(pages()).toBeGreaterThan(3);
    for (const table of [
      "commits",
      "runs",
      "chunks",
      "blobs",
      "snapshots",
      "snapshot_parts",
      "continuations",
      "graphs",
    ])
      expect(await rowsOf(target, table)).toEqual(await rowsOf(source, table));
    const { values } = await stateOf(source);
    expect((await stateOf(target)).values).toEqual(values);
    await crash(target);
    expect((await stateOf(target)).values).toEqual(values);
  });

  it("carries no idempotency key of the original's on: what both do from there is done twice", async () => {
    const [source, target] = [openThread(), openThread()];
    await start(source, GRAPH);
    await vi.waitFor(async () => expect(await question(source)).toBeDefined());
    unwrap(await copyOf(source, target));
    await answered(source, (await question(source)).id, "yes");
    await crash(target);
    await answered(target, (await question(target)).id, "no");
    expect(executions).toHaveLength(3);
    expect(new Set(executions).size).toBe(3);
    expect((await stateOf(target)).values).toMatchObject({ said: "no", log: ["done", "done"] });
  });

  it("that is cut off is no thread, and leaves nothing", async () => {
    const [source, target] = [openThread(), openThread()];
    await sized(source, 3_000);
    beforePage(3, () => crash(target));
    await copyOf(source, target).catch(() => undefined);
    expect(await target.api.getThread(addressOf(target))).toMatchObject({ ok: false, error: { code: "not_found" } });
    expect(await tablesOf(target)).toEqual([]);
    expect(await lineOf(target)).toBeNull();
    unwrap(await copyOf(source, target));
    expect((await stateOf(target)).values).toEqual((await stateOf(source)).values);
  });

  it("that is cut off has left an alarm, and whatever wakes the object takes it away", async () => {
    const [source, target] = [openThread(), openThread()];
    await sized(source, 3_000);
    let alarm: number | null = null;
    beforePage(3, async () => {
      alarm = await runInDurableObject(target.stub, (_, { storage }) => storage.getAlarm());
      await crash(target);
    });
    await copyOf(source, target).catch(() => undefined);
    expect(alarm).not.toBeNull();
    expect(await tablesOf(target)).toEqual([]);
  });

  it("begins again when the original goes on meanwhile, and is of one moment", async () => {
    const [source, target] = [openThread(), openThread()];
    await sized(source, 3_000);
    beforePage("runs", async () => {
      unwrap(await source.api.updateState({ ...addressOf(source), values: [["said", "meanwhile"]] }));
    });
    unwrap(await copyOf(source, target));
    expect((await stateOf(target)).values["said"]).toBe("meanwhile");
    expect(await rowsOf(target, "commits")).toEqual(await rowsOf(source, "commits"));
  });

  it("asks again for a page that was lost with its object", async () => {
    const [source, target] = [openThread(), openThread()];
    await sized(source, 3_000);
    beforePage(2, () => crash(source));
    unwrap(await copyOf(source, target));
    expect((await stateOf(target)).values).toEqual((await stateOf(source)).values);
  });

  it("is not made over a thread that exists", async () => {
    const [source, target] = [openThread(), openThread()];
    await runToEnd(source, { ...GRAPH, edges: edges(["start", "before"]), nodes: { before: { kind: "work" } } });
    unwrap(await target.api.createThread({ ...addressOf(target), metadata: { mine: 1 }, ifExists: "raise" }));
    expect(await copyOf(source, target)).toMatchObject({ ok: false, error: { code: "conflict" } });
    expect(unwrap(await target.api.getThread(addressOf(target))).metadata).toEqual({ mine: 1 });
  });
});

describe("keeping the newest state alone", () => {
  const DONE: JsonObject = { ...GRAPH, nodes: { before: { kind: "work" } }, edges: edges(["start", "before"]) };

  it("takes rows and values away, and leaves the state, after a restart too", async () => {
    const thread = openThread();
    for (let turn = 0; turn < 4; turn++) await runToEnd(thread, DONE, big(100 + turn));
    const before = await stateOf(thread);
    const blobs = await countOf(thread, "blobs");
    expect(unwrap(await thread.api.pruneThread(addressOf(thread)))).toBe(true);
    expect([await countOf(thread, "runs"), await countOf(thread, "commits")]).toEqual([1, 2]);
    expect(await countOf(thread, "blobs")).toBeLessThan(blobs);
    const after = { ...before, parent_checkpoint: null };
    expect(await stateOf(thread)).toEqual(after);
    await crash(thread);
    expect(await stateOf(thread)).toEqual(after);
    expect(unwrap(await thread.api.getHistory({ ...addressOf(thread), limit: 10 }))).toEqual([after]);
    // What comes next stands on it.
    await runToEnd(thread, DONE, { text: "new" });
    expect((await stateOf(thread)).values).toMatchObject({ text: "new", log: Array(5).fill("done") });
    await crash(thread);
    expect((await stateOf(thread)).values).toMatchObject({ text: "new", log: Array(5).fill("done") });
  });

  it("keeps the execution that waits, and what forks stand on", async () => {
    const thread = openThread();
    await runToEnd(thread, DONE, { text: "old" });
    await start(thread, GRAPH, { text: "new" });
    await vi.waitFor(async () => expect(await question(thread)).toBeDefined());
    const before = await stateOf(thread);
    expect(unwrap(await thread.api.pruneThread(addressOf(thread)))).toBe(true);
    await crash(thread);
    expect(await stateOf(thread)).toEqual({ ...before, parent_checkpoint: null });
    await answered(thread, (await question(thread)).id, "yes");
    expect((await stateOf(thread)).values).toMatchObject({ said: "yes", log: ["done", "done", "done"] });
    expect(unwrap(await thread.api.pruneThread(addressOf(thread)))).toBe(true);
    expect((await stateOf(thread)).values).toMatchObject({ said: "yes", log: ["done", "done", "done"] });
    await goOn(thread, GRAPH, { command: { goto: [{ node: "after" }] } });
    expect((await stateOf(thread)).values).toMatchObject({ log: ["done", "done", "done", "done"] });
  });

  it("does nothing while a run is live", async () => {
    const thread = openThread();
    await start(thread, {
      channels: {},
      nodes: { wait: { kind: "wait", for: "1h" } },
      edges: edges(["start", "wait"]),
    });
    expect(unwrap(await thread.api.pruneThread(addressOf(thread)))).toBe(false);
  });
});

describe("a time to live", () => {
  const create = async (ms: number) => {
    const thread = openThread();
    const ttl = { ms, strategy: "delete" as const };
    unwrap(await thread.api.createThread({ ...addressOf(thread), metadata: {}, ifExists: "raise", ttl }));
    return thread;
  };
  const exists = async (thread: TestThread) => (await thread.api.getThread(addressOf(thread))).ok;

  it("that is over takes the thread away, with its line; one that is not does not", async () => {
    const [short, long] = [await create(1), await create(3_600_000)];
    await scheduler.wait(5);
    expect(await short.api.expireThread(addressOf(short))).toBe(true);
    expect(await long.api.expireThread(addressOf(long))).toBe(false);
    expect([await exists(short), await exists(long)]).toEqual([false, true]);
    expect(await lineOf(short)).toBeNull();
    expect(await tablesOf(short)).toEqual([]);
  });

  it("counts from what happened last, and not while a run is live", async () => {
    const thread = await create(50);
    const command = await start(thread, {
      channels: {},
      nodes: { wait: { kind: "wait", for: "1h" } },
      edges: edges(["start", "wait"]),
    });
    await scheduler.wait(80);
    expect(await thread.api.expireThread(addressOf(thread))).toBe(false);
    expect(await lineOf(thread)).toMatchObject({ status: "busy", expires_at: null });
    unwrap(await thread.api.cancelRun(command));
    expect(await thread.api.expireThread(addressOf(thread))).toBe(false);
    await vi.waitFor(async () => expect(await lineOf(thread)).toMatchObject({ expires_at: expect.any(Number) }));
    await scheduler.wait(80);
    await crash(thread);
    expect(await thread.api.expireThread(addressOf(thread))).toBe(true);
    expect(await exists(thread)).toBe(false);
  });

  it("is looked at by the sweep, after a death in the middle of the erasure too", async () => {
    const thread = await create(1);
    await scheduler.wait(5);
    void thread.api.expireThread(addressOf(thread)).catch(() => undefined);
    await crash(thread);
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(thread.stub);
      await thread.api.expireThread(addressOf(thread));
      expect(await lineOf(thread)).toBeNull();
    });
    expect(await tablesOf(thread)).toEqual([]);
  });
});
