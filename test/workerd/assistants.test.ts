import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { assistantIdOf } from "../../src/api/assistant-id.ts";
import * as Views from "../../src/api/views.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

interface Assistant {
  readonly assistant_id: string;
  readonly graph_id: string;
  readonly config: object;
  readonly context: object;
  readonly metadata: object;
  readonly version: number;
  readonly name: string;
  readonly updated_at: string;
}
interface Run {
  readonly run_id: string;
  readonly thread_id: string;
  readonly assistant_id: string;
  readonly metadata: object;
  readonly kwargs: { readonly config: object; readonly context: object };
  readonly graph: { readonly graph_id: string; readonly version: number };
}

/** Says what it was given. */
const GIVEN = {
  edgewise: 1,
  id: "given",
  channels: { config: {}, context: {} },
  nodes: { look: { kind: "transform", set: { config: "config", context: "context" } } },
  edges: [{ from: "start", to: "look" }],
};
const MISSING = "0190a5a0-0000-7000-8000-00000000dead";

let key: string;
beforeAll(async () => {
  await migrate();
  key = await newKey("teams");
  for (const graph of [DOUBLE, GIVEN]) await read(call("/graphs", { key, json: graph }));
});

const post = (path: string, json: object, headers: Record<string, string> = {}) => call(path, { key, json, headers });
const make = (more: object = {}) => read<Assistant>(post("/assistants", { graph_id: "given", ...more }));
const change = (id: string, json: object) => call(`/assistants/${id}`, { method: "PATCH", key, json });
const get = (id: string) => read<Assistant>(call(`/assistants/${id}`, { key }));
const search = async (json: object) => read<Assistant[]>(post("/assistants/search", json));
const seenBy = (id: string, more: object = {}, headers: Record<string, string> = {}) =>
  read<{ config: object; context: object }>(post("/runs/wait", { assistant_id: id, input: {}, ...more }, headers));
const problem = async (answer: Response | Promise<Response>) =>
  (await answer).json<{ status: number; code: string; detail: string; pointer?: string }>();

