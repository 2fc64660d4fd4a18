import { beforeAll, describe, expect, it } from "vitest";
import { APPROVAL, PUBLISHED, YES } from "../approval.ts";
import { type State, threadsOf } from "./approval.ts";
import { call, migrate, newKey, read } from "./client.ts";

// Copies of threads, and what pruning leaves of them, over HTTP.

let key = "";
const { get, post, refused, start, openOf, stateOf, newThread, asked, over } = threadsOf(() => key);
const copyOf = async (thread: string) => {
  const copy = await post<{ thread_id: string; metadata: object }>(`${thread}/copy`);
  return { ...copy, path: `/threads/${copy.thread_id}` };
};
const historyOf = (thread: string) => get<State[]>(`${thread}/history?limit=100`);
const idOf = (thread: string) => thread.slice("/threads/".length);
const answer = (thread: string, id: string, value: object) =>
  post<{ run: { run_id: string } }>(`${thread}/interrupts/${id}`, { value });
/** As if it were the other thread's. */
const renamed = (value: unknown, from: string, to: string) =>
  JSON.parse(JSON.stringify(value).replaceAll(idOf(from), idOf(to))) as unknown;
const everythingBut = (thread: string) =>
  Promise.all([historyOf(thread), stateOf(thread), openOf(thread), get(`${thread}/runs`)]);

beforeAll(async () => {
  await migrate();
  key = await newKey("copying");
  await read(call("/graphs", { key, json: APPROVAL }));
});

describe("a copy", () => {
  it("has the same history, runs, checkpoints and questions, under its own name", async () => {
    const { thread, open } = await asked();
    await over(thread, (await answer(thread, open.id, YES)).run.run_id);
    await start(thread, { input: { topic: "wasps" } });
    const copy = await copyOf(thread);
    expect(await everythingBut(copy.path)).toEqual(renamed(await everythingBut(thread), thread, copy.path));
    const { metadata } = await get<{ metadata: object }>(thread);
    expect(copy.metadata).toEqual({ ...metadata, thread_id: copy.thread_id });
    const { values, interrupts, status } = await get<Record<string, unknown>>(thread);
    expect(await get(copy.path)).toMatchObject({ values, interrupts, status });
  });

  it("goes its own way: what waits can be answered in each, and neither hears of the other", async () => {
    const { thread, open } = await asked();
    const copy = await copyOf(thread);
    const mine = await answer(copy.path, open.id, { approved: false });
    expect(await over(copy.path, mine.run.run_id)).toMatchObject({ result: "Dropped." });
    expect(await openOf(thread)).toMatchObject([{ id: open.id }]);
    expect(await over(thread, (await answer(thread, open.id, YES)).run.run_id)).toEqual(PUBLISHED);
    expect((await stateOf(copy.path)).values).toMatchObject({ result: "Dropped." });
    expect(await get(`${copy.path}/runs`)).toHaveLength(2);
  });

  it("forks from the original's checkpoints, and is copied in its turn", async () => {
    const { thread } = await asked();
    const second = await copyOf((await copyOf(thread)).path);
    const [, first] = await historyOf(thread);
    const checkpoint = { checkpoint_id: first?.checkpoint.checkpoint_id };
    expect(await start(second.path, { input: null, checkpoint })).toMatchObject({ draft: "About bees" });
    expect((await historyOf(thread)).length).toBeLessThan((await historyOf(second.path)).length);
  });

  it("is found by a search at once", async () => {
    const copy = await copyOf(await newThread());
    expect(await post("/threads/search", { ids: [copy.thread_id] })).toEqual([await get(copy.path)]);
  });

  it("is not made of a thread that runs, that is another tenant's, or that is not there", async () => {
    await post("/graphs", {
      edgewise: 1,
      id: "slow",
      channels: {},
      nodes: { wait: { kind: "wait", for: "1h" } },
      edges: [{ from: "start", to: "wait" }],
    });
    const thread = await newThread();
    await post(`${thread}/runs`, { assistant_id: "slow" });
    expect(await refused(`${thread}/copy`)).toMatchObject({ status: 409, code: "thread_busy" });
    const other = await newKey("copying2");
    const hidden = await call(`${thread}/copy`, { key: other, method: "POST" });
    const missing = await call("/threads/0190a5a0-0000-7000-8000-00000000dead/copy", { key: other, method: "POST" });
    expect([hidden.status, missing.status]).toEqual([404, 404]);
    expect((await hidden.text()).replace(idOf(thread), "…")).toBe(
      (await missing.text()).replace("0190a5a0-0000-7000-8000-00000000dead", "…"),
    );
    expect(await read(call("/threads/count", { key: other, json: {} }))).toBe(0);
  });
});

describe("pruning", () => {
  const prune = (json: object) => post<{ pruned_count: number }>("/threads/prune", json);

  it("deletes the threads named, and counts those that were there", async () => {
    const [one, two, kept] = [await newThread(), await newThread(), await newThread()];
    const ids = [one, two, one, "/threads/0190a5a0-0000-7000-8000-00000000dead"].map(idOf);
    expect(await prune({ thread_ids: ids })).toEqual({ pruned_count: 2 });
    for (const thread of [one, two]) expect((await call(thread, { key })).status).toBe(404);
    expect(await get(kept)).toMatchObject({ status: "idle" });
  });

  it("[G14] leaves another tenant's threads alone", async () => {
    const thread = await newThread();
    const other = await newKey("pruning2");
    for (const strategy of ["delete", "keep_latest"])
      expect(
        await read(call("/threads/prune", { key: other, json: { thread_ids: [idOf(thread)], strategy } })),
      ).toEqual({
        pruned_count: 0,
      });
    expect(await get(thread)).toMatchObject({ status: "idle" });
  });

  it("keeps the newest state and nothing before it; what waits goes on", async () => {
    const { thread, open } = await asked();
    await over(thread, (await answer(thread, open.id, YES)).run.run_id);
    await start(thread, { input: { topic: "wasps" } });
    const before = await stateOf(thread);
    const [, older] = await historyOf(thread);
    expect(await prune({ thread_ids: [idOf(thread)], strategy: "keep_latest" })).toEqual({ pruned_count: 1 });
    expect(await stateOf(thread)).toEqual({ ...before, parent_checkpoint: null });
    expect(await historyOf(thread)).toEqual([{ ...before, parent_checkpoint: null }]);
    expect((await call(`${thread}/state/${older?.checkpoint.checkpoint_id}`, { key })).status).toBe(404);
    const [question] = await openOf(thread);
    const { run } = await answer(thread, question?.id ?? "", YES);
    expect(await over(thread, run.run_id)).toMatchObject({ result: "Published: About wasps" });
    expect((await historyOf(thread)).length).toBeGreaterThan(1);
  });

  it("counts no thread without a history", async () => {
    expect(await prune({ thread_ids: [idOf(await newThread())], strategy: "keep_latest" })).toEqual({
      pruned_count: 0,
    });
  });
});
