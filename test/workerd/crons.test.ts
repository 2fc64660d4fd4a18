import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { CronView } from "../../durable-objects/scheduler-api.ts";
import { cronsOf } from "../../durable-objects/testing/open-scheduler.ts";
import { assistantIdOf, graphShelf } from "../../src/api/assistant-id.ts";
import { readConfig } from "../../src/config.ts";
import { sweep } from "../../src/sweep.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

// Crons over HTTP: what is asked for, what is refused, and the runs that come of it.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let key = "";
let tenant = "";
let count = 0;
beforeAll(migrate);
beforeEach(async () => {
  tenant = `crons-${(count += 1)}`;
  key = await newKey(tenant);
  await read(call("/graphs", { key, json: DOUBLE }));
});
afterEach(() => vi.restoreAllMocks());

const BODY = { assistant_id: "double", input: { number: 21 }, schedule: "0 * * * *" };
const create = (more: object = {}, path = "/runs/crons") =>
  read<CronView>(call(path, { key, json: { ...BODY, ...more } }));
const show = (cron: CronView) => read<CronView>(call(`/runs/crons/${cron.cron_id}`, { key }));
const at = (time: string | null): number => Date.parse(time ?? "");
interface Run {
  readonly run_id: string;
  readonly status: string;
  readonly metadata: Record<string, unknown>;
  readonly kwargs: Record<string, unknown>;
}
const runsOf = (threadId: string) => read<Run[]>(call(`/threads/${threadId}/runs`, { key }));

/** It is that late for everybody, and the alarm goes off. */
async function comeTo(time: number): Promise<void> {
  vi.restoreAllMocks();
  const real = Date.now.bind(Date);
  const ahead = time - real();
  vi.spyOn(Date, "now").mockImplementation(() => real() + ahead);
  await cronsOf(tenant).ring();
  await vi.waitFor(async () => expect(await cronsOf(tenant).rows("due")).toBe(0), { timeout: 5_000 });
}