describe("an assistant", () => {
  it("is made with what is given, and with what is left out by default", async () => {
    const made = await make();
    Views.Assistant.strict().parse(made);
    expect(made).toMatchObject({
      name: "Untitled",
      version: 1,
      config: {},
      context: {},
      metadata: {},
      description: null,
    });
    expect(made.assistant_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const given = {
      config: { configurable: { tone: "dry" }, tags: ["a"] },
      context: { user: "Ada" },
      metadata: { team: { x: 1 } },
      name: "Of Ada",
      description: "Tries",
    };
    const id = crypto.randomUUID();
    const full = await make({ ...given, assistant_id: id.toUpperCase() });
    expect(full).toMatchObject({ ...given, assistant_id: id, graph_id: "given" });
    expect(await get(id)).toEqual(full);
    expect(await get(id.toUpperCase())).toEqual(full);
  });

  it("may be of a graph that is not there, and then runs nothing", async () => {
    const { assistant_id: id } = await make({ graph_id: "to-come" });
    expect(await get(id)).toMatchObject({ graph_id: "to-come" });
    const refused = await problem(post("/runs", { assistant_id: id }));
    expect(refused).toMatchObject({
      status: 404,
      code: "unknown_graph",
      detail: `No assistant found for "${id}". Make sure the assistant ID is for a valid assistant or a valid graph ID.`,
    });
    expect((await call(`/assistants/${id}/graph`, { key })).status).toBe(404);
    await read(call("/graphs", { key, json: { ...DOUBLE, id: "to-come" } }));
    expect(await read(post("/runs/wait", { assistant_id: id, input: { number: 2 } }))).toEqual({ doubled: 4 });
  });

  it("that is there is 409, or left as it is where that was asked", async () => {
    const first = await make({ name: "first" });
    const again = { graph_id: "given", assistant_id: first.assistant_id, name: "second" };
    expect(await problem(post("/assistants", again))).toMatchObject({ status: 409, code: "conflict" });
    expect(await read(post("/assistants", { ...again, if_exists: "do_nothing" }))).toEqual(first);
    const own = { graph_id: "given", assistant_id: assistantIdOf("given") };
    expect((await post("/assistants", own)).status).toBe(409);
    expect(await read(post("/assistants", { ...own, if_exists: "do_nothing" }))).toMatchObject({ name: "given" });
    const ghost = { graph_id: "ghost", assistant_id: assistantIdOf("ghost"), if_exists: "do_nothing" };
    expect(await problem(post("/assistants", ghost))).toMatchObject({ status: 409, code: "conflict" });
  });

  it.each<[string, object, string]>([
    ["no graph", { graph_id: undefined }, "/graph_id"],
    ["an id that is no UUID", { assistant_id: "mine" }, "/assistant_id"],
    ["a config that is no object", { config: [] }, "/config"],
    ["a step limit that no run can have", { config: { recursion_limit: 0 } }, "/config/recursion_limit"],
    ["metadata that are text", { metadata: "a" }, "/metadata"],
    ["a number for a name", { name: 1 }, "/name"],
    ["another if_exists", { if_exists: "replace" }, "/if_exists"],
  ])("is not made with %s", async (_, wrong, pointer) => {
    const refused = await problem(post("/assistants", { graph_id: "given", ...wrong }));
    expect(refused).toMatchObject({ status: 400, pointer, success: false, error: { name: "ZodError" } });
  });

  it("is not made with more than runs can carry", async () => {
    const refused = await problem(post("/assistants", { graph_id: "given", config: { a: "x".repeat(300_000) } }));
    expect(refused).toMatchObject({ status: 413, code: "value_too_large" });
  });

  it("[G14] is not there for another tenant", async () => {
    const { assistant_id: id } = await make();
    const other = await newKey("teams2");
    const nothing = await problem(call(`/assistants/${MISSING}`, { key: other }));
    const asks: [string, string, object?][] = [
      ["GET", ""],
      ["PATCH", "", {}],
      ["DELETE", ""],
      ["GET", "/graph"],
      ["GET", "/schemas"],
      ["GET", "/subgraphs"],
      ["POST", "/versions", {}],
      ["POST", "/latest", { version: 1 }],
    ];
    for (const [method, path, json] of asks) {
      const answer = await call(`/assistants/${id}${path}`, { method, key: other, ...(json && { json }) });
      expect([method, path, answer.status, await answer.json()]).toEqual([method, path, 404, nothing]);
    }
    expect((await call("/runs", { key: other, json: { assistant_id: id } })).status).toBe(404);
    expect(await read(call("/assistants/count", { key: other, json: {} }))).toBe(0);
    expect(await get(id)).toMatchObject({ version: 1 });
  });

  it("is deleted, with its versions, and its threads only where that was asked", async () => {
    const { assistant_id: id } = await make();
    const { thread_id: thread } = await read<Run>(post("/threads", { metadata: { assistant_id: id } }));
    const { thread_id: kept } = await read<Run>(post("/threads", { metadata: { assistant_id: MISSING } }));
    const { assistant_id: second } = await make();
    expect(await read(call(`/assistants/${second}`, { method: "DELETE", key }))).toEqual([second]);
    expect((await call(`/threads/${thread}`, { key })).status).toBe(200);
    const deleted = await call(`/assistants/${id}?delete_threads=true`, { method: "DELETE", key });
    expect([deleted.status, await deleted.json()]).toEqual([200, [id]]);
    expect((await call(`/threads/${thread}`, { key })).status).toBe(404);
    expect((await call(`/threads/${kept}`, { key })).status).toBe(200);
    for (const method of ["GET", "DELETE"]) expect((await call(`/assistants/${id}`, { method, key })).status).toBe(404);
    const left = "select count(*) as n from assistant_versions where assistant_id = ?";
    expect(await env.DB.prepare(left).bind(id).first()).toEqual({ n: 0 });
    expect((await problem(post("/runs", { assistant_id: id }))).code).toBe("unknown_graph");
  });
});

describe("a change", () => {
  it("makes a version, an empty one too; metadata are merged, the rest takes the old one's place", async () => {
    const made = await make({ metadata: { a: 1, b: { c: 1 } }, config: { configurable: { x: 1 } }, context: { y: 1 } });
    const id = made.assistant_id;
    const changed = await read<Assistant>(
      change(id, { graph_id: "double", metadata: { b: { d: 1 } }, config: {}, name: "New", description: "d" }),
    );
    expect(changed).toMatchObject({
      graph_id: "double",
      version: 2,
      metadata: { a: 1, b: { d: 1 } },
      config: {},
      context: { y: 1 },
      name: "New",
      description: "d",
    });
    expect(Date.parse(changed.updated_at)).toBeGreaterThan(Date.parse(made.updated_at));
    expect(await read(change(id, {}))).toMatchObject({ version: 3, name: "New" });
    expect((await change(MISSING, {})).status).toBe(404);
    expect((await problem(change(id, { config: 1 }))).pointer).toBe("/config");
  });

  it("of ten at once is ten versions, none of them lost", async () => {
    const { assistant_id: id } = await make();
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => read(change(id, { metadata: { [`k${index}`]: index } }))),
    );
    const now = await get(id);
    expect([now.version, Object.keys(now.metadata).length]).toEqual([11, 10]);
  });

  it("can be taken back: an older version counts again, and the next is higher than any there ever was", async () => {
    const { assistant_id: id } = await make({ name: "v1", config: { configurable: { v: 1 } } });
    // Remembered from then on, for a second.
    expect(await seenBy(id)).toMatchObject({ config: { v: 1 } });
    await read(change(id, { name: "v2", metadata: { marked: true }, config: { configurable: { v: 2 } } }));
    expect(await seenBy(id)).toMatchObject({ config: { v: 2 } });
    await read(change(id, { name: "v3" }));
    const versions = (json: object) => read<Assistant[]>(post(`/assistants/${id}/versions`, json));
    const all = await versions({});
    Views.AssistantVersionView.strict().parse(all[0]);
    expect(all.map((version) => [version.version, version.name])).toEqual([
      [3, "v3"],
      [2, "v2"],
      [1, "v1"],
    ]);
    expect((await versions({ limit: 1, offset: 1 })).map(({ name }) => name)).toEqual(["v2"]);
    expect((await versions({ metadata: { marked: true } })).map(({ name }) => name)).toEqual(["v3", "v2"]);
    expect((await post(`/assistants/${id}/versions`, { offset: 3 })).status).toBe(404);
    expect(await seenBy(id)).toMatchObject({ config: { v: 2 } });
    expect(await read(post(`/assistants/${id}/latest`, { version: 1 }))).toMatchObject({ version: 1, name: "v1" });
    expect(await seenBy(id)).toMatchObject({ config: { v: 1 } });
    expect(await read(change(id, { name: "v4" }))).toMatchObject({ version: 4, metadata: {} });
    for (const version of [5, 99]) expect((await post(`/assistants/${id}/latest`, { version })).status).toBe(404);
    for (const version of [0, "1", 1.5]) expect((await post(`/assistants/${id}/latest`, { version })).status).toBe(400);
  });
});

