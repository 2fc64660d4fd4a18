import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { sweep } from "../../src/sweep.ts";
import { APPROVAL, PUBLISHED, YES } from "../approval.ts";
import { type State, threadsOf } from "./approval.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

// How threads come to be, what their clients may say of them, and how they go, over HTTP.

let key = "";
const { get, post, refused, start, stateOf, newThread, asked, openOf, over } = threadsOf(() => key);
const historyOf = (thread: string) => get<State[]>(`${thread}/history?limit=100`);
const shapes = (history: readonly State[]) => history.map(({ values, next }) => ({ values, next }));
const patch = (path: string, json: object, headers: Record<string, string> = {}) =>
  call(path, { key, method: "PATCH", json, headers });

beforeAll(async () => {
  await migrate();
  key = await newKey("beginning");
  for (const graph of [APPROVAL, DOUBLE]) await read(call("/graphs", { key, json: graph }));
});

describe("supersteps", () => {
  const step = (as_node: string, values: unknown) => ({ updates: [{ as_node, values }] });
  const created = async (supersteps: object[], more: object = {}) =>
    `/threads/${(await post<{ thread_id: string }>("/threads", { metadata: { graph_id: "approval" }, supersteps, ...more })).thread_id}`;

  it("rebuild a history with equal values and next", async () => {
    const { thread, open } = await asked();
    const { run } = await post<{ run: { run_id: string } }>(`${thread}/interrupts/${open.id}`, { value: YES });
    expect(await over(thread, run.run_id)).toEqual(PUBLISHED);
    const rebuilt = await created([
      step("__input__", { topic: "bees" }),
      step("__start__", { topic: "bees" }),
      step("write", { draft: "About bees" }),
      step("ask", { decision: YES }),
      step("publish", { result: "Published: About bees" }),
    ]);
    expect(shapes(await historyOf(rebuilt))).toEqual(shapes(await historyOf(thread)));
    expect(await get(rebuilt)).toMatchObject({ status: "idle", values: { topic: "bees", ...PUBLISHED } });
    expect(await get(`${rebuilt}/runs`)).toEqual([]);
  });

  it("stop anywhere: a run goes on from there", async () => {
    const thread = await created([step("__start__", { topic: "bees" })]);
    expect(await stateOf(thread)).toMatchObject({ values: { topic: "bees" }, next: ["write"] });
    expect(await start(thread, { input: null })).toMatchObject({ draft: "About bees", __interrupt__: [{}] });
  });

  it("take a command: its update and where it goes", async () => {
    const thread = await created([
      step("__start__", { topic: "bees" }),
      { updates: [{ as_node: "write", values: null, command: { update: { draft: "Mine" }, goto: "drop" } }] },
    ]);
    expect(await stateOf(thread)).toMatchObject({ values: { draft: "Mine" }, next: ["drop"] });
  });

  it("are all or nothing, and say where the fault is", async () => {
    const thread_id = "0190a5a0-0000-7000-8000-0000000000aa";
    const supersteps = [step("__start__", { topic: "bees" }), step("write", { nowhere: 1 })];
    const json = { thread_id, metadata: { graph_id: "approval" }, supersteps };
    expect(await refused("/threads", json)).toMatchObject({
      status: 422,
      code: "unknown_channel",
      pointer: "/supersteps/1/updates/0/values/nowhere",
    });
    expect((await call(`/threads/${thread_id}`, { key })).status).toBe(404);
    expect(await post("/threads/search", { ids: [thread_id] })).toEqual([]);
  });

  it("need a graph, and leave an existing thread as it is", async () => {
    const supersteps = [step("__start__", { topic: "bees" })];
    expect(await refused("/threads", { supersteps })).toMatchObject({ status: 400, pointer: "/metadata/graph_id" });
    expect(await refused("/threads", { supersteps, metadata: { graph_id: "none" } })).toMatchObject({ status: 404 });
    const thread = await newThread();
    const thread_id = thread.slice("/threads/".length);
    await created(supersteps, { thread_id, if_exists: "do_nothing" });
    expect(await historyOf(thread)).toEqual([]);
  });
});