describe("a cron without a thread", () => {
  it("starts a run at each of its times, each on a thread of its own", async () => {
    const cron = await create({ on_run_completed: "keep", metadata: { team: "a" } });
    expect(cron).toMatchObject({
      thread_id: null,
      enabled: true,
      timezone: null,
      end_time: null,
      payload: { assistant_id: "double", input: { number: 21 } },
      metadata: { team: "a" },
      last_error: null,
    });
    const first = at(cron.next_run_date);
    expect(first % HOUR).toBe(0);
    await comeTo(first + 2_000);
    const after = await show(cron);
    expect(after).toMatchObject({ last_run_date: cron.next_run_date, last_error: null });
    // Counted from the time that was meant, not from when it came about.
    expect(at(after.next_run_date)).toBe(first + HOUR);
    const thread = after.last_run_id ?? "";
    await vi.waitFor(async () => expect((await runsOf(thread))[0]?.status).toBe("success"));
    const [run] = await runsOf(thread);
    expect(run?.metadata).toMatchObject({ team: "a", cron_id: cron.cron_id, cron_time: cron.next_run_date });
    expect(await read(call(`/threads/${thread}/state`, { key }))).toMatchObject({ values: { doubled: 42 } });
    await comeTo(first + HOUR);
    expect((await show(cron)).last_run_id).not.toBe(thread);
  });

  it("lets the run's thread go by default, as a run without a thread does", async () => {
    const cron = await create();
    await comeTo(at(cron.next_run_date));
    const { last_run_id: thread } = await show(cron);
    expect((await runsOf(thread ?? ""))[0]?.kwargs).toMatchObject({ on_completion: "delete" });
  });

  it("makes up for what was missed by one run, that of the newest time", async () => {
    const cron = await create({ on_run_completed: "keep" });
    const first = at(cron.next_run_date);
    await comeTo(first + 50 * HOUR + 10 * MINUTE);
    const after = await show(cron);
    expect([at(after.last_run_date), at(after.next_run_date)]).toEqual([first + 50 * HOUR, first + 51 * HOUR]);
    const found = () => read<unknown[]>(call("/threads/search", { key, json: {} }));
    await vi.waitFor(async () => expect(await found()).toHaveLength(1));
    await scheduler.wait(200);
    expect(await found()).toHaveLength(1);
  });

  it("starts the same run when the scheduler dies between start and commit", async () => {
    const cron = await create({ on_run_completed: "keep" });
    const first = at(cron.next_run_date);
    await comeTo(first);
    const { last_run_id: run } = await show(cron);
    // As it was before the commit: the start is due still.
    const body = JSON.stringify({ cronId: cron.cron_id, instant: first, runId: run });
    await cronsOf(tenant).sql(`INSERT INTO due VALUES ('start', ?, ?, 0, ?)`, `${cron.cron_id}/${first}`, first, body);
    await cronsOf(tenant).crash();
    await comeTo(first + MINUTE);
    expect((await show(cron)).last_run_id).toBe(run);
    expect(await runsOf(run ?? "")).toHaveLength(1);
  });

  it("starts its run after all when the scheduler dies before it could", async () => {
    const cron = await create({ on_run_completed: "keep" });
    const find = vi.spyOn(graphShelf, "find").mockReturnValue(new Promise(() => undefined));
    const first = at(cron.next_run_date);
    const real = Date.now.bind(Date);
    const ahead = first - real();
    vi.spyOn(Date, "now").mockImplementation(() => real() + ahead);
    await cronsOf(tenant).ring();
    await vi.waitFor(() => expect(find).toHaveBeenCalled());
    await cronsOf(tenant).crash();
    await comeTo(first + 10_000);
    const { last_run_id: run, last_run_date: time } = await show(cron);
    expect(time).toBe(cron.next_run_date);
    expect(await runsOf(run ?? "")).toHaveLength(1);
  });

  it("says why a time has no run, and goes on", async () => {
    const cron = await create({ on_run_completed: "keep" });
    await env.DB.prepare("DELETE FROM graph_versions WHERE tenant = ?").bind(tenant).run();
    vi.spyOn(graphShelf, "find").mockResolvedValue(undefined as never);
    const first = at(cron.next_run_date);
    const real = Date.now.bind(Date);
    const ahead = first - real();
    vi.spyOn(Date, "now").mockImplementation(() => real() + ahead);
    await cronsOf(tenant).ring();
    await vi.waitFor(async () => expect(await cronsOf(tenant).rows("due")).toBe(0));
    expect(await show(cron)).toMatchObject({
      last_run_id: null,
      last_run_date: cron.next_run_date,
      last_error: { code: "unknown_graph" },
      next_run_date: new Date(first + HOUR).toISOString(),
    });
  });
});

describe("a cron on a thread", () => {
  it("runs there, and skips a time at which the thread is busy", async () => {
    const waiting = {
      ...DOUBLE,
      id: "waiting",
      nodes: { double: { kind: "wait", for: "48h" } },
    };
    await read(call("/graphs", { key, json: waiting }));
    const { thread_id: thread } = await read<{ thread_id: string }>(call("/threads", { key, json: {} }));
    const path = `/threads/${thread}/runs/crons`;
    const cron = await create({ assistant_id: "waiting" }, path);
    const first = at(cron.next_run_date);
    await comeTo(first);
    const one = await show(cron);
    expect(one).toMatchObject({ thread_id: thread, last_error: null });
    await comeTo(first + HOUR);
    expect(await show(cron)).toMatchObject({ last_run_id: null, last_error: { code: "thread_busy" } });
    expect(await runsOf(thread)).toHaveLength(1);
    const queued = await create({ assistant_id: "waiting", multitask_strategy: "enqueue" }, path);
    await comeTo(first + 2 * HOUR);
    const { last_run_id: pending } = await show(queued);
    expect(await read(call(`/threads/${thread}/runs/${pending}`, { key }))).toMatchObject({ status: "pending" });
  });
});

