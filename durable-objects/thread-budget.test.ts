import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../src/base/json.ts";
import { chain } from "./testing/composite-graphs.ts";
import { crash, openThread, startOf, type TestThread } from "./testing/open-thread.ts";
import { begun, behaviour, spending, till } from "./testing/spend.ts";
import type { RunResult, StartRun } from "./thread-api.ts";

spending();
beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

const spend = { kind: "spend" };
const CHANNELS: JsonObject = { log: { reducer: "append" }, wrong: {} };
const line = (...ids: readonly string[]): JsonObject => ({
  channels: CHANNELS,
  nodes: Object.fromEntries(ids.map((id) => [id, spend])),
  edges: chain(...ids),
});
/** A map, or a race, over numbers from 1. */
const over = (kind: "map" | "race", items: number, more: JsonObject = {}): JsonObject => ({
  kind,
  over: JSON.stringify(Array.from({ length: items }, (_, index) => index + 1)),
  graph: { channels: CHANNELS, nodes: { call: spend }, edges: chain("call") },
  ...more,
});

async function run(thread: TestThread, graph: JsonObject, more: Partial<StartRun> = {}): Promise<RunResult> {
  const command = startOf(thread, graph, {}, more);
  unwrap(await thread.api.startRun(command));
  return unwrap(await thread.api.joinRun(command));
}

const goOn = (thread: TestThread, graph: JsonObject, more: Partial<StartRun> = {}): Promise<RunResult> =>
  run(thread, graph, { input: null, ...more });
const of = ({ tenant, threadId }: TestThread) => ({ tenant, threadId });
const amounts = ({ run: { error } }: RunResult): Json => error?.details ?? null;
const STOPPED = { status: "error", error: { code: "budget_exceeded", retryable: false } };

/** An attempt has begun and does not end. */
async function untilBegun(...names: readonly string[]): Promise<void> {
  await expect.poll(() => begun).toEqual(expect.arrayContaining([...names]));
}

async function startHanging(thread: TestThread, graph: JsonObject, more: Partial<StartRun> = {}): Promise<StartRun> {
  const command = startOf(thread, graph, {}, more);
  unwrap(await thread.api.startRun(command));
  return command;
}

describe("[G12] a budget of tokens", () => {
  it("is never exceeded by what is under way at once, and lets as much be done as fits", async () => {
    const graph = { channels: CHANNELS, nodes: { each: over("map", 12) }, edges: chain("each") };
    for (let item = 1; item <= 12; item += 1) behaviour.set(`call ${item}`, { uses: 6, takes: item % 3 });
    const thread = openThread();
    const stopped = await run(thread, graph, { budget: { tokens: 45 } });
    expect(stopped.run).toMatchObject({ ...STOPPED, error: { node: "call" } });
    expect(amounts(stopped)).toEqual({ limit: "tokens", allowed: 45, spent: 36, reserved: 0, needed: 10 });
    expect(till).toMatchObject({ billed: 36, open: 0 });
    expect(till.most).toBeLessThanOrEqual(45);
    const whole = await goOn(thread, graph, { budget: { tokens: 200 } });
    expect(whole.run.status).toBe("success");
    expect(begun.toSorted()).toEqual(Array.from({ length: 12 }, (_, index) => `call ${index + 1}`).toSorted());
  });

  it("is of the graph where the run says nothing, and stops a run that goes on until that says more", async () => {
    const graph = { ...line("a", "b", "c"), limits: { tokens: 25 } };
    const thread = openThread();
    expect((await run(thread, graph)).values["log"]).toEqual(["a", "b"]);
    const again = await goOn(thread, graph);
    expect(again.run).toMatchObject(STOPPED);
    expect(amounts(again)).toMatchObject({ allowed: 25, spent: 20 });
    // What one run was given, the next one has.
    expect((await goOn(thread, graph, { budget: { tokens: 29 } })).run).toMatchObject(STOPPED);
    expect(amounts(await goOn(thread, graph))).toMatchObject({ allowed: 29 });
    expect((await goOn(thread, graph, { budget: { tokens: 30 } })).values["log"]).toEqual(["a", "b", "c"]);
    expect(begun).toEqual(["a", "b", "c"]);
  });

  it("is not reset by a restart, which is charged for what it cut off (F1)", async () => {
    const thread = openThread();
    behaviour.set("b", { hangs: true });
    const command = await startHanging(thread, line("a", "b", "c"), { budget: { tokens: 35 } });
    await untilBegun("b");
    behaviour.clear();
    await crash(thread);
    const cut = unwrap(await thread.api.joinRun(command));
    expect(cut.values["log"]).toEqual(["a", "b"]);
    expect(amounts(cut)).toMatchObject({ spent: 30, needed: 10 });
    await crash(thread);
    expect(amounts(await goOn(thread, line("a", "b", "c")))).toMatchObject({ spent: 30 });
  });

  it("is charged what was used, be it more than was thought, and what was thought where nobody says [F26]", async () => {
    behaviour.set("a", { uses: 25 });
    const more = await run(openThread(), line("a", "b"), { budget: { tokens: 30 } });
    expect(amounts(more)).toMatchObject({ spent: 25 });
    behaviour.set("a", { uses: null });
    const unsaid = await run(openThread(), line("a", "b"), { budget: { tokens: 19 } });
    expect(amounts(unsaid)).toMatchObject({ spent: 10 });
    expect(unsaid.run.usage).toMatchObject({ input_tokens: 0 });
  });

  it("is charged nothing for a result that was kept", async () => {
    const tenant = `keeper-${uuidv7(Date.now(), secureRandom)}`;
    behaviour.set("a", { uses: null });
    const graph = { ...line("a", "b"), nodes: { a: { ...spend, cache: { ttl: "1h" } }, b: spend } };
    await run(openThread(tenant), graph);
    await expect
      .poll(async () => (await run(openThread(tenant), graph, { budget: { tokens: 15 } })).run.status)
      .toBe("success");
    expect(begun.filter((name) => name === "a").length).toBeLessThan(begun.filter((name) => name === "b").length);
  });

  it("is charged for attempts that failed, and holds the next try", async () => {
    behaviour.set("a", { fails: 2 });
    const retry = { attempts: 3, delay: "1ms", max_delay: "1ms" };
    const graph = { ...line("a"), nodes: { a: { ...spend, retry } } };
    const thread = openThread();
    const stopped = await run(thread, graph, { budget: { tokens: 25 } });
    expect(stopped.run).toMatchObject(STOPPED);
    expect(amounts(stopped)).toMatchObject({ spent: 20 });
    expect((await goOn(thread, graph, { budget: { tokens: 30 } })).run.status).toBe("success");
  });
});

