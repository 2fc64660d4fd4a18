import { applyD1Migrations, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { openThread, runToEnd, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import type { ThreadState } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

/** A conversation that takes what it is told, with a count that every run writes anew. */
const CHAT: JsonObject = {
  channels: { messages: { reducer: "messages" }, runs: { reducer: "sum", default: 0 } },
  nodes: { count: { kind: "transform", set: { runs: "1" } }, rest: { kind: "transform" } },
  edges: [
    { from: "start", to: "count" },
    { from: "count", to: "rest" },
  ],
};
const SUMMARY = ["metadata", "created_at", "checkpoint", "parent_checkpoint"] as const;

const of = ({ tenant, threadId }: TestThread) => ({ tenant, threadId });
const told = (text: string, id = text) => ({
  messages: [{ role: "user", content: text.padEnd(4_000, " and on"), id }],
});
const idOf = ({ checkpoint }: ThreadState) => checkpoint?.["checkpoint_id"] as string;
const historyOf = async (thread: TestThread) => unwrap(await thread.api.getHistory({ ...of(thread), limit: 1_000 }));

async function goOnFrom(thread: TestThread, checkpointId: string, text: string): Promise<void> {
  const command = startOf(thread, CHAT, told(text), { checkpointId });
  unwrap(await thread.api.startRun(command));
  expect(unwrap(await thread.api.joinRun(command)).run.status).toBe("success");
}

function rows(thread: TestThread, query: string): Promise<Record<string, unknown>[]> {
  return runInDurableObject(thread.stub, (_, { storage }) => storage.sql.exec(query).toArray());
}

/** Runs, a fork from among them, a failed run and a message that takes an older one's place. */
async function manifold(): Promise<TestThread> {
  const thread = openThread();
  for (let run = 0; run < 12; run++) await runToEnd(thread, CHAT, told(`${run}`));
  const early = (await historyOf(thread)).find(({ next, values }) => next.length === 0 && values["runs"] === 8);
  await goOnFrom(thread, early === undefined ? "" : idOf(early), "forked");
  for (let run = 20; run < 26; run++) await runToEnd(thread, CHAT, told(`${run}`));
  const broken = { ...CHAT, nodes: { count: { kind: "fail", message: "no" }, rest: { kind: "transform" } } };
  await runToEnd(thread, broken, told("26"));
  for (let run = 27; run < 33; run++) await runToEnd(thread, CHAT, told(`${run}`));
  await runToEnd(thread, CHAT, told("said otherwise", "22"));
  for (let run = 34; run < 40; run++) await runToEnd(thread, CHAT, told(`${run}`));
  return thread;
}

describe("history", () => {
  it("as summaries says of every state what the whole states say, forks and failures among them", async () => {
    const thread = await manifold();
    const whole = await historyOf(thread);
    const pages = [
      { limit: 1_000 },
      { limit: 7, before: idOf(whole[10] as ThreadState) },
      { limit: 3, metadata: { run_id: whole[30]?.metadata?.["run_id"] as string } },
    ];
    for (const page of pages) {
      const states = unwrap(await thread.api.getHistory({ ...of(thread), ...page }));
      const json = unwrap(await thread.api.getHistoryJson({ ...of(thread), ...page, select: SUMMARY }));
      expect(JSON.parse(json)).toEqual(
        states.map((state) => Object.fromEntries(SUMMARY.map((name) => [name, state[name]]))),
      );
    }
  });

  it("gives the members that are asked for, and single channels", async () => {
    const thread = openThread();
    await runToEnd(thread, CHAT, told("one"));
    const [state] = await historyOf(thread);
    const select = ["next", "values.runs"];
    expect(JSON.parse(unwrap(await thread.api.getHistoryJson({ ...of(thread), limit: 1, select })))).toEqual([
      { next: [], values: { runs: 1 } },
    ]);
    expect(JSON.parse(unwrap(await thread.api.getStateJson({ ...of(thread), select: ["values"] })))).toEqual({
      values: state?.values,
    });
    expect(JSON.parse(unwrap(await thread.api.getStateJson(of(thread))))).toEqual(await stateOf(thread));
  });

  it("the newest state is what history says it is, after an end and after a failure", async () => {
    const thread = openThread();
    await runToEnd(thread, CHAT, told("one"));
    expect(await stateOf(thread)).toEqual((await historyOf(thread))[0]);
    const broken = { ...CHAT, nodes: { count: { kind: "fail", message: "no" }, rest: { kind: "transform" } } };
    await runToEnd(thread, broken, told("two"));
    expect(await stateOf(thread)).toEqual((await historyOf(thread))[0]);
  });
});

describe("snapshots of a conversation", () => {
  it("hold what was added since the one before, and change nothing of what history says", async () => {
    const thread = await manifold();
    const pieces = await rows(thread, "SELECT seq, base FROM snapshot_parts ORDER BY seq");
    expect(pieces.length).toBeGreaterThan(4);
    expect(pieces.filter(({ base }) => Number(base) > 0).length).toBeGreaterThan(2);
    const [with_, newest] = [await historyOf(thread), await stateOf(thread)];
    await evictDurableObject(thread.stub);
    expect(await historyOf(thread)).toEqual(with_);
    expect(await stateOf(thread)).toEqual(newest);
    await rows(thread, "DELETE FROM snapshots");
    await evictDurableObject(thread.stub);
    expect(await historyOf(thread)).toEqual(with_);
  });

  it("go on from one that an earlier version wrote", async () => {
    const thread = openThread();
    for (let run = 0; run < 8; run++) await runToEnd(thread, CHAT, told(`${run}`));
    const [{ seq } = {}] = await rows(thread, "SELECT max(seq) AS seq FROM snapshots");
    const at = unwrap(await thread.api.getHistory({ ...of(thread), limit: 100 })).find(
      (state) => state.values["runs"] === Number(seq) / 3 && state.next.length === 0,
    );
    const values = JSON.stringify(at?.values);
    await runInDurableObject(thread.stub, (_, { storage }) => {
      storage.sql.exec("DELETE FROM snapshots");
      storage.sql.exec("DELETE FROM snapshot_parts");
      storage.sql.exec("INSERT INTO snapshots (seq, bytes) VALUES (?, ?)", Number(seq), values.length);
      storage.sql.exec("INSERT INTO blobs (hash, part, body) VALUES (?, 0, ?)", `snapshot:${String(seq)}`, values);
    });
    await evictDurableObject(thread.stub);
    for (let run = 8; run < 16; run++) await runToEnd(thread, CHAT, told(`${run}`));
    expect(await rows(thread, `SELECT seq FROM snapshot_parts WHERE base = ${String(seq)}`)).toHaveLength(1);
    await evictDurableObject(thread.stub);
    const { values: now } = await stateOf(thread);
    expect(now["runs"]).toBe(16);
    expect((now["messages"] as readonly { id: string }[]).map(({ id }) => id)).toEqual(
      Array.from({ length: 16 }, (_, run) => `${run}`),
    );
  });
});
