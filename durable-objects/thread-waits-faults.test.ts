import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { failure, unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { readConfig } from "../src/config.ts";
import type { NodeResult } from "../src/nodes/contract.ts";
import { sweep } from "../src/sweep.ts";
import { crash, openThread, runToEnd, startOf } from "./testing/open-thread.ts";
import { alone, graphOf, letters, start } from "./testing/faults.ts";
import { ownKind } from "./testing/own-kind.ts";
import type { StartRun } from "./thread-api.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

const HOUR = 3_600_000;

async function dueAt({ runId }: StartRun): Promise<number | undefined> {
  const row = await env.DB.prepare("SELECT due_at FROM live_runs WHERE run_id = ?")
    .bind(runId)
    .first<{ due_at: number }>();
  return row?.due_at;
}

describe("[R8] waits", () => {
  it("go on without their alarm, by whoever asks, and neither early nor twice by one that comes too often", async () => {
    const thread = openThread();
    const graph = graphOf({ pause: { kind: "wait", for: "400ms" } }, [["start", "pause"]], { out: {} });
    const command = await start(thread, graph);
    for (let times = 0; times < 3; times += 1) await runDurableObjectAlarm(thread.stub);
    expect(await letters(thread)).toBe("sw");
    await runInDurableObject(thread.stub, (_, { storage }) => storage.deleteAlarm());
    await crash(thread);
    await scheduler.wait(420);
    expect(await thread.api.touch(command)).toBe(false);
    await Promise.all([1, 2, 3].map(() => runDurableObjectAlarm(thread.stub)));
    expect(await letters(thread)).toBe("swgo");
  });

  it("of a hundred items end each in its time", { timeout: 20_000 }, async () => {
    const { run, values } = await runToEnd(
      openThread(),
      graphOf(
        {
          each: {
            kind: "map",
            over: JSON.stringify(Array.from({ length: 100 }, (_, index) => index)),
            concurrency: 100,
            input: { n: "item" },
            output: { out: "state.n" },
            graph: graphOf({ pause: { kind: "wait", for: "30ms" } }, [["start", "pause"]], { n: {} }),
          },
        },
        [["start", "each"]],
        { out: {} },
      ),
    );
    expect(run.error).toBeNull();
    expect(values["out"]).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it("[R9] keep a run alive whose other branch has failed; it fails when they are over", async () => {
    const thread = openThread();
    const command = await start(
      thread,
      graphOf(
        {
          pause: { kind: "wait", for: "300ms" },
          after: { kind: "transform", set: { out: "'done'" } },
          broken: { kind: "fail", message: "no" },
        },
        [
          ["start", "pause"],
          ["start", "broken"],
          ["pause", "after"],
        ],
        { out: {} },
      ),
    );
    expect(unwrap(await thread.api.getRun(command)).status).toBe("running");
    expect(await thread.api.startRun(startOf(thread, alone("wait", { for: "1s" })))).toMatchObject({
      ok: false,
      error: { code: "thread_busy" },
    });
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect(run).toMatchObject({ status: "error", error: { code: "failed_by_graph", node: "broken" } });
    expect(values["out"]).toBe("done");
  });

  it("then a failure, another try, and another wait: the attempts are counted on, and a timeout is of an attempt alone", async () => {
    const seen: Json[] = [];
    ownKind("patient", async ({ attempt, resumed, now }) => {
      seen.push([attempt, resumed === undefined ? 0 : 1]);
      await scheduler.wait(1);
      if (resumed === undefined) return { waitUntil: now + 120 } as unknown as NodeResult;
      if (attempt === 1) throw failure("node_failed", "again", { retryable: true });
      if (seen.length === 3) return { waitUntil: now + 120 } as unknown as NodeResult;
      return { writes: [{ channel: "out", value: "patience" }] };
    });
    const more = { timeout: "100ms", retry: { attempts: 2, delay: "1ms", max_delay: "1ms" } };
    const thread = openThread();
    const command = await start(thread, alone("patient", more));
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect(run.error).toBeNull();
    expect(values["out"]).toBe("patience");
    expect(seen).toEqual([
      [1, 0],
      [1, 1],
      [2, 1],
      [2, 1],
    ]);
    expect(await letters(thread)).toBe("swgrwgo");
  });

  it("of a graph that is no graph any more end as a failure of the run, by whoever asks", async () => {
    const thread = openThread();
    ownKind("passing-fashion", ({ now }) => ({ waitUntil: now + HOUR }) as unknown as NodeResult);
    const command = await start(thread, alone("passing-fashion"));
    // The plans of an isolate are kept by hash: the stored text is what another isolate would read.
    await runInDurableObject(thread.stub, (_, { storage }) => {
      storage.sql.exec("UPDATE graphs SET hash = 'f' || substr(hash, 2) WHERE hash NOT LIKE 'f%'");
      storage.sql.exec("UPDATE graphs SET hash = 'e' || substr(hash, 2) WHERE hash LIKE 'f%'");
      storage.sql.exec("INSERT INTO blobs (hash, part, body) SELECT 'graph:' || hash, 0, '{}' FROM graphs");
    });
    await crash(thread);
    expect(unwrap(await thread.api.getRun(command))).toMatchObject({
      status: "error",
      error: { code: "invalid_graph" },
    });
    expect(await thread.api.touch(command)).toBe(false);
    await runDurableObjectAlarm(thread.stub);
    await expect.poll(() => dueAt(command)).toBeUndefined();
    expect(await thread.api.deleteThread(command)).toMatchObject({ ok: true });
  });
});

describe("[F5] the sweep and runs that wait", () => {
  const LONG = graphOf(
    { days: { kind: "wait", for: "48h" }, hours: { kind: "wait", for: "2h" } },
    [
      ["start", "days"],
      ["start", "hours"],
    ],
    { out: {} },
  );

  it("is told the first time at which one of them moves", async () => {
    for (const nodes of [
      ["days", "hours"],
      ["hours", "days"],
    ] as const) {
      const thread = openThread();
      const all = LONG["nodes"] as JsonObject;
      const command = await start(thread, {
        ...LONG,
        nodes: Object.fromEntries(nodes.map((id) => [id, all[id] ?? null])),
      });
      const hours = Date.now() + 2 * HOUR;
      await expect.poll(async () => (await dueAt(command)) ?? 0).toBeGreaterThan(hours);
      expect(await dueAt(command)).toBeLessThan(hours + 120_000);
      unwrap(await thread.api.cancelRun(command));
      await expect.poll(() => dueAt(command)).toBeUndefined();
    }
  });

  it("is not put off while something else goes on beside a long wait", async () => {
    const thread = openThread();
    ownKind("forever", () => new Promise(() => undefined));
    const graph = { ...LONG, nodes: { ...(LONG["nodes"] as JsonObject), busy: { kind: "forever" } } };
    const edges = [...(LONG["edges"] as Json[]), { from: "start", to: "busy" }];
    const command = await start(thread, { ...graph, edges });
    await expect.poll(() => dueAt(command)).toBeDefined();
    await scheduler.wait(200);
    expect(await dueAt(command)).toBeLessThan(Date.now() + 120_000);
    unwrap(await thread.api.cancelRun(command));
  });

  it("nor while an unsafe attempt does", async () => {
    ownKind("forever-unsafe", () => new Promise(() => undefined));
    const busy = { kind: "forever-unsafe", effect: "unsafe" };
    const thread = openThread();
    const command = await start(thread, {
      ...LONG,
      nodes: { ...(LONG["nodes"] as JsonObject), busy },
      edges: [...(LONG["edges"] as Json[]), { from: "start", to: "busy" }],
    });
    await expect.poll(() => dueAt(command)).toBeDefined();
    await scheduler.wait(200);
    expect(await dueAt(command)).toBeLessThan(Date.now() + 120_000);
    unwrap(await thread.api.cancelRun(command));
  });

  it("leaves what is due in days for days, although a start touches all", async () => {
    const thread = openThread();
    const command = await start(thread, LONG);
    await expect.poll(async () => (await dueAt(command)) ?? 0).toBeGreaterThan(Date.now() + HOUR);
    const before = await dueAt(command);
    await sweep(readConfig(env), "startup", Date.now());
    expect(await dueAt(command)).toBe(before);
    expect(await letters(thread)).toBe("sww");
    unwrap(await thread.api.cancelRun(command));
  });

  it("[F14] many waits are one notice, not one each", async () => {
    const thread = openThread();
    const command = await start(
      thread,
      graphOf(
        {
          each: {
            kind: "map",
            over: JSON.stringify(Array.from({ length: 50 }, (_, index) => index)),
            concurrency: 50,
            graph: graphOf({ pause: { kind: "wait", for: "3h" } }, [["start", "pause"]], { n: {} }),
          },
        },
        [["start", "each"]],
        { out: {} },
      ),
    );
    const told = await runInDurableObject(
      thread.stub,
      (_, { storage }) => storage.sql.exec<{ id: number }>("SELECT max(id) AS id FROM outbox").one().id,
    );
    expect(told).toBeLessThan(8);
    unwrap(await thread.api.cancelRun(command));
  });
});