describe("[G12] a budget of money", () => {
  it("counts as tokens do", async () => {
    const thread = openThread();
    const graph = { ...line("a", "b"), limits: { cost_usd: 0.019 } };
    const stopped = await run(thread, graph);
    expect(stopped.run).toMatchObject(STOPPED);
    expect(amounts(stopped)).toEqual({ limit: "cost_usd", allowed: 0.019, spent: 0.01, reserved: 0, needed: 0.01 });
    expect((await goOn(thread, graph, { budget: { costUsd: 0.02 } })).run.status).toBe("success");
  });
});

describe("[R9] what comes to a budget's end", () => {
  it("waits for what is under way, and what needs no budget goes on", async () => {
    const graph = {
      channels: CHANNELS,
      nodes: {
        slow: spend,
        much: spend,
        rest: { kind: "wait", for: "5ms" },
        free: { kind: "transform", set: { log: "'free'" } },
      },
      edges: [...chain("slow"), ...chain("much"), ...chain("rest", "free")],
    };
    behaviour.set("slow", { uses: 2, takes: 40 });
    const { run: all, values } = await run(openThread(), graph, { budget: { tokens: 12 } });
    expect(all.status).toBe("success");
    expect(values["log"]).toHaveLength(3);
    expect(till.most).toBeLessThanOrEqual(12);
  });

  it("takes no error edge and fails no item: a higher budget does it all", async () => {
    const on = { on_error: { write: "wrong" } };
    const graph = {
      channels: CHANNELS,
      nodes: { a: { ...spend, ...on }, each: over("map", 3, { on_failure: "collect", failures: "wrong", ...on }) },
      edges: chain("a", "each"),
      on_failure: "stop",
    };
    const thread = openThread();
    const none = await run(thread, graph, { budget: { tokens: 5 } });
    expect([none.run.status, none.values["wrong"], begun]).toEqual(["error", undefined, []]);
    const some = await goOn(thread, graph, { budget: { tokens: 25 } });
    expect([some.run.error?.code, some.values["wrong"]]).toEqual(["budget_exceeded", undefined]);
    const { values } = await goOn(thread, graph, { budget: { tokens: 40 } });
    expect(values["log"]).toEqual(["a", "call 1", "call 2", "call 3"]);
  });

  it("is charged for what a failure cut off, where the graph stops at it", async () => {
    behaviour.set("slow", { hangs: true });
    behaviour.set("bad", { fails: 1 });
    const graph = {
      channels: CHANNELS,
      nodes: { slow: spend, wait: { kind: "wait", for: "5ms" }, bad: spend },
      edges: [...chain("slow"), ...chain("wait", "bad")],
      on_failure: "stop",
    };
    const thread = openThread();
    expect((await run(thread, graph)).run.error?.node).toBe("bad");
    const stopped = await goOn(thread, graph, { budget: { tokens: 25 }, command: {} });
    expect(amounts(stopped)).toMatchObject({ allowed: 25, spent: 20 });
  });

  it("is charged for the losers of a race (R11)", async () => {
    behaviour.set("call 1", { uses: 3 });
    for (const item of [2, 3]) behaviour.set(`call ${item}`, { hangs: true });
    const graph = { channels: CHANNELS, nodes: { quick: over("race", 3), last: spend }, edges: chain("quick", "last") };
    const thread = openThread();
    const stopped = await run(thread, graph, { budget: { tokens: 32 } });
    expect(stopped.values["log"]).toEqual(["call 1"]);
    expect(amounts(stopped)).toMatchObject({ spent: 23 });
    expect((await goOn(thread, graph, { budget: { tokens: 33 } })).values["log"]).toEqual(["call 1", "last"]);
  });

  it("counts what a cancel cut off, when the run goes on all the same (G10)", async () => {
    behaviour.set("a", { hangs: true });
    const thread = openThread();
    const graph = line("a", "b");
    const command = await startHanging(thread, graph);
    await untilBegun("a");
    unwrap(await thread.api.cancelRun(command));
    behaviour.clear();
    const stopped = await goOn(thread, graph, { budget: { tokens: 25 } });
    expect(stopped.values["log"]).toEqual(["a"]);
    expect(amounts(stopped)).toMatchObject({ spent: 20 });
  });

  it("is not made anew by another version of the graph (G11)", async () => {
    const thread = openThread();
    const graph = line("a", "b");
    expect((await run(thread, graph, { budget: { tokens: 15 } })).run).toMatchObject(STOPPED);
    const next = startOf(thread, line("a", "b", "c")).graph;
    unwrap(await thread.api.migrate({ ...of(thread), graph: { ...next, version: 2 } }));
    await crash(thread);
    const stopped = await goOn(thread, line("a", "b", "c"));
    expect(amounts(stopped)).toMatchObject({ allowed: 15, spent: 10 });
    expect(begun).toEqual(["a"]);
    await crash(thread);
    const all = await goOn(thread, line("a", "b", "c"), { budget: { tokens: 30 } });
    expect([all.run.status, begun]).toEqual(["success", ["a", "b", "c"]]);
  });
});

