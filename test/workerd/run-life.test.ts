import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import { objectName } from "../../src/security/tenant.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

/** Runs over HTTP, from their acceptance to their end, as LangGraph's clients make, queue, stop and delete them. */

type Run = {
  run_id: string;
  thread_id: string;
  status: string;
  multitask_strategy: string;
  kwargs: JsonObject;
  metadata: JsonObject;
};
type Problem = { code: string; pointer?: string; detail: string };

let key = "";
let other = "";
const api = (path: string, json?: unknown, more: object = {}) =>
  call(path, { key, ...(json === undefined ? {} : { json }), ...more });

/** Waits for an hour, or for a signal. */
const SLOW = {
  edgewise: 1,
  id: "slow",
  channels: { word: {}, log: { reducer: "append" } },
  input: ["word"],
  nodes: {
    mark: { kind: "transform", set: { log: "state.word" } },
    wait: { kind: "wait", for: "1h" },
  },
  edges: [
    { from: "start", to: "mark" },
    { from: "mark", to: "wait", when: "state.word != 'quick'" },
    { from: "mark", to: "end", else: true },
  ],
};

beforeAll(async () => {
  await migrate();
  [key, other] = [await newKey("life"), await newKey("other")];
  for (const graph of [SLOW, DOUBLE]) await read(call("/graphs", { key, json: graph }));
});

let thread = "";
beforeEach(async () => {
  thread = `/threads/${(await read<{ thread_id: string }>(api("/threads", {}))).thread_id}`;
});

const slow = (word: string, more: object = {}) => ({ assistant_id: "slow", input: { word }, ...more });
const begin = (word: string, more: object = {}) => read<Run>(api(`${thread}/runs`, slow(word, more)));
const get = (run: Run) => read<Run>(api(`/threads/${run.thread_id}/runs/${run.run_id}`));
const list = async (query = "") => (await read<Run[]>(api(`${thread}/runs${query}`))).map(({ run_id: id }) => id);
const refused = async (answer: Promise<Response>): Promise<[number, Problem]> => {
  const response = await answer;
  return [response.status, await response.json<Problem>()];
};

describe("a thread that has a run", () => {
  it("refuses another one with 422, in whichever form, unless a strategy is given", async () => {
    const first = await begin("one");
    for (const form of ["", "/wait", "/stream"]) {
      const [status, { code, detail }] = await refused(api(`${thread}/runs${form}`, slow("two")));
      expect([status, code]).toEqual([422, "thread_busy"]);
      expect(detail).toContain("Thread is already running a task.");
    }
    expect(await list()).toEqual([first.run_id]);
  });

  it("queues one that may wait: pending, listed, and started when the first is cancelled", async () => {
    const first = await begin("one");
    const second = await begin("quick", { multitask_strategy: "enqueue", metadata: { who: "me" } });
    expect(second).toMatchObject({
      status: "pending",
      multitask_strategy: "enqueue",
      kwargs: { input: { word: "quick" } },
    });
    expect(await list("?status=pending&select=run_id")).toEqual([second.run_id]);
    const [only] = await read<object[]>(api(`${thread}/runs?select=status&select=run_id&limit=1`));
    expect(only).toEqual({ run_id: second.run_id, status: "pending" });
    expect((await read<{ status: string }>(api(thread))).status).toBe("busy");
    const [update, { code }] = await refused(api(`${thread}/state`, { values: { word: "x" } }));
    expect([update, code]).toEqual([409, "thread_busy"]);
    const cancelled = await api(`${thread}/runs/${first.run_id}/cancel?wait=1`, {});
    expect([cancelled.status, await cancelled.text()]).toEqual([204, ""]);
    expect((await read<{ log: string[] }>(api(`${thread}/runs/${second.run_id}/join`))).log).toEqual(["one", "quick"]);
    expect([(await get(first)).status, (await get(second)).status]).toEqual(["interrupted", "success"]);
  });

  it("shows the stream of one that waits from its beginning", async () => {
    const first = await begin("one");
    const streamed = await api(`${thread}/runs/stream`, slow("quick", { multitask_strategy: "enqueue" }));
    expect(streamed.headers.get("content-location")).toMatch(/^\/threads\/[^/]+\/runs\/[^/]+$/);
    await api(`${thread}/runs/${first.run_id}/cancel`, {});
    expect(await streamed.text()).toMatch(/^(?:: hb\n)*event: metadata\n[\s\S]*event: values\n/);
  });

  it.each(["interrupt", "rollback"])("gives way to one with %s", async (strategy) => {
    const first = await begin("one");
    const second = await begin("quick", { multitask_strategy: strategy });
    const values = await read<{ log: string[] }>(api(`${thread}/runs/${second.run_id}/join`));
    expect(values.log).toEqual(strategy === "interrupt" ? ["one", "quick"] : ["quick"]);
    if (strategy === "interrupt") expect((await get(first)).status).toBe("interrupted");
    else expect((await api(`${thread}/runs/${first.run_id}`)).status).toBe(404);
  });
});

