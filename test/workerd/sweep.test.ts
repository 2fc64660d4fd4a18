import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { secureRandom } from "../../src/base/ids.ts";
import { readConfig } from "../../src/config.ts";
import { mintKey } from "../../src/security/keys.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { listDeadLetters } from "../../src/storage/dead-letters.ts";
import { createItemStore } from "../../src/storage/items.ts";
import { dueLiveRuns, upsertLiveRun } from "../../src/storage/live-runs.ts";
import { MOST_FAILED_TOUCHES, STARTUP, sweep } from "../../src/sweep.ts";
import { call, migrate } from "./client.ts";

let unmigrated: unknown;
const database = openDatabase(env.DB);
const everything = () => dueLiveRuns(database, Number.MAX_SAFE_INTEGER, 1000);
const uuid = (number: number) => `0190a5a0-0000-7000-8000-${String(number).padStart(12, "0")}`;

/** Rows of runs that their threads know nothing of: the sweep's touch answers that they are not live. */
async function insert(count: number, dueAt: number, from = 0): Promise<void> {
  for (let index = from; index < from + count; index += 1) {
    await upsertLiveRun(database, "acme", { threadId: uuid(index), runId: uuid(index), dueAt, startedAt: 1 });
  }
}

beforeAll(async () => {
  const key = mintKey("acme", "test", secureRandom).key;
  const answer = await call("/graphs", { key });
  unmigrated = { status: answer.status, problem: await answer.json() };
  await migrate();
});

it("before its migrations a deployment says what it lacks", () => {
  const problem = { code: "misconfigured", detail: expect.stringContaining("migrations apply") as string };
  expect(unmigrated).toEqual({ status: 503, problem: expect.objectContaining(problem) as object });
});

it("a sweep removes the rows of runs that are not live, and leaves those that are not due", async () => {
  await insert(3, 1_000);
  await insert(2, 9_000, 3);
  await sweep(readConfig(env), "* * * * *", 5_000);
  expect((await everything()).map((run) => run.runId)).toEqual([uuid(3), uuid(4)]);
});

it("a sweep at the full hour takes expired items away, batch after batch", async () => {
  const store = createItemStore(database, "acme", () => 1_000);
  await store.put(["a"], "stays", {}, { ttlMs: 3_600_000 });
  await env.DB.exec(
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < 1500)
     insert into items (tenant, namespace, key, value, created_at, updated_at, expires_at, ttl_ms)
     select 'acme', '["a"]', i, '{}', 0, 0, 1, 1 from n`.replaceAll("\n", " "),
  );
  const count = async () => (await env.DB.prepare("select count(*) as n from items").first<{ n: number }>())?.n;
  await sweep(readConfig(env), "* * * * *", 3_540_000);
  expect(await count()).toBe(1501);
  await sweep(readConfig(env), "* * * * *", 3_600_000);
  expect(await count()).toBe(1);
});

it("after a start every live run counts as due", async () => {
  await sweep(readConfig(env), STARTUP, 5_000);
  expect(await everything()).toEqual([]);
});

it("a sweep goes on past one batch", async () => {
  await insert(130, 1_000);
  await sweep(readConfig(env), "* * * * *", 5_000);
  expect(await everything()).toEqual([]);
});

const config = readConfig(env);
/** Threads that answer as told by their names. */
function withThreads(touch: (thread: string) => Promise<boolean>) {
  const get = (name: string) => ({ touch: () => touch(name.split(".").at(-1) ?? "") });
  return { ...config, threads: { idFromName: (name: string) => name, get } as unknown as DurableObjectNamespace };
}
const reset = () => Promise.reject(new Error("reset"));

describe("a thread that fails its touch", () => {
  beforeEach(async () => {
    await env.DB.prepare("DELETE FROM live_runs").run();
    logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  });
  afterEach(() => logged.mockRestore());
  let logged: { mockRestore(): void; mock: { calls: unknown[] } };

  it("comes again later, and keeps no other from its turn", async () => {
    await insert(2, 1_000);
    const broken = withThreads((thread) => (thread.endsWith("0") ? reset() : Promise.resolve(false)));
    await sweep(broken, "* * * * *", 5_000);
    expect(await everything()).toEqual([expect.objectContaining({ runId: uuid(0), dueAt: 65_000, failedTouches: 1 })]);
    expect(logged.mock.calls).toHaveLength(1);
  });

  it("ever later, and is a dead letter in the end instead of being tried for ever; what others do is theirs", async () => {
    await insert(1, 1_000);
    const times: number[] = [];
    const broken = withThreads(reset);
    let now = 5_000;
    for (let touch = 1; touch < MOST_FAILED_TOUCHES; touch += 1) {
      await sweep(broken, "* * * * *", now);
      const [row] = await everything();
      times.push(((row?.dueAt ?? 0) - now) / 60_000);
      now = row?.dueAt ?? 0;
    }
    expect(times).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    expect(await listDeadLetters(database, "acme", { limit: 10 })).toEqual([]);
    await sweep(broken, "* * * * *", now);
    expect(await everything()).toEqual([]);
    expect(await listDeadLetters(database, "acme", { limit: 10 })).toEqual([
      expect.objectContaining({
        kind: "message",
        status: "open",
        threadId: uuid(0),
        runId: uuid(0),
        cause: expect.objectContaining({ message: "Unexpected: reset" }) as object,
      }),
    ]);
  });

  it("and speaks again has all its touches anew", async () => {
    await insert(1, 1_000);
    await sweep(withThreads(reset), "* * * * *", 5_000);
    await insert(1, 90_000);
    expect(await everything()).toEqual([expect.objectContaining({ dueAt: 90_000, failedTouches: 0 })]);
    await sweep(withThreads(reset), "* * * * *", 90_000);
    await sweep(
      withThreads(() => Promise.resolve(true)),
      "* * * * *",
      200_000,
    );
    expect(await everything()).toEqual([expect.objectContaining({ failedTouches: 0 })]);
  });

  it("by hanging holds up nobody behind it", async () => {
    await insert(40, 1_000);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const touched: string[] = [];
    const hanging = withThreads((thread) => {
      touched.push(thread);
      return thread === uuid(0) ? new Promise(() => undefined) : Promise.resolve(false);
    });
    try {
      const swept = sweep(hanging, "* * * * *", 5_000);
      while (touched.length < 40) await scheduler.wait(5);
      await vi.advanceTimersByTimeAsync(10_000);
      await swept;
    } finally {
      vi.useRealTimers();
    }
    expect((await everything()).map(({ runId }) => runId)).toEqual([uuid(0)]);
  });

  it("hides nothing behind it: a start looks past a whole batch of such", { timeout: 20_000 }, async () => {
    await insert(110, 1_000);
    // Due in a week: after a start they are looked at all the same.
    await insert(120, 7 * 86_400_000, 110);
    const touched = new Set<string>();
    const broken = withThreads((thread) => {
      touched.add(thread);
      return Number(thread.slice(-6)) < 110 ? reset() : Promise.resolve(true);
    });
    await sweep(broken, STARTUP, 5_000);
    expect(touched.size).toBe(230);
    const rows = await everything();
    expect(rows.filter(({ dueAt }) => dueAt === 65_000)).toHaveLength(110);
    // One that is due in a week stays due in a week.
    expect(rows.filter(({ dueAt }) => dueAt === 7 * 86_400_000)).toHaveLength(120);
  });
});
