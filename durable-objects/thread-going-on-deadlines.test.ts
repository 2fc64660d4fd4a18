import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { addressOf, answered, checkpointOf, edges, goOn, question, questions } from "./testing/going-on.ts";
import { whileIndexIsAway } from "./testing/index-away.ts";
import { crash, openThread, runToEnd, startOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

const done: string[] = [];

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  // What is told of an index that is away is expected here.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

beforeEach(() => {
  done.length = 0;
  ownKind("work", ({ node }) => {
    done.push(node);
    return { writes: [{ channel: "log", value: node }] };
  });
});

const CHANNELS = { log: { reducer: "append" }, said: {} };
const GATED = {
  channels: CHANNELS,
  nodes: {
    gate: { kind: "gate", ask: "?", deadline: "1s", on_error: { write: "said" } },
    after: { kind: "work" },
  },
  edges: edges(["start", "gate"], ["gate", "after"]),
};

async function rowsOf({ tenant, threadId }: TestThread): Promise<string[]> {
  const rows = await env.DB.prepare("SELECT run_id FROM live_runs WHERE tenant = ? AND thread_id = ?")
    .bind(tenant, threadId)
    .all<{ run_id: string }>();
  return rows.results.map((row) => row.run_id);
}

const expectRows = (thread: TestThread, rows: readonly string[]) =>
  vi.waitFor(async () => expect(await rowsOf(thread)).toEqual(rows), { timeout: 4_000, interval: 10 });

const loseAlarm = ({ stub }: TestThread) => runInDurableObject(stub, (_, state) => state.storage.deleteAlarm());

describe("a deadline at rest", () => {
  it("[F5] whose alarm is lost is kept by the sweep's touch, once, and leaves no row behind", async () => {
    const thread = openThread();
    const { run } = await runToEnd(thread, GATED);
    await expectRows(thread, [run.run_id]);
    await loseAlarm(thread);
    await crash(thread);
    const touch = { ...addressOf(thread), runId: run.run_id };
    expect(await thread.api.touch(touch)).toBe(true);
    await loseAlarm(thread);
    await crash(thread);
    await scheduler.wait(1_010);
    expect(await thread.api.touch(touch)).toBe(false);
    expect(await thread.api.touch(touch)).toBe(false);
    await vi.waitFor(async () => expect(unwrap(await thread.api.getThread(addressOf(thread))).status).toBe("idle"));
    expect(unwrap(await thread.api.listRuns({ ...addressOf(thread), limit: 10, offset: 0 }))).toHaveLength(2);
    expect(done).toEqual(["after"]);
    await expectRows(thread, []);
  });

  it("[F6] is not kept before its time, whatever wakes the thread, and once by two alarms", async () => {
    const thread = openThread();
    await runToEnd(thread, GATED);
    for (let times = 0; times < 3; times += 1) {
      await runDurableObjectAlarm(thread.stub);
      await crash(thread);
    }
    expect(await question(thread)).toMatchObject({ kind: "gate" });
    await scheduler.wait(1_010);
    await Promise.all([runDurableObjectAlarm(thread.stub), runDurableObjectAlarm(thread.stub)]);
    await vi.waitFor(async () => expect(unwrap(await thread.api.getThread(addressOf(thread))).status).toBe("idle"));
    await runDurableObjectAlarm(thread.stub);
    expect(done).toEqual(["after"]);
    expect(unwrap(await thread.api.listRuns({ ...addressOf(thread), limit: 10, offset: 0 }))).toHaveLength(2);
  });

  it.each(["answer", "update", "input", "fork", "migrate", "signal"] as const)(
    "leaves one row or none after a crash and then: %s",
    { timeout: 15_000 },
    async (what) => {
      const thread = openThread();
      const graph = { ...GATED, nodes: { ...GATED.nodes, gate: { kind: "gate", ask: "?", deadline: "1h" } } };
      const { run } = await runToEnd(thread, graph);
      await expectRows(thread, [run.run_id]);
      const state = unwrap(await thread.api.getHistory({ ...addressOf(thread), limit: 9 }));
      await crash(thread);
      if (what === "answer") await answered(thread, (await question(thread)).id, 1);
      if (what === "input")
        await runToEnd(thread, {
          ...graph,
          id: "other",
          nodes: { gate: { kind: "work" } },
          edges: edges(["start", "gate"]),
        });
      if (what === "update") unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] }));
      if (what === "fork") {
        unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] }));
        const checkpointId = checkpointOf(state.at(-1));
        await goOn(thread, graph, { checkpointId });
      }
      if (what === "migrate") {
        const version = startOf(thread, { ...graph, channels: { ...CHANNELS, more: {} } }).graph;
        unwrap(await thread.api.migrate({ ...addressOf(thread), graph: { ...version, version: 2 } }));
      }
      if (what === "signal") {
        const signal = { id: crypto.randomUUID(), name: "a", key: null, payload: 1 };
        unwrap(await thread.api.signalRun({ ...addressOf(thread), runId: run.run_id, ...signal }));
      }
      const last = await runInDurableObject(thread.stub, (_, { storage }) =>
        storage.sql.exec<{ run_id: string }>("SELECT run_id FROM runs ORDER BY n DESC LIMIT 1").one(),
      );
      const isOpen = (await questions(thread)).length > 0;
      await expectRows(thread, isOpen ? [last.run_id] : []);
    },
  );

  it("is nobody's when the thread is erased meanwhile, also while the index cannot be told", async () => {
    const thread = openThread();
    await runToEnd(thread, GATED);
    await whileIndexIsAway("refuses", async () => {
      unwrap(await thread.api.deleteThread(addressOf(thread)));
      await scheduler.wait(1_010);
      await runDurableObjectAlarm(thread.stub);
      await scheduler.wait(20);
      const runs = await runInDurableObject(thread.stub, (_, { storage }) =>
        storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM runs").one(),
      );
      expect(runs.n).toBe(1);
    });
    expect(done).toEqual([]);
  });
});