describe("a change", () => {
  it("counts the next time anew, and only what is said changes", async () => {
    const cron = await create({ metadata: { team: "a" } });
    const patch = (json: object) => read<CronView>(call(`/runs/crons/${cron.cron_id}`, { key, method: "PATCH", json }));
    const daily = await patch({ schedule: "30 9 * * *", timezone: "Asia/Tokyo", input: { number: 4 } });
    expect(daily).toMatchObject({ payload: { assistant_id: "double", input: { number: 4 } }, metadata: { team: "a" } });
    expect(daily.next_run_date).toMatch(/T00:30:00/);
    expect(await patch({ enabled: false })).toMatchObject({ enabled: false, next_run_date: null });
    await read(call("/graphs", { key, json: { ...DOUBLE, id: "triple" } }));
    const [assistant_id, payload] = [assistantIdOf("triple"), { assistant_id: "triple", input: { number: 4 } }];
    expect(await patch({ assistant_id: "triple" })).toMatchObject({ assistant_id, payload });
    const until = new Date(Date.now() + 72 * HOUR).toISOString();
    expect(await patch({ enabled: true, end_time: until })).toMatchObject({ end_time: until, enabled: true });
    expect(await patch({ end_time: null })).toMatchObject({ end_time: null });
  });

  it("ends with its end_time", async () => {
    const cron = await create({ end_time: new Date(Date.now() + HOUR + MINUTE).toISOString() });
    await comeTo(at(cron.next_run_date));
    expect((await show(cron)).next_run_date).toBe(null);
  });

  it("deleted, it starts nothing any more, be it due", async () => {
    const cron = await create({ on_run_completed: "keep" });
    const first = at(cron.next_run_date);
    const answer = await call(`/runs/crons/${cron.cron_id}`, { key, method: "DELETE" });
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    await comeTo(first + MINUTE);
    expect(await read(call("/threads/search", { key, json: {} }))).toEqual([]);
    expect((await call(`/runs/crons/${cron.cron_id}`, { key })).status).toBe(404);
    expect((await call(`/runs/crons/${cron.cron_id}`, { key, method: "DELETE" })).status).toBe(404);
  });

  it("deleted while a start of it is on its way, it answers when that has arrived", async () => {
    const cron = await create({ on_run_completed: "keep" });
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const find = vi.spyOn(graphShelf, "find");
    find.mockImplementation(() => held.then(() => Promise.reject(new Error("held"))));
    const first = at(cron.next_run_date);
    const real = Date.now.bind(Date);
    const ahead = first - real();
    vi.spyOn(Date, "now").mockImplementation(() => real() + ahead);
    await cronsOf(tenant).ring();
    await vi.waitFor(() => expect(find).toHaveBeenCalled());
    const order: string[] = [];
    const deleted = call(`/runs/crons/${cron.cron_id}`, { key, method: "DELETE" }).then(() => order.push("deleted"));
    await scheduler.wait(100);
    order.push("arrived");
    goOn();
    await deleted;
    expect(order).toEqual(["arrived", "deleted"]);
    // It failed, and would be tried again.
    expect(await cronsOf(tenant).rows("due")).toBe(0);
  });
});

describe("a search", () => {
  it("filters, sorts, selects and pages; a count counts the same", async () => {
    const { thread_id: thread } = await read<{ thread_id: string }>(call("/threads", { key, json: {} }));
    const made = [
      await create({ metadata: { team: "a", more: { deep: 1, other: 2 } } }),
      await create({ metadata: { team: "b" }, enabled: false }),
      await create({ metadata: { team: "a" } }, `/threads/${thread}/runs/crons`),
    ].map(({ cron_id }) => cron_id);
    const search = async (json: object) => {
      const answer = await call("/runs/crons/search", { key, json });
      const found = await read<CronView[]>(answer);
      const ids = found.map(({ cron_id }) => made.indexOf(cron_id));
      return { ids, total: answer.headers.get("x-pagination-total"), next: answer.headers.get("x-pagination-next") };
    };
    expect(await search({})).toEqual({ ids: [2, 1, 0], total: "3", next: null });
    expect(await search({ limit: 2, sort_by: "cron_id", sort_order: "asc" })).toEqual({
      ids: [0, 1],
      total: "3",
      next: "2",
    });
    expect((await search({ enabled: false })).ids).toEqual([1]);
    expect((await search({ thread_id: thread })).ids).toEqual([2]);
    expect((await search({ metadata: { team: "a" } })).ids).toEqual([2, 0]);
    expect(await search({ metadata: { more: { deep: 1 } }, limit: 1 })).toEqual({ ids: [0], total: "1", next: null });
    expect((await search({ assistant_id: "double" })).ids).toEqual([2, 1, 0]);
    expect((await search({ assistant_id: "another" })).ids).toEqual([]);
    expect(await read(call("/runs/crons/count", { key, json: { metadata: { team: "a" } } }))).toBe(2);
    const few = await read<object[]>(call("/runs/crons/search", { key, json: { select: ["cron_id"], limit: 1 } }));
    expect(few).toEqual([{ cron_id: made[2] }]);
    const stranger = await newKey(`${tenant}-stranger`);
    expect(await read(call("/runs/crons/search", { key: stranger, json: {} }))).toEqual([]);
  });
});

