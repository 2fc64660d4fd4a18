import { beforeAll, describe, expect, it, vi, afterEach } from "vitest";
import { Thread } from "../../durable-objects/thread.ts";
import { failure } from "../../src/base/errors.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

/** What a client, or its tenant, may ask for that no test of one route alone comes by. */

let key = "";
const api = (path: string, json: unknown, more: object = {}) => call(path, { key, json, ...more });

beforeAll(async () => {
  await migrate();
  key = await newKey("edges");
  await read(call("/graphs", { key, json: DOUBLE }));
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a filter", () => {
  const wide = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`channel_${index}`, index]));
  const long = { text: "x".repeat(2_500_000) };

  it.each([
    ["/threads/search", { values: wide }, "/values"],
    ["/threads/count", { values: wide }, "/values"],
    ["/threads/search", { metadata: long }, "/metadata"],
    ["/threads/search", { values: long }, "/values"],
    ["/assistants/search", { metadata: long }, "/metadata"],
    ["/assistants/count", { metadata: long }, "/metadata"],
    ["/assistants/double/versions", { metadata: long }, "/metadata"],
    ["/runs/crons/search", { metadata: long }, "/metadata"],
    ["/store/items/search", { namespace_prefix: [], filter: long }, "/filter"],
  ])("that no row could be compared with is refused, and not tried (%s, %#)", async (path, json, pointer) => {
    const answer = await api(path, json);
    expect([answer.status, (await answer.json<{ pointer: string }>()).pointer]).toEqual([400, pointer]);
  });
});

it.each([
  ["steps", Array.from({ length: 251 }, () => ({ updates: [] }))],
  [
    "updates",
    Array.from({ length: 6 }, () => ({ updates: Array(100).fill({ values: { number: 1 }, as_node: "double" }) })),
  ],
])("a history of more %s than an object can play in its time is refused, and not tried", async (_, supersteps) => {
  const answer = await api("/threads", { metadata: { graph_id: "double" }, supersteps });
  expect([answer.status, (await answer.json<{ pointer: string }>()).pointer]).toEqual([400, "/supersteps"]);
});

describe("a batch under an Idempotency-Key", () => {
  const body = [1, 2].map((number) => ({ assistant_id: "double", input: { number }, on_completion: "keep" }));
  const headers = { "idempotency-key": "again" };

  it("[G1] that is sent again and fails takes nothing back that was answered for", async () => {
    const [first] = await read<{ run_id: string; thread_id: string }[]>(api("/runs/batch", body, { headers }));
    const plain = Object.getOwnPropertyDescriptor(Thread.prototype, "startRun")?.value as Thread["startRun"];
    vi.spyOn(Thread.prototype, "startRun").mockImplementation(async function starting(this: Thread, command) {
      if (command.runId === first?.run_id) return plain.call(this, command);
      return { ok: false, error: failure("unavailable", "Not now.", { retryable: true }).record };
    });
    expect((await api("/runs/batch", body, { headers })).status).toBe(503);
    const path = `/threads/${first?.thread_id}/runs/${first?.run_id}`;
    expect((await call(path, { key })).status).toBe(200);
  });

  it("of which one cannot begin leaves none, also where an answer was lost", async () => {
    const plain = Object.getOwnPropertyDescriptor(Thread.prototype, "startRun")?.value as Thread["startRun"];
    const started: string[] = [];
    vi.spyOn(Thread.prototype, "startRun").mockImplementation(async function starting(this: Thread, command) {
      const reply = await plain.call(this, command);
      started.push(command.threadId);
      if (started.length < 2) return reply;
      return { ok: false, error: failure("unavailable", "It is lost.", { retryable: true }).record };
    });
    expect((await api("/runs/batch", body)).status).toBe(503);
    expect(started).toHaveLength(2);
    for (const id of started) expect((await call(`/threads/${id}`, { key })).status).toBe(404);
  });
});
