import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { redrive } from "../src/api/redrive.ts";
import { threadsPort } from "../src/api/threads-port.ts";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { openDatabase } from "../src/storage/database.ts";
import { listDeadLetters } from "../src/storage/dead-letters.ts";
import { POST_DELAYS_MS } from "./schedule/posts.ts";
import { webhooksOf } from "./testing/open-scheduler.ts";
import { alone } from "./testing/faults.ts";
import { attempts, crash, openThread, startOf, type TestThread } from "./testing/open-thread.ts";
import { aheadBy } from "./testing/queued.ts";

// G16: a run's end is told at least once, under one id, signed, with back-off, and to nobody who is not to be called.

const URL_WITH_TOKEN = "https://hooks.example.com/in?token=hidden";
const SET = alone("transform", { set: { out: "'done'" } });
const FAILS = { ...SET, nodes: { own: { ...attempts("out", { fault: "status", status: 400 }), kind: "model" } } };

interface Call {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly body: JsonObject;
}
let calls: Call[] = [];
let answers: (() => Response | Promise<Response>)[] = [];
let tenant = "";
let count = 0;
let clock: { restore(): void } | undefined;

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});
beforeEach(() => {
  calls = [];
  answers = [];
  tenant = `webhooks-${(count += 1)}`;
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  // Objects take the platform's fetch when they are made: each test has a tenant, and so objects, of its own.
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const text = init.body as string;
    calls.push({
      url,
      text,
      headers: Object.fromEntries(new Headers(init.headers)),
      body: JSON.parse(text) as JsonObject,
    });
    return (answers.shift() ?? (() => new Response("ok")))();
  });
});
afterEach(() => {
  clock?.restore();
  clock = undefined;
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const says =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    new Response(null, { status, headers });
const thread = () => openThread(tenant);

async function start(on: TestThread, graph: JsonObject = SET, more: object = {}) {
  const command = startOf(on, graph, {}, { webhook: URL_WITH_TOKEN, ...more });
  unwrap(await on.api.startRun(command));
  return command;
}
const arrived = (n: number) => vi.waitFor(() => expect(calls).toHaveLength(n), { timeout: 5_000 });
const letters = () => listDeadLetters(openDatabase(env.DB), tenant, { limit: 10 });
/** So much later, and whatever is due goes off. */
async function later(on: TestThread, ms: number): Promise<void> {
  clock?.restore();
  clock = aheadBy(ms);
  await webhooksOf(tenant, on.threadId).ring();
}
const secretOf = async () =>
  (await env.DB.prepare("SELECT secret FROM webhook_secrets WHERE tenant = ?").bind(tenant).first<{ secret: string }>())
    ?.secret ?? "";

describe("a run that ends", () => {
  it("is told with its result, signed by the tenant's secret", async () => {
    const on = thread();
    const { runId } = await start(on);
    await arrived(1);
    const [call] = calls;
    expect(call?.url).toBe(URL_WITH_TOKEN);
    expect(call?.body).toMatchObject({
      run_id: runId,
      thread_id: on.threadId,
      status: "success",
      values: { out: "done" },
      kwargs: { webhook: URL_WITH_TOKEN },
    });
    for (const time of ["run_started_at", "run_ended_at", "webhook_sent_at"])
      expect(Date.parse(call?.body[time] as string)).toBeGreaterThan(Date.now() - 60_000);
    expect(call?.body).not.toHaveProperty("error");
    expect(call?.headers["webhook-id"]).toBe(`msg_${runId}`);
    expect(new Webhook(await secretOf()).verify(call?.text ?? "", call?.headers ?? {})).toEqual(call?.body);
    const other = new Webhook(`whsec_${btoa("another secret")}`);
    expect(() => other.verify(call?.text ?? "", call?.headers ?? {})).toThrow();
    await vi.waitFor(async () => expect(await webhooksOf(tenant, on.threadId).rows("due")).toBe(0));
  });

  it("is told too when it fails, is cancelled, or asks", async () => {
    const failing = await start(thread(), FAILS);
    await arrived(1);
    expect(calls[0]?.body).toMatchObject({
      run_id: failing.runId,
      status: "error",
      error: { message: expect.any(String) },
    });
    const on = thread();
    const waiting = await start(on, alone("wait", { for: "48h" }));
    unwrap(await on.api.cancelRun(waiting));
    await arrived(2);
    expect(calls[1]?.body).toMatchObject({ status: "interrupted", error: { code: "run_cancelled" } });
    await start(thread(), alone("gate", { ask: "Sure?", write: "out" }));
    await arrived(3);
    expect(calls[2]?.body).toMatchObject({ status: "success", values: { __interrupt__: [{ value: "Sure?" }] } });
  });

  it("is told when it was cancelled before its turn", async () => {
    const on = thread();
    await start(on, alone("wait", { for: "48h" }), { webhook: undefined });
    const queued = await start(on, SET, { multitask: "enqueue" });
    unwrap(await on.api.cancelRun(queued));
    await arrived(1);
    expect(calls[0]?.body).toMatchObject({
      run_id: queued.runId,
      status: "interrupted",
      run_started_at: null,
      values: {},
    });
  });

  it("without its values where they are too long, which it says", async () => {
    await start(thread(), alone("transform", { set: { out: `"${"x".repeat(1000)}"` } }), {
      metadata: { note: "y".repeat(1000) },
    });
    await arrived(1);
    const long = `state.big + state.big`;
    const graph = {
      channels: { big: {}, out: {} },
      input: ["big"],
      nodes: { own: { kind: "transform", set: { out: long } } },
      edges: [{ from: "start", to: "own" }],
    };
    const on = thread();
    const command = startOf(on, graph, { big: "z".repeat(300_000) }, { webhook: URL_WITH_TOKEN });
    unwrap(await on.api.startRun(command));
    await arrived(2);
    expect(calls[1]?.body).toMatchObject({ status: "success", values: null, values_omitted: expect.any(String) });
  });
});

describe("a delivery that fails", () => {
  it("is tried again under the same id, later and later, until it is taken", async () => {
    answers = [
      says(500),
      says(302, { location: "https://elsewhere.example.com" }),
      () => Promise.reject(new Error(URL_WITH_TOKEN)),
    ];
    const on = thread();
    await start(on);
    await arrived(1);
    let ahead = 0;
    for (const [index, delay] of POST_DELAYS_MS.slice(0, 3).entries()) {
      await vi.waitFor(async () => expect((await webhooksOf(tenant, on.threadId).alarm()) ?? 0).toBeGreaterThan(0));
      await later(on, ahead + delay - 1_000);
      await scheduler.wait(50);
      expect(calls).toHaveLength(index + 1);
      ahead += Math.ceil(delay * 1.11) + 1_000;
      await later(on, ahead);
      await arrived(index + 2);
    }
    expect(new Set(calls.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(calls.map(({ headers }) => headers["webhook-timestamp"])).size).toBe(4);
    await vi.waitFor(async () => expect(await webhooksOf(tenant, on.threadId).rows("due")).toBe(0));
    expect(await letters()).toEqual([]);
  });

  it("ends with 410, for good and without a dead letter", async () => {
    answers = [says(410)];
    const on = thread();
    await start(on);
    await arrived(1);
    await vi.waitFor(async () => expect(await webhooksOf(tenant, on.threadId).rows("due")).toBe(0));
    expect(await letters()).toEqual([]);
  });

  it("to the last is a dead letter, and a redrive sends it again, once", async () => {
    answers = Array.from({ length: POST_DELAYS_MS.length + 1 }, () => says(503));
    const on = thread();
    const { runId } = await start(on);
    await arrived(1);
    for (let index = 0; index < POST_DELAYS_MS.length; index += 1) {
      await vi.waitFor(async () => {
        await later(on, (index + 1) * 12 * 3_600_000);
        expect(calls).toHaveLength(index + 2);
      });
    }
    await vi.waitFor(async () => expect(await letters()).toHaveLength(1));
    const [letter] = await letters();
    expect(letter).toMatchObject({ kind: "webhook", runId, threadId: on.threadId, cause: { code: "http_failed" } });
    expect(JSON.stringify(letter)).not.toContain("hidden");
    const redriver = {
      tenant,
      database: openDatabase(env.DB),
      threads: threadsPort(env.THREADS, (ms) => scheduler.wait(ms)),
      namespace: env.THREADS,
      schedulers: env.SCHEDULER,
      now: Date.now,
    };
    const both = [redrive(redriver, letter?.id ?? ""), redrive(redriver, letter?.id ?? "")];
    const [one] = await Promise.all(both);
    expect(one).toMatchObject({ letter: { status: "redriven" }, run: null });
    await arrived(POST_DELAYS_MS.length + 2);
    await redrive(redriver, letter?.id ?? "");
    await scheduler.wait(100);
    expect(calls).toHaveLength(POST_DELAYS_MS.length + 2);
    expect(calls.at(-1)?.headers["webhook-id"]).toBe(`msg_${runId}`);
  }, 20_000);
});

describe("a crash", () => {
  it("of the scheduler in the middle of a delivery: it is delivered, under the same id", async () => {
    answers = [() => new Promise(() => undefined)];
    const on = thread();
    await start(on);
    await arrived(1);
    await webhooksOf(tenant, on.threadId).crash();
    await later(on, 6_000);
    await arrived(2);
    expect(calls[1]?.headers["webhook-id"]).toBe(calls[0]?.headers["webhook-id"]);
  });

  it("of the thread between commit and delivery: it is delivered", async () => {
    const on = thread();
    await start(on);
    // Notices are gathered for a moment; nothing has left yet.
    await crash(on);
    expect(calls).toEqual([]);
    unwrap(await on.api.getThread(on));
    await vi.waitFor(
      async () => {
        await on.api.touch({ ...on, runId: "any" });
        expect(calls.length).toBeGreaterThan(0);
      },
      { timeout: 5_000 },
    );
  });
});

it("a receiver that never answers holds neither the thread nor the index", async () => {
  answers = [() => new Promise(() => undefined)];
  const on = thread();
  await start(on);
  await arrived(1);
  const { runId } = await start(on, SET, { webhook: undefined });
  expect(unwrap(await on.api.joinRun({ ...on, runId })).run.status).toBe("success");
  await vi.waitFor(async () => {
    const row = await env.DB.prepare("SELECT status FROM threads WHERE tenant = ?").bind(tenant).first();
    expect(row).toMatchObject({ status: "idle" });
  });
});