describe("an update of the state", () => {
  it.each(["__start__", "__input__"])("as %s is an input that nobody runs", async (as_node) => {
    const { thread } = await asked();
    await post(`${thread}/state`, { values: { topic: "wasps" }, as_node });
    expect(await stateOf(thread)).toMatchObject({ values: { topic: "wasps" }, next: ["write"], interrupts: [] });
    expect(await start(thread, { input: null })).toMatchObject({ draft: "About wasps" });
  });

  it("as __end__ leaves nothing to be done", async () => {
    const { thread } = await asked();
    await post(`${thread}/state`, { values: null, as_node: "__end__" });
    expect(await stateOf(thread)).toMatchObject({ values: { draft: "About bees" }, next: [], tasks: [] });
    expect(await get(thread)).toMatchObject({ status: "idle", interrupts: {} });
    expect(await openOf(thread)).toEqual([]);
  });

  it("as __copy__ repeats the checkpoint", async () => {
    const { thread } = await asked();
    const before = await stateOf(thread);
    const { checkpoint } = await post<{ checkpoint: object }>(`${thread}/state`, { values: null, as_node: "__copy__" });
    const after = await stateOf(thread);
    expect(after).toMatchObject({ values: before.values, next: before.next, checkpoint });
    expect(after.checkpoint).not.toEqual(before.checkpoint);
  });
});

describe("an update of what a node does inside", () => {
  it("is what goes on there sees, by the checkpoint as its state names it", async () => {
    const inside = {
      channels: { city: {}, said: {}, report: {} },
      nodes: {
        ask: { kind: "gate", ask: "go on?", write: "said" },
        tell: { kind: "transform", set: { report: "'Rain in ' + state.city" } },
      },
      edges: [
        { from: "start", to: "ask" },
        { from: "ask", to: "tell" },
      ],
    };
    await post("/graphs", {
      edgewise: 1,
      id: "weather",
      channels: { city: {}, report: {} },
      input: ["city"],
      nodes: { weather: { kind: "subgraph", graph: inside } },
      edges: [{ from: "start", to: "weather" }],
    });
    const thread = await newThread();
    await post(`${thread}/runs/wait`, { assistant_id: "weather", input: { city: "Paris" } });
    const [task] = (await get<{ tasks: { checkpoint: object }[] }>(`${thread}/state`)).tasks;
    const { checkpoint } = await post<State>(`${thread}/state/checkpoint`, { checkpoint: task?.checkpoint });
    const { checkpoint: made } = await post<{ checkpoint: object }>(`${thread}/state`, {
      values: { city: "Rome" },
      checkpoint,
    });
    expect(await post(`${thread}/state/checkpoint`, { checkpoint: made })).toMatchObject({
      values: { city: "Rome" },
      checkpoint: made,
    });
    const resumed = await post(`${thread}/runs/wait`, { assistant_id: "weather", command: { resume: "yes" } });
    expect(resumed).toMatchObject({ report: "Rain in Rome" });
  });
});