describe("[G12] a budget of time", () => {
  const TIMEOUT = { status: "timeout", error: { code: "budget_exceeded", details: { limit: "time" } } };

  it("stops a run in the midst of its work, charges for it, and is new for a run by which somebody goes on", async () => {
    behaviour.set("a", { hangs: true });
    const thread = openThread();
    const stopped = await run(thread, line("a", "b"), { budget: { timeMs: 150 } });
    expect(stopped.run).toMatchObject(TIMEOUT);
    expect(till.open).toBe(0);
    expect(unwrap(await thread.api.getThread(of(thread))).status).toBe("error");
    behaviour.clear();
    const next = await goOn(thread, line("a", "b"), { budget: { timeMs: 60_000, tokens: 25 } });
    expect(next.values["log"]).toEqual(["a"]);
    expect(amounts(next)).toMatchObject({ limit: "tokens", spent: 20 });
  });

  it("stops a run that only waits, also one that was away, and it waits on when it goes on", async () => {
    const graph = {
      channels: CHANNELS,
      nodes: { hold: { kind: "wait", for: "1h" }, after: spend },
      edges: chain("hold", "after"),
      limits: { time: "300ms" },
    };
    const thread = openThread();
    const command = await startHanging(thread, graph);
    await crash(thread);
    expect(unwrap(await thread.api.joinRun(command)).run).toMatchObject(TIMEOUT);
    const next = startOf(thread, graph, null, { budget: { timeMs: 60_000 } });
    expect(unwrap(await thread.api.startRun(next)).status).toBe("running");
    expect(unwrap(await thread.api.waitsOf(next))).toMatchObject([{ node: "hold" }]);
    unwrap(await thread.api.cancelRun(next));
  });

  it("does not count while somebody is asked, nor begin anew when a deadline goes on alone", async () => {
    const graph = {
      channels: CHANNELS,
      nodes: {
        work: { kind: "wait", for: "200ms" },
        gate: { kind: "gate", ask: "?", deadline: "1s", on_error: { write: "wrong" } },
        hold: { kind: "wait", for: "1h" },
      },
      edges: chain("work", "gate", "hold"),
      limits: { time: "900ms" },
    };
    const thread = openThread();
    const first = await run(thread, graph);
    expect(first.run).toMatchObject({ status: "interrupted", error: null });
    // A write from outside lies between, and takes no time.
    unwrap(await thread.api.updateState({ ...of(thread), values: [["log", "noted"]] }));
    const runs = () => thread.api.listRuns({ ...of(thread), limit: 10, offset: 0 }).then(unwrap);
    await expect.poll(async () => (await runs())[0]?.status, { timeout: 10_000 }).toBe("timeout");
    const [alone, before] = await runs();
    expect(before?.run_id).toBe(first.run.run_id);
    const lasted = (row: RunResult["run"] | undefined): number =>
      Date.parse(row?.updated_at ?? "") - Date.parse(row?.created_at ?? "");
    const details = alone?.error?.details;
    const taken = isJsonObject(details) ? Number(details["taken_ms"]) : Number.NaN;
    expect(Math.abs(taken - lasted(before) - lasted(alone))).toBeLessThan(50);
    expect(lasted(before)).toBeGreaterThanOrEqual(200);
  });
});