describe("a run", () => {
  it("may be put off and is cancelled before it begins", async () => {
    const run = await begin("one", { after_seconds: 3600 });
    expect(run.status).toBe("pending");
    const cancelled = await api(`${thread}/runs/${run.run_id}/cancel?wait=0&action=interrupt&reason=enough`, {});
    expect([cancelled.status, (await cancelled.json<Run>()).status]).toEqual([202, "interrupted"]);
    expect((await api(`${thread}/runs/${run.run_id}/cancel?wait=1`, {})).status).toBe(204);
  });

  it("is deleted, and not found then; another tenant finds neither", async () => {
    const run = await begin("quick");
    const path = `${thread}/runs/${run.run_id}`;
    expect((await call(path, { key: other, method: "DELETE" })).status).toBe(404);
    const gone = await call(path, { key, method: "DELETE" });
    expect([gone.status, await gone.text()]).toEqual([204, ""]);
    expect((await call(path, { key, method: "DELETE" })).status).toBe(404);
    expect((await api(path)).status).toBe(404);
    expect((await api(`${path}/cancel`, {})).status).toBe(404);
    expect(await list()).toEqual([]);
  });

  it("stops at breakpoints and goes on past them", async () => {
    const stop = { interrupt_before: ["mark"] };
    expect(await read(api(`${thread}/runs/wait`, slow("quick", stop)))).not.toHaveProperty("log");
    const state = await read<{ next: string[]; tasks: { interrupts: unknown[] }[] }>(api(`${thread}/state`));
    expect([state.next, state.tasks[0]?.interrupts]).toEqual([["mark"], []]);
    expect(await read(api(`${thread}/runs/wait`, { assistant_id: "slow", input: null, ...stop }))).toMatchObject({
      log: ["quick"],
    });
    const [status, { pointer }] = await refused(api(`${thread}/runs`, slow("quick", { interrupt_after: ["nope"] })));
    expect([status, pointer]).toEqual([400, "/interrupt_after/0"]);
  });

  it("asked for under one Idempotency-Key is one run, while it waits too; in other words it is refused", async () => {
    await begin("one");
    const headers = { "idempotency-key": "again" };
    const ask = (more: object = {}) =>
      api(`${thread}/runs`, slow("quick", { multitask_strategy: "enqueue", ...more }), { headers });
    const run = await read<Run>(ask());
    expect((await read<Run>(ask())).run_id).toBe(run.run_id);
    expect((await refused(ask({ after_seconds: 5 })))[1].code).toBe("idempotency_mismatch");
    await call(`${thread}/runs/${run.run_id}`, { key, method: "DELETE" });
    expect((await refused(ask()))[0]).toBe(409);
  });
});