describe("a graph's own assistant", () => {
  beforeAll(() => read(call("/graphs", { key, json: { ...GIVEN, id: "own" } })));
  const id = assistantIdOf("own");

  it("is found by the graph's id and by its own, and has one version until it is changed", async () => {
    const own = await get("own");
    expect(own).toMatchObject({ assistant_id: id, name: "own", version: 1, metadata: { created_by: "system" } });
    expect(await get(id)).toEqual(own);
    await read(call("/graphs", { key, json: { ...GIVEN, id: "own", name: "Another version of the graph" } }));
    expect(await get("own")).toMatchObject({ version: 1 });
    expect(await read<Assistant[]>(post("/assistants/own/versions", {}))).toMatchObject([{ version: 1 }]);
    expect(await read(post("/assistants/own/latest", { version: 1 }))).toMatchObject({ version: 1 });
    expect((await post("/assistants/own/latest", { version: 2 })).status).toBe(404);
  });

  it("is changed under either name, for every run of the graph, and stays the system's", async () => {
    const before = (await search({ graph_id: "own" })).length;
    const json = { config: { configurable: { tone: "dry" } }, metadata: { created_by: "me", team: "x" } };
    expect(await read(change("own", json))).toMatchObject({
      assistant_id: id,
      version: 2,
      metadata: { created_by: "system", team: "x" },
    });
    for (const name of ["own", id, "own@1", "own@2"])
      expect(await seenBy(name)).toMatchObject({ config: { tone: "dry" } });
    expect(await search({ graph_id: "own" })).toHaveLength(before);
    expect(await search({ graph_id: "own", metadata: { team: "x", created_by: "system" } })).toHaveLength(1);
    expect(await read(post(`/assistants/${id}/latest`, { version: 1 }))).toMatchObject({ version: 1, config: {} });
    expect(await seenBy("own")).toMatchObject({ config: {} });
  });

  it("stays its graph's, and stays", async () => {
    expect(await problem(change("own", { graph_id: "double" }))).toMatchObject({ status: 403, pointer: "/graph_id" });
    for (const name of ["own", id]) {
      const refused = await problem(call(`/assistants/${name}?delete_threads=true`, { method: "DELETE", key }));
      expect(refused).toMatchObject({ status: 403, code: "forbidden" });
    }
    expect(await get("own")).toMatchObject({ graph_id: "own" });
  });
});