describe("a thread", () => {
  it("takes its graph from graph_id as from its metadata, and tells all that its clients read", async () => {
    const made = await post<Record<string, string>>("/threads", { graph_id: "double", metadata: { a: 1 } });
    expect(made).toEqual({
      thread_id: expect.any(String),
      created_at: expect.any(String),
      updated_at: made["created_at"],
      state_updated_at: made["created_at"],
      metadata: { a: 1, graph_id: "double" },
      status: "idle",
      config: {},
      values: null,
      interrupts: {},
      error: null,
    });
    const config = { configurable: { tone: "dry" } };
    await post(`/threads/${made["thread_id"]}/runs/wait`, { assistant_id: "double", input: { number: 2 }, config });
    const after = await get<Record<string, string>>(`/threads/${made["thread_id"]}`);
    expect(after).toMatchObject({ config, values: { doubled: 4 } });
    expect((after["state_updated_at"] ?? "") > (made["created_at"] ?? "")).toBe(true);
    expect(after["updated_at"]).toBe(after["state_updated_at"]);
  });

  it("tells why its newest run failed", async () => {
    await post("/graphs", {
      edgewise: 1,
      id: "failing",
      channels: {},
      nodes: { no: { kind: "fail", message: "no" } },
      edges: [{ from: "start", to: "no" }],
    });
    const thread = await newThread();
    await post(`${thread}/runs/wait`, { assistant_id: "failing" });
    expect(await get(thread)).toMatchObject({
      status: "error",
      error: { error: expect.any(String), message: expect.stringContaining("no") },
    });
  });

  it("changed with Prefer: return=minimal answers nothing; its state's metadata is its own", async () => {
    const thread = await newThread();
    const minimal = await patch(thread, { metadata: { a: 1, b: 1 } }, { prefer: "return=minimal" });
    expect([minimal.status, await minimal.text()]).toEqual([204, ""]);
    expect((await patch(`${thread}/state`, { metadata: { b: 2 } })).status).toBe(204);
    expect(await get(thread)).toMatchObject({ metadata: { a: 1, b: 2 } });
  });

  it("has a time to live that is told where it is asked for, changed, and taken back", async () => {
    const { thread_id: id } = await post<{ thread_id: string }>("/threads", { ttl: { ttl: 60, strategy: "delete" } });
    const told = async () => (await get<{ ttl: unknown }>(`/threads/${id}?include=ttl`)).ttl;
    expect(await told()).toMatchObject({ ttl: 60, strategy: "delete" });
    expect(await get(`/threads/${id}`)).not.toHaveProperty("ttl");
    await patch(`/threads/${id}`, { ttl: 0.5 });
    expect(await told()).toMatchObject({ ttl: 0.5 });
    await patch(`/threads/${id}`, { ttl: null });
    expect(await told()).toBeNull();
  });

  it("is taken away by the sweep when its time to live is over; a line of no thread goes as well", async () => {
    const { thread_id: id } = await post<{ thread_id: string }>("/threads", { ttl: 0.0001 });
    const kept = await newThread();
    const line =
      "INSERT INTO threads (tenant, thread_id, status, metadata, created_at, updated_at, expires_at) VALUES (?, ?, 'idle', '{}', 1, 1, 1)";
    const lost = "0190a5a0-0000-7000-8000-0000000000bb";
    await env.DB.prepare(line).bind("beginning", lost).run();
    expect(await post("/threads/search", { ids: [id], select: ["thread_id"] })).toEqual([{ thread_id: id }]);
    await scheduler.wait(10);
    await sweep(readConfig(env), "* * * * *", Date.now());
    for (const gone of [id, lost]) {
      expect((await call(`/threads/${gone}`, { key })).status).toBe(404);
      expect(await env.DB.prepare("SELECT 1 FROM threads WHERE thread_id = ?").bind(gone).first()).toBeNull();
    }
    expect(await get(kept)).toMatchObject({ status: "idle" });
  });

  it.each([0, -1, "60", { ttl: 1, strategy: "keep" }, { strategy: "delete" }, 1e9])(
    "is refused a time to live of %j",
    async (ttl) => {
      expect(await refused("/threads", { ttl })).toMatchObject({ status: 400 });
    },
  );

  it("is deleted while it runs: the run is cancelled", async () => {
    await post("/graphs", {
      edgewise: 1,
      id: "slow",
      channels: {},
      nodes: { wait: { kind: "wait", for: "1h" } },
      edges: [{ from: "start", to: "wait" }],
    });
    const thread = await newThread();
    const { run_id } = await post<{ run_id: string }>(`${thread}/runs`, { assistant_id: "slow" });
    const waiting = call(`${thread}/runs/${run_id}/join`, { key }).then((answer) => answer.text());
    expect((await call(thread, { key, method: "DELETE" })).status).toBe(204);
    expect((await call(thread, { key })).status).toBe(404);
    await waiting;
  });

  it.each(["nope", "0190a5a0", "123"])("is not named by %s: 400 in the shape of the reference", async (id) => {
    const answer = await call(`/threads/${id}`, { key });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ success: false, error: { name: "ZodError" } });
  });

  it("selects members of a state in every way the clients write them", async () => {
    const { thread } = await asked();
    const { checkpoint } = await stateOf(thread);
    const expected = { values: { draft: "About bees" }, next: ["ask"] };
    for (const path of [
      "/state?select=values.draft&select=next",
      `/state?select=${encodeURIComponent('["values.draft","next"]')}`,
      `/state/${checkpoint.checkpoint_id}?select=values.draft&select=next`,
    ])
      expect(await get(`${thread}${path}`)).toEqual(expected);
    expect(await post(`${thread}/state/checkpoint`, { checkpoint, select: ["values.draft", "next"] })).toEqual(
      expected,
    );
    expect((await call(`${thread}/state?select=nothing`, { key })).status).toBe(400);
  });
});