describe("POST /runs/cancel", () => {
  it("cancels named runs of a thread, and says which it did not find", async () => {
    const first = await begin("one");
    const thread_id = first.thread_id;
    expect((await api("/runs/cancel?action=interrupt", { thread_id, run_ids: [first.run_id] })).status).toBe(204);
    expect((await get(first)).status).toBe("interrupted");
    const run_ids = [first.run_id, "00000000-0000-7000-8000-000000000000"];
    const [status, { pointer }] = await refused(api("/runs/cancel", { thread_id, run_ids }));
    expect([status, pointer]).toEqual([404, "/run_ids/1"]);
  });

  it("by status, of a thread or of all that the tenant has", async () => {
    const first = await begin("one");
    const second = await begin("two", { multitask_strategy: "enqueue" });
    expect((await api("/runs/cancel", { thread_id: first.thread_id, status: "pending" })).status).toBe(204);
    expect([(await get(first)).status, (await get(second)).status]).toEqual(["running", "interrupted"]);
    const listed = env.DB.prepare("SELECT 1 FROM live_runs WHERE run_id = ?").bind(first.run_id);
    while ((await listed.first()) === null) await scheduler.wait(10);
    expect((await call("/runs/cancel", { key: other, json: { status: "all" } })).status).toBe(204);
    expect((await get(first)).status).toBe("running");
    expect((await api("/runs/cancel?action=rollback", { status: "running" })).status).toBe(204);
    expect((await api(`${thread}/runs/${first.run_id}`)).status).toBe(404);
  });

  it.each([
    [{}, "/status"],
    [{ run_ids: ["00000000-0000-7000-8000-000000000000"] }, "/thread_id"],
    [{ thread_id: "00000000-0000-7000-8000-000000000000" }, "/run_ids"],
    [{ status: "done" }, "/status"],
  ])("refuses %j", async (body, pointer) => {
    const [status, problem] = await refused(api("/runs/cancel", body));
    expect([status, problem.pointer]).toEqual([400, pointer]);
  });
});

describe("POST /runs/batch", () => {
  const double = (number: unknown, more: object = {}) => ({
    assistant_id: "double",
    input: { number },
    assistantId: "x",
    ...more,
  });

  it("starts all, in order, each on a thread of its own; the same key once", async () => {
    const headers = { "idempotency-key": "batch" };
    const runs = await read<Run[]>(api("/runs/batch", [double(1), double(2)], { headers }));
    expect(runs.map(({ kwargs }) => kwargs["input"])).toEqual([{ number: 1 }, { number: 2 }]);
    expect(new Set(runs.map(({ thread_id: id }) => id)).size).toBe(2);
    const again = await read<Run[]>(api("/runs/batch", [double(1), double(2)], { headers }));
    expect(again.map(({ run_id: id }) => id)).toEqual(runs.map(({ run_id: id }) => id));
  });

  it.each([
    [[double(1), double(2, { config: 7 })], 400, "/1/config"],
    [[double(1), { input: {} }], 400, "/1/assistant_id"],
    [[double(1), { assistant_id: "nope" }], 404, "/1"],
    [[double(1), double(2), double(1, { input: { what: 1 } })], 422, "/2/input/what"],
    [[double("x")], 422, "/0/input/number"],
    [[double(1, { interrupt_before: ["nope"] })], 400, "/0/interrupt_before/0"],
    [[], 400, ""],
    [{}, 400, ""],
  ])("with one wrong starts none (%#)", async (body, wanted, pointer) => {
    const count = () =>
      env.DB.prepare("SELECT count(*) AS n FROM threads WHERE tenant = 'life'").first<{ n: number }>();
    await scheduler.wait(120);
    const before = await count();
    const [status, problem] = await refused(api("/runs/batch", body));
    expect([status, problem.pointer?.startsWith(pointer) ?? pointer === ""]).toEqual([wanted, true]);
    await scheduler.wait(120);
    expect(await count()).toEqual(before);
  });
});

describe("a run without a thread", () => {
  const threadOf = ({ thread_id: id }: Run) =>
    (env.THREADS as DurableObjectNamespace).getByName(objectName("life", "thread", id));
  const fate = (run: Run) =>
    runInDurableObject(
      threadOf(run),
      (_, { storage }) => storage.sql.exec<{ kwargs: string }>("SELECT kwargs FROM runs").one().kwargs,
    );

  it("goes with its thread after a while, unless it is to be kept; until then it can be read and joined", async () => {
    const run = await read<Run>(api("/runs", { assistant_id: "double", input: { number: 4 } }));
    expect(await fate(run)).toContain('"on_completion":"delete"');
    expect(await read(api(`/threads/${run.thread_id}/runs/${run.run_id}/join`))).toEqual({ doubled: 8 });
    expect(await (await api(`/runs/${run.run_id}/stream`)).text()).toContain('"doubled":8');
    expect((await api(`/threads/${run.thread_id}`)).status).toBe(404);
    for (const on_completion of ["keep", "continue"]) {
      const kept = await read<Run>(api("/runs", { assistant_id: "double", input: { number: 4 }, on_completion }));
      expect(await fate(kept)).not.toContain("on_completion");
      expect((await api(`/threads/${kept.thread_id}`)).status).toBe(200);
    }
  });
});
