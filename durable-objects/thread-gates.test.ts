import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { crash, openThread, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import type { InterruptView } from "./thread-api.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

function asking(more: JsonObject): JsonObject {
  return {
    channels: { decision: {}, late: {}, done: {} },
    nodes: {
      ask: { kind: "gate", ask: "first", write: "decision", on_error: { to: "late", write: "late" }, ...more },
      done: { kind: "transform", set: { done: "true" } },
      late: { kind: "transform", set: { done: "false" } },
    },
    edges: [
      { from: "start", to: "ask" },
      { from: "ask", to: "done" },
    ],
  };
}

async function begin(graph: JsonObject): Promise<TestThread> {
  const thread = openThread();
  unwrap(await thread.api.startRun(startOf(thread, graph)));
  return thread;
}

async function openOf({ api, tenant, threadId }: TestThread): Promise<readonly InterruptView[]> {
  return unwrap(await api.interruptsOf({ tenant, threadId }));
}

async function answered(thread: TestThread, interruptId: string, by: string, value: Json) {
  const { api, tenant, threadId } = thread;
  const runId = uuidv7(Date.now(), secureRandom);
  return api.answerInterrupt({ tenant, threadId, interruptId, value, by, runId });
}

async function ends(thread: TestThread, values: JsonObject): Promise<void> {
  await expect.poll(async () => (await stateOf(thread)).values, { timeout: 4000 }).toMatchObject(values);
}

describe("a gate that escalates [R8]", () => {
  const escalating = asking({
    approvers: { from: ["ada"], need: 2 },
    escalate: [
      { after: "60ms", ask: "second", from: ["eve"] },
      { after: "120ms", from: ["bob"] },
    ],
  });

  it("asks again under the same id, with who may answer by then; what was answered before counts", async () => {
    const thread = await begin(escalating);
    await expect.poll(async () => (await openOf(thread)).length).toBe(1);
    const [first] = await openOf(thread);
    expect(first).toMatchObject({ value: "first", from: ["ada"] });
    const id = first?.id ?? "";
    unwrap(await answered(thread, id, "ada", 1));
    await expect.poll(async () => (await openOf(thread))[0]?.from, { timeout: 4000 }).toEqual(["ada", "eve", "bob"]);
    expect(await openOf(thread)).toMatchObject([
      { id, value: "second", until: null, answers: [{ by: "ada", value: 1 }] },
    ]);
    unwrap(await answered(thread, id, "bob", 2));
    const answers = [
      { by: "ada", value: 1 },
      { by: "bob", value: 2 },
    ];
    await ends(thread, { decision: { answers, stopped: false }, done: true });
  });

  it("goes on where it stood when the process has died", async () => {
    const thread = await begin(escalating);
    await expect.poll(async () => (await openOf(thread)).length).toBe(1);
    const [first] = await openOf(thread);
    unwrap(await answered(thread, first?.id ?? "", "ada", 1));
    await crash(thread);
    await expect.poll(async () => (await openOf(thread))[0]?.from, { timeout: 4000 }).toEqual(["ada", "eve", "bob"]);
    unwrap(await answered(thread, first?.id ?? "", "eve", 2));
    await ends(thread, { done: true });
  });

  it("a missed deadline is wait_expired with the answers so far, and on_error says where it goes", async () => {
    const graph = asking({ deadline: "150ms", approvers: { from: ["ada", "eve"], need: 2 } });
    const thread = await begin(graph);
    await expect.poll(async () => (await openOf(thread)).length).toBe(1);
    const [open] = await openOf(thread);
    unwrap(await answered(thread, open?.id ?? "", "eve", true));
    await ends(thread, { late: { code: "wait_expired", node: "ask" }, done: false });
    expect(await openOf(thread)).toEqual([]);
  });
});

describe("[G9] answers that are counted by who gives them", () => {
  const two = asking({ approvers: { need: 2 } });

  it("are not taken from nobody", async () => {
    const thread = await begin(two);
    await expect.poll(async () => (await openOf(thread)).length).toBe(1);
    const { api, tenant, threadId } = thread;
    const [asked] = await openOf(thread);
    const runId = uuidv7(Date.now(), secureRandom);
    const nobody = { tenant, threadId, interruptId: asked?.id ?? "", value: 1, by: null, runId };
    expect(await api.answerInterrupt(nobody)).toMatchObject({
      ok: false,
      error: { code: "invalid_answer", pointer: "/by" },
    });
  });

  it("of two people under one key are refused, and nothing is lost", async () => {
    const thread = await begin(two);
    await expect.poll(async () => (await openOf(thread)).length).toBe(1);
    const { api, tenant, threadId } = thread;
    const [asked] = await openOf(thread);
    const one = {
      tenant,
      threadId,
      interruptId: asked?.id ?? "",
      value: 1,
      by: "ada",
      runId: uuidv7(Date.now(), secureRandom),
    };
    unwrap(await api.answerInterrupt(one));
    await expect.poll(async () => (await openOf(thread))[0]?.answers.length).toBe(1);
    const other = await api.answerInterrupt({ ...one, by: "bob" });
    expect(other).toMatchObject({ ok: false, error: { code: "idempotency_mismatch" } });
    expect((await openOf(thread))[0]?.answers).toEqual([{ by: "ada", value: 1 }]);
  });

  it("begin anew with a redrive, under the same id", async () => {
    const { on_error: _, ...gate } = asking({ approvers: { need: 2 }, deadline: "1s" })["nodes"] as JsonObject;
    const graph = {
      ...two,
      nodes: { ...gate, ask: { kind: "gate", ask: "?", write: "decision", approvers: { need: 2 }, deadline: "1s" } },
    };
    const thread = await begin(graph);
    await expect.poll(async () => (await openOf(thread)).length).toBe(1);
    const [asked] = await openOf(thread);
    unwrap(await answered(thread, asked?.id ?? "", "ada", 1));
    await expect.poll(async () => (await openOf(thread)).length, { timeout: 4000 }).toBe(0);
    unwrap(await thread.api.startRun(startOf(thread, graph, null)));
    await expect.poll(async () => (await openOf(thread))[0]?.answers, { timeout: 4000 }).toEqual([]);
    unwrap(await answered(thread, asked?.id ?? "", "ada", 1));
    await expect.poll(async () => (await openOf(thread))[0]?.answers).toEqual([{ by: "ada", value: 1 }]);
  });
});
