import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { crash, openThread, startOf, type TestThread } from "./testing/open-thread.ts";
import type { StartRun } from "./thread-api.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

function approval(more: JsonObject = {}): JsonObject {
  return {
    channels: { order: { default: "o-1" }, answer: {}, problem: {}, done: {} },
    nodes: {
      ask: { kind: "wait", signal: "approved", key: "{{ state.order }}", write: "answer", ...more },
      after: { kind: "transform", set: { done: "true" } },
    },
    edges: [
      { from: "start", to: "ask" },
      { from: "ask", to: "after" },
    ],
  };
}

async function begin(thread: TestThread, graph: JsonObject): Promise<StartRun> {
  const command = startOf(thread, graph);
  unwrap(await thread.api.startRun(command));
  return command;
}

function send(thread: TestThread, { tenant, threadId, runId }: StartRun, payload: Json, more: JsonObject = {}) {
  const id = uuidv7(Date.now(), secureRandom);
  return thread.api.signalRun({ tenant, threadId, runId, id, name: "approved", key: "o-1", payload, ...more });
}

async function untilWaiting(thread: TestThread, command: StartRun, count = 1): Promise<void> {
  await expect.poll(async () => unwrap(await thread.api.waitsOf(command)).length).toBe(count);
}

describe("signals", () => {
  it("[R8] a signal ends the wait for its name and key, and its payload is the answer", async () => {
    const thread = openThread();
    const command = await begin(thread, approval());
    await untilWaiting(thread, command);
    expect(unwrap(await thread.api.waitsOf(command))).toEqual([
      { task: "0.0.0", node: "ask", until: null, signal: { name: "approved", key: "o-1" } },
    ]);
    expect(unwrap(await send(thread, command, { by: "Eve" }, { key: "o-2" }))).toEqual({ status: "kept" });
    expect(unwrap(await send(thread, command, { by: "Eve" }, { name: "refused" }))).toEqual({ status: "kept" });
    expect(unwrap(await send(thread, command, { by: "Ada" }))).toEqual({ status: "delivered" });
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect(run.error).toBeNull();
    expect(values).toMatchObject({ answer: { by: "Ada" }, done: true });
  });

  it("a signal that comes before its wait is kept for it, through a crash", async () => {
    const thread = openThread();
    const graph = approval();
    const nodes = { ...(graph["nodes"] as JsonObject), first: { kind: "wait", for: "60ms" } };
    const edges = [
      { from: "start", to: "first" },
      { from: "first", to: "ask" },
      { from: "ask", to: "after" },
    ];
    const command = await begin(thread, { ...graph, nodes, edges });
    expect(unwrap(await send(thread, command, 1))).toEqual({ status: "kept" });
    expect(unwrap(await send(thread, command, 2))).toEqual({ status: "kept" });
    await crash(thread);
    expect(unwrap(await thread.api.joinRun(command)).values).toMatchObject({ answer: 1, done: true });
  });

  it("[F1] a crash right after the answer loses nothing, and the wait is ended once", async () => {
    const thread = openThread();
    const command = await begin(thread, approval());
    await untilWaiting(thread, command);
    const answer = send(thread, command, "yes");
    unwrap(await answer);
    await crash(thread);
    expect(unwrap(await thread.api.joinRun(command)).values).toMatchObject({ answer: "yes" });
  });

  it("the same signal twice is one, and an id with other words is refused", async () => {
    const thread = openThread();
    const graph = approval();
    const nodes = {
      ...(graph["nodes"] as JsonObject),
      after: { kind: "wait", signal: "approved", key: "o-1", write: "done" },
    };
    const command = await begin(thread, { ...graph, nodes });
    await untilWaiting(thread, command);
    const id = uuidv7(Date.now(), secureRandom);
    for (let times = 0; times < 3; times += 1)
      expect(unwrap(await send(thread, command, "first", { id }))).toEqual({ status: "delivered" });
    expect(await send(thread, command, "other", { id })).toMatchObject({ error: { code: "idempotency_mismatch" } });
    await untilWaiting(thread, command);
    unwrap(await send(thread, command, "second"));
    expect(unwrap(await thread.api.joinRun(command)).values).toMatchObject({ answer: "first", done: "second" });
  });

  it("several waits take signals in the order of both", async () => {
    const thread = openThread();
    const each = {
      channels: { got: {} },
      nodes: { w: { kind: "wait", signal: "approved", key: "o-1", write: "got" } },
      edges: [{ from: "start", to: "w" }],
    };
    const command = await begin(thread, {
      channels: { answers: {} },
      nodes: { all: { kind: "map", over: "[1, 2, 3]", graph: each, output: { answers: "string(item) + state.got" } } },
      edges: [{ from: "start", to: "all" }],
    });
    await untilWaiting(thread, command, 3);
    for (const payload of ["a", "b", "c"]) unwrap(await send(thread, command, payload));
    expect(unwrap(await thread.api.joinRun(command)).values["answers"]).toEqual(["1a", "2b", "3c"]);
  });

  it("a deadline that passes is wait_expired, which goes where on_error says; a signal in time is not late", async () => {
    const late = await begin(openThread(), approval());
    expect(late).toBeDefined();
    const thread = openThread();
    const command = await begin(thread, approval({ for: "50ms", on_error: { to: "after", write: "problem" } }));
    expect(unwrap(await thread.api.joinRun(command)).values).toMatchObject({
      problem: { code: "wait_expired", node: "ask" },
      done: true,
    });
    const timely = openThread();
    const other = await begin(timely, approval({ for: "1h" }));
    await untilWaiting(timely, other);
    unwrap(await send(timely, other, "in time"));
    expect(unwrap(await timely.api.joinRun(other)).values).toMatchObject({ answer: "in time", done: true });
  });

  it("who waits for a signal alone has no alarm, holds nobody up, and can be cancelled", {
    timeout: 20_000,
  }, async () => {
    const thread = openThread();
    const command = await begin(thread, approval());
    await untilWaiting(thread, command);
    await expect
      .poll(
        async () => {
          await runDurableObjectAlarm(thread.stub);
          return runInDurableObject(thread.stub, (_, state) => state.storage.getAlarm());
        },
        { timeout: 10_000 },
      )
      .toBeNull();
    expect(unwrap(await thread.api.getRun(command)).status).toBe("running");
    unwrap(await thread.api.cancelRun(command));
    expect(await send(thread, command, 1)).toMatchObject({ ok: false, error: { code: "conflict" } });
    expect(unwrap(await thread.api.waitsOf(command))).toEqual([]);
  });

  it("a run that is not there, or somebody else's, takes none", async () => {
    const thread = openThread();
    const command = await begin(thread, approval());
    const stranger = { ...command, tenant: "other" };
    expect(await send(thread, stranger, 1)).toMatchObject({ error: { code: "not_found" } });
    const unknown = { ...command, runId: uuidv7(Date.now(), secureRandom) };
    expect(await send(thread, unknown, 1)).toMatchObject({ error: { code: "not_found" } });
  });
});