describe("a run of an assistant", () => {
  it("is given the assistant's config, context and metadata under its own, and bears its id", async () => {
    const { assistant_id: id } = await make({
      config: { configurable: { a: "assistant", b: "assistant" }, tags: ["one", "two"], recursion_limit: 50 },
      context: { a: "assistant", b: "assistant" },
      metadata: { a: "assistant", b: "assistant" },
    });
    const own = { b: "run", c: "run" };
    const json = {
      assistant_id: id,
      input: {},
      config: { configurable: own, tags: ["two", "three"] },
      context: own,
      metadata: own,
      on_completion: "keep",
    };
    const run = await read<Run>(post("/runs", json));
    const both = { a: "assistant", b: "run", c: "run" };
    expect(run).toMatchObject({
      assistant_id: id,
      metadata: both,
      graph: { graph_id: "given", version: 1 },
      kwargs: { config: { configurable: both, tags: ["one", "two", "three"], recursion_limit: 50 }, context: both },
    });
    expect(await read(call(`/threads/${run.thread_id}/runs/${run.run_id}/join`, { key }))).toEqual({
      config: both,
      context: both,
    });
    const thread = await read<Run>(call(`/threads/${run.thread_id}`, { key }));
    expect(thread.metadata).toMatchObject({ graph_id: "given", assistant_id: id });
  });

  it("is on its graph's current version, at once after a publication, or on a pinned one", async () => {
    const times = (factor: number) => ({
      ...DOUBLE,
      id: "grows",
      nodes: { double: { kind: "transform", set: { doubled: `state.number * ${factor}` } } },
    });
    await read(call("/graphs", { key, json: times(2) }));
    const { assistant_id: id } = await make({ graph_id: "grows" });
    const doubled = async (name: string) =>
      (await read<{ doubled: number }>(post("/runs/wait", { assistant_id: name, input: { number: 1 } }))).doubled;
    expect(await doubled(id)).toBe(2);
    await read(call("/graphs", { key, json: times(3) }));
    expect([await doubled(id), await doubled(`${id}@1`)]).toEqual([3, 2]);
  });

  it("takes over the thread's configuration, which goes over the assistant's", async () => {
    const { assistant_id: id } = await make({ config: { configurable: { a: "assistant", b: "assistant" } } });
    const { thread_id: thread } = await read<Run>(post("/threads", {}));
    const wait = (configurable: object) =>
      read(post(`/threads/${thread}/runs/wait`, { assistant_id: id, input: {}, config: { configurable } }));
    await wait({ b: "first" });
    expect(await wait({ c: "second" })).toMatchObject({ config: { a: "assistant", b: "first", c: "second" } });
  });

  it("is given the graph's defaults under all of that", async () => {
    const defaults = {
      config: { a: "graph", b: "graph", c: "graph", d: "graph" },
      context: { a: "graph", b: "graph" },
    };
    await read(call("/graphs", { key, json: { ...GIVEN, id: "defaulted", defaults } }));
    const { assistant_id: id } = await make({
      graph_id: "defaulted",
      config: { configurable: { b: "assistant", c: "assistant", d: "assistant" } },
      context: { b: "assistant" },
    });
    const { thread_id: thread } = await read<Run>(post("/threads", {}));
    const wait = (configurable: object, context: object = {}) =>
      read(post(`/threads/${thread}/runs/wait`, { assistant_id: id, input: {}, config: { configurable }, context }));
    await wait({ c: "thread", d: "thread" }, { c: "of the earlier run" });
    expect(await wait({ d: "run" })).toEqual({
      config: { a: "graph", b: "assistant", c: "thread", d: "run" },
      context: { a: "graph", b: "assistant" },
    });
  });

  it("sent again under its key is the same run, whatever became of the assistant", async () => {
    const { assistant_id: id } = await make();
    const start = (user: string) =>
      read<Run>(
        post("/runs", { assistant_id: id, input: {} }, { "idempotency-key": "assistants", "user-agent": user }),
      );
    const first = await start("one");
    await read(change(id, { config: { configurable: { a: 1 } } }));
    expect((await start("two")).run_id).toBe(first.run_id);
  });
});