describe("limits.state", () => {
  const graph: JsonObject = {
    channels: { ...CHANNELS, text: {} },
    nodes: { a: { ...spend, on_error: { to: "sorry", write: "wrong" } }, b: spend, sorry: spend },
    edges: chain("a", "b"),
    limits: { state: 400 },
  };

  it("fails the task that would exceed it: its error edge is taken, and what it used is charged", async () => {
    behaviour.set("a", { writes: "x".repeat(500) });
    const thread = openThread();
    const { run: all, values } = await run(thread, graph, { budget: { tokens: 15 } });
    expect(values).toMatchObject({ wrong: { code: "state_too_large", node: "a" } });
    expect(values["log"]).toBeUndefined();
    expect(all.error).toMatchObject({ code: "budget_exceeded", node: "sorry", details: { spent: 10 } });
  });

  it("is of composites too, by what leaves them", async () => {
    for (const item of [1, 2, 3]) behaviour.set(`call ${item}`, { writes: "x".repeat(150) });
    const each = { channels: CHANNELS, nodes: { each: over("map", 3) }, edges: chain("each"), limits: { state: 400 } };
    const { run: all } = await run(openThread(), each);
    expect(all.error).toMatchObject({ code: "state_too_large", node: "each" });
  });

  it("refuses what comes from outside, and leaves the thread as it was", async () => {
    const thread = openThread();
    const large = "x".repeat(500);
    const refused = (pointer: string) => ({ ok: false, error: { code: "state_too_large", pointer } });
    const input = await thread.api.startRun(startOf(thread, graph, { text: large }));
    expect(input).toMatchObject(refused("/input"));
    expect((await run(thread, graph)).run.status).toBe("success");
    const update = await thread.api.updateState({ ...of(thread), values: [["text", large]] });
    expect(update).toMatchObject(refused("/values"));
    const command = { update: [["text", large]] as const, goto: [{ node: "b" }] };
    expect(await thread.api.startRun(startOf(thread, graph, null, { command }))).toMatchObject(
      refused("/command/update"),
    );
    expect(unwrap(await thread.api.listRuns({ ...of(thread), limit: 10, offset: 0 }))).toHaveLength(1);
  });
});

describe("an answer", () => {
  it("may bring the budget that the run goes on with", async () => {
    const graph = {
      channels: CHANNELS,
      nodes: { a: spend, ask: { kind: "gate", ask: "?" }, b: spend },
      edges: chain("a", "ask", "b"),
    };
    const thread = openThread();
    await run(thread, graph, { budget: { tokens: 15 } });
    const [asked] = unwrap(await thread.api.interruptsOf(of(thread)));
    const given = { interruptId: asked?.id ?? "", value: "yes", by: null, runId: uuidv7(Date.now(), secureRandom) };
    const taken = unwrap(await thread.api.answerInterrupt({ ...of(thread), ...given, budget: { tokens: 20 } }));
    expect(unwrap(await thread.api.joinRun({ ...of(thread), runId: taken.run.run_id })).run.status).toBe("success");
  });
});

it("[F26] a run without limits has what it lost in its log as well: a later one may set some", async () => {
  behaviour.set("a", { hangs: true });
  const thread = openThread();
  const command = await startHanging(thread, line("a", "b"));
  await untilBegun("a");
  behaviour.clear();
  await crash(thread);
  expect(unwrap(await thread.api.joinRun(command)).run.status).toBe("success");
  const spent = await runInDurableObject(thread.stub, (_, { storage }) =>
    storage.sql
      .exec<{ body: string }>("SELECT body FROM commits ORDER BY seq")
      .toArray()
      .flatMap(({ body }): Json[] => (body.startsWith('["l"') ? [JSON.parse(body) as Json] : [])),
  );
  expect(spent).toEqual([["l", "0.0.0", [10, 0.01]]]);
});