it("asked for twice with one Idempotency-Key it is one cron; in other words 422", async () => {
  const headers = { "idempotency-key": "hourly" };
  const ask = (more: object = {}) => call("/runs/crons", { key, headers, json: { ...BODY, ...more } });
  const [one, two] = await Promise.all([read<CronView>(ask()), read<CronView>(ask())]);
  expect(two.cron_id).toBe(one.cron_id);
  expect((await ask({ schedule: "5 * * * *" })).status).toBe(422);
  expect(await read(call("/runs/crons/count", { key, json: {} }))).toBe(1);
});

it.each([
  [{ schedule: "every day" }, 400, "invalid_request", "/schedule"],
  [{ schedule: undefined }, 400, "invalid_request", "/schedule"],
  [{ schedule: "* * * * * *" }, 400, "invalid_request", "/schedule"],
  [{ timezone: "Mars/Olympus" }, 400, "invalid_request", "/timezone"],
  [{ end_time: "2020-01-01T00:00:00Z" }, 400, "invalid_request", "/end_time"],
  [{ end_time: "tomorrow" }, 400, "invalid_request", "/end_time"],
  [{ assistant_id: "nobody" }, 404, "unknown_graph", "/assistant_id"],
  [{ on_run_completed: "forget" }, 400, "invalid_request", "/on_run_completed"],
  [{ webhook: "http://127.0.0.1/hook" }, 403, "egress_denied", "/webhook"],
  [{ webhook: "not a url" }, 400, "invalid_request", "/webhook"],
  [{ stream_mode: "nonsense" }, 400, "invalid_request", "/stream_mode"],
])("%j is refused, and nothing is kept", async (more, status, code, pointer) => {
  const answer = await call("/runs/crons", { key, json: { ...BODY, ...more } });
  expect(await answer.json()).toMatchObject({ status, code, pointer });
  expect(await read(call("/runs/crons/count", { key, json: {} }))).toBe(0);
});

it("a thread that is not there gets none", async () => {
  const path = `/threads/${crypto.randomUUID()}/runs/crons`;
  expect((await call(path, { key, json: BODY })).status).toBe(404);
});

it("a lost alarm is made good by the sweep", async () => {
  const cron = await create({ on_run_completed: "keep" });
  const first = at(cron.next_run_date);
  const told = async () =>
    (await env.DB.prepare("SELECT due_at FROM schedulers WHERE tenant = ?").bind(tenant).first<{ due_at: number }>())
      ?.due_at;
  await vi.waitFor(async () => expect(await told()).toBe(first), { timeout: 3_000 });
  await cronsOf(tenant).forgetAlarm();
  const real = Date.now.bind(Date);
  const ahead = first + 2 * MINUTE - real();
  vi.spyOn(Date, "now").mockImplementation(() => real() + ahead);
  await sweep(readConfig(env), "* * * * *", Date.now());
  await vi.waitFor(async () => expect(await show(cron)).toMatchObject({ last_run_date: cron.next_run_date }));
  await vi.waitFor(async () => expect(await told()).toBe(first + HOUR), { timeout: 5_000 });
});
