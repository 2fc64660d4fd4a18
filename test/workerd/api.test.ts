import { beforeAll, describe, expect, it } from "vitest";
import { assistantIdOf } from "../../src/api/assistant-id.ts";
import * as Views from "../../src/api/views.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("acme");
  await read(call("/graphs", { key, json: DOUBLE }));
});

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const post = (path: string, json: unknown) => call(path, { key, json });
const newThread = async () => (await read<{ thread_id: string }>(post("/threads", {}))).thread_id;
const run = { assistant_id: "double", input: { number: 21 } };

describe("graphs", () => {
  it("get a new version when they change, and none when they do not", async () => {
    const document = { ...DOUBLE, id: "changing" };
    const first = await post("/graphs", document);
    expect(first.status).toBe(201);
    expect(await first.json()).toMatchObject({ graph_id: "changing", version: 1, warnings: expect.any(Array) });
    const again = await post("/graphs", { ...document });
    expect([again.status, await again.json()]).toEqual([200, expect.objectContaining({ version: 1 })]);
    expect(await read(post("/graphs", { ...document, name: "Changed" }))).toMatchObject({ version: 2 });
    expect(await read(post("/graphs", document))).toMatchObject({ version: 3 });
    expect(await read(call("/graphs/changing", { key }))).toMatchObject({ version: 3, document });
    expect(await read(call("/graphs/changing/versions/2", { key }))).toMatchObject({ document: { name: "Changed" } });
  });

  it("published at once by many get versions without gaps", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
    const answers = await Promise.all(
      names.map((name) => read<{ version: number }>(post("/graphs", { ...DOUBLE, id: "raced", name }))),
    );
    expect(answers.map((answer) => answer.version).sort((a, b) => a - b)).toEqual(names.map((_, index) => index + 1));
  });

  it("[R5] keep the order of their nodes and channels, on which results depend", async () => {
    const step = { kind: "transform", set: { order: "'x'" } };
    const document = {
      edgewise: 1,
      id: "ordered",
      channels: { z: {}, order: { reducer: "append" }, a: {} },
      nodes: { zebra: step, ant: step },
      edges: [
        { from: "start", to: "zebra" },
        { from: "start", to: "ant" },
      ],
    };
    const { hash } = await read<{ hash: string }>(post("/graphs", document));
    const kept = await read<{ document: typeof document }>(call("/graphs/ordered", { key }));
    expect([Object.keys(kept.document.nodes), Object.keys(kept.document.channels)]).toEqual([
      ["zebra", "ant"],
      ["z", "order", "a"],
    ]);
    const ran = await post("/runs", { assistant_id: "ordered" });
    expect(await ran.json()).toMatchObject({ graph: { hash } });
    const updates = await (
      await call(`${ran.headers.get("content-location")}/stream?stream_mode=updates`, { key })
    ).text();
    expect(updates.indexOf('"zebra"')).toBeLessThan(updates.indexOf('"ant"'));
  });

  it("come back as the YAML they were, comments and all", async () => {
    const body =
      "# mine\nedgewise: 1\nid: commented\nnodes: { a: { kind: transform } }\nedges: [{ from: start, to: a }]\n";
    const headers = { "content-type": "application/yaml" };
    await read(call("/graphs", { key, body, headers }));
    const answer = await call("/graphs/commented?format=yaml", { key });
    const text = new TextDecoder().decode(await answer.arrayBuffer());
    expect([answer.headers.get("content-type"), text]).toEqual(["application/yaml", body]);
  });

  it("that are wrong are refused with every problem and its place", async () => {
    const body = "edgewise: 1\nid: wrong\nnodes:\n  a: { kind: nonsense }\nedges:\n  - { from: start, to: b }\n";
    const answer = await call("/graphs", { key, body, headers: { "content-type": "text/yaml" } });
    expect(answer.status).toBe(400);
    const problem = await answer.json<{ code: string; pointer: string; details: { path: string; line: number }[] }>();
    expect(problem.code).toBe("invalid_graph");
    expect(problem.details.map(({ path, line }) => [path, line])).toEqual([
      ["/nodes/a/kind", 4],
      ["/edges/0/to", 6],
    ]);
    expect((await call("/graphs/wrong", { key })).status).toBe(404);
  });

  it("are listed in pages that miss none and repeat none", async () => {
    const all = await read<{ graphs: { graph_id: string }[] }>(call("/graphs?limit=100", { key }));
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string = cursor === "" ? "limit=1" : `limit=1&cursor=${encodeURIComponent(cursor)}`;
      const page: { graphs: { graph_id: string }[]; next_cursor: string | null } = await read(
        call(`/graphs?${query}`, { key }),
      );
      seen.push(...page.graphs.map((graph) => graph.graph_id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(all.graphs.map((graph) => graph.graph_id));
    expect(seen.length).toBeGreaterThan(1);
  });
});

describe("threads", () => {
  it("are made, changed, read and deleted", async () => {
    const made = await read<{ thread_id: string }>(post("/threads", { metadata: { a: 1 } }));
    expect(made).toMatchObject({ thread_id: expect.stringMatching(UUID7), status: "idle", metadata: { a: 1 } });
    const path = `/threads/${made.thread_id}`;
    const changed = await call(path, { key, method: "PATCH", json: { metadata: { b: 2 } } });
    expect(await changed.json()).toMatchObject({ metadata: { a: 1, b: 2 } });
    expect(await read(call(path, { key }))).toMatchObject({ metadata: { a: 1, b: 2 } });
    expect((await call(path, { key, method: "DELETE" })).status).toBe(204);
    expect((await call(path, { key })).status).toBe(404);
  });

  it("take an id of the client, once", async () => {
    const json = { thread_id: "0190A5A0-1111-7000-8000-00000000AAAA" };
    expect(await read(post("/threads", json))).toMatchObject({ thread_id: json.thread_id.toLowerCase() });
    expect((await post("/threads", json)).status).toBe(409);
    expect((await post("/threads", { ...json, if_exists: "do_nothing" })).status).toBe(200);
  });

  it("keep what only the server may say, whatever a body claims", async () => {
    const claims = {
      status: "busy",
      created_at: "1970-01-01T00:00:00Z",
      tenant: "other",
      values: { a: 1 },
      config: { b: 1 },
    };
    const made = await read<{ thread_id: string }>(post("/threads", { ...claims, metadata: { ok: true } }));
    const changed = await call(`/threads/${made.thread_id}`, {
      key,
      method: "PATCH",
      json: { ...claims, thread_id: "x" },
    });
    const thread = await changed.json<Record<string, unknown>>();
    expect(thread).toMatchObject({
      thread_id: made.thread_id,
      status: "idle",
      values: null,
      config: {},
      metadata: { ok: true },
    });
    expect(thread["created_at"]).not.toBe(claims.created_at);
  });

  it("keep __proto__ as data, where it stands", async () => {
    const body = '{"metadata":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}';
    const answer = await call("/threads", { key, body, headers: { "content-type": "application/json" } });
    const text = await answer.text();
    expect(text).toContain('"__proto__":{"polluted":true}');
    const { thread_id: id } = JSON.parse(text) as { thread_id: string };
    expect(await (await call(`/threads/${id}`, { key })).text()).toContain('"__proto__":{"polluted":true}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("never run have an empty state and no history", async () => {
    const path = `/threads/${await newThread()}`;
    expect(await read(call(`${path}/state`, { key }))).toMatchObject({ values: {}, next: [], checkpoint: null });
    expect(await read(post(`${path}/history`, {}))).toEqual([]);
  });
});

describe("runs", () => {
  it("in the background answer at once, and are found at their Content-Location until they are over", async () => {
    const threadId = await newThread();
    const answer = await post(`/threads/${threadId}/runs`, run);
    const view = await answer.json<{ run_id: string }>();
    expect(view).toMatchObject({
      thread_id: threadId,
      run_id: expect.stringMatching(UUID7),
      status: expect.stringMatching(/^(?:pending|running)$/),
    });
    const path = `/threads/${threadId}/runs/${view.run_id}`;
    expect(answer.headers.get("content-location")).toBe(path);
    expect(await read(call(`${path}/join`, { key }))).toEqual({ doubled: 42 });
    expect(await read(call(path, { key }))).toMatchObject({ status: "success", error: null });
    expect(await read<unknown[]>(call(`/threads/${threadId}/runs`, { key }))).toHaveLength(1);
    expect(await read(call(`/threads/${threadId}/state`, { key }))).toMatchObject({ values: { doubled: 42 } });
    expect((await read<unknown[]>(call(`/threads/${threadId}/history?limit=5`, { key }))).length).toBeGreaterThan(0);
  });

  it("are waited for, with the graph named by its id or its system assistant's", async () => {
    for (const assistant of ["double", assistantIdOf("double"), assistantIdOf("double").toUpperCase()]) {
      const answer = await post("/runs/wait", { ...run, assistant_id: assistant });
      expect(answer.headers.get("content-location")).toMatch(/^\/runs\/[0-9a-f-]{36}$/);
      expect(await read(answer)).toEqual({ doubled: 42 });
    }
  });

  it("are streamed, and followed again with the same frames", async () => {
    const answer = await post("/runs/stream", { ...run, stream_mode: ["values", "updates"] });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const runId = answer.headers.get("content-location")?.slice("/runs/".length);
    expect(answer.headers.get("location")).toBe(`/threads/${runId}/runs/${runId}/stream`);
    const frames = await answer.text();
    expect(frames).toMatch(/^event: metadata\n/);
    expect(frames).toContain("event: updates\n");
    const again = await call(`/threads/${runId}/runs/${runId}/stream`, { key, headers: { "last-event-id": "-1" } });
    expect(await again.text()).toBe(frames);
    expect(await (await call(`/runs/${runId}/stream`, { key })).text()).toBe(frames);
    const rest = await call(`/runs/${runId}/stream`, { key, headers: { "last-event-id": "0" } });
    expect(await rest.text()).not.toContain("event: metadata");
    const updates = await call(`/runs/${runId}/stream?stream_mode=${encodeURIComponent('["updates"]')}`, { key });
    expect(await updates.text()).not.toContain("event: values");
  });

  it("that fail say which node, which attempt and why, in the wait's answer and in the run", async () => {
    const nodes = { broken: { kind: "transform", set: { doubled: "state.number / 0" } } };
    await read(post("/graphs", { ...DOUBLE, id: "failing", nodes, edges: [{ from: "start", to: "broken" }] }));
    const answer = await post("/runs/wait", { ...run, assistant_id: "failing" });
    expect(answer.status).toBe(200);
    const runId = answer.headers.get("content-location")?.slice("/runs/".length);
    const { __error__: error } = await answer.json<{ __error__: { error: string; message: string } }>();
    expect(error).toMatchObject({ error: expect.any(String), message: expect.stringContaining('"broken"') });
    const view = await read(call(`/threads/${runId}/runs/${runId}`, { key }));
    expect(view).toMatchObject({ status: "error", error: { code: error.error, node: "broken", attempt: 1 } });
  });

  it("that are over stay as they ended when they are cancelled", async () => {
    const answer = await post("/runs", run);
    const { run_id: runId } = await answer.json<{ run_id: string }>();
    const path = `/threads/${runId}/runs/${runId}`;
    await read(call(`${path}/join`, { key }));
    expect((await call(`${path}/cancel?wait=0`, { key, method: "POST" })).status).toBe(202);
    expect((await call(`${path}/cancel?wait=1`, { key, method: "POST" })).status).toBe(204);
    expect(await read(call(path, { key }))).toMatchObject({ status: "success" });
  });

  it("on a thread that is missing make it only when asked to", async () => {
    const path = "/threads/0190a5a0-2222-7000-8000-000000000001/runs/wait";
    expect((await post(path, run)).status).toBe(404);
    expect(await read(post(path, { ...run, if_not_exists: "create" }))).toEqual({ doubled: 42 });
  });

  it("of an unknown assistant are refused in the reference's words", async () => {
    const answer = await post("/runs", { assistant_id: "nobody" });
    expect([answer.status, await answer.json<{ detail: string }>()]).toEqual([
      404,
      expect.objectContaining({
        code: "unknown_graph",
        detail: expect.stringContaining('No assistant found for "nobody"'),
      }),
    ]);
  });
});

describe("an Idempotency-Key", () => {
  const headers = { "idempotency-key": "order 66" };
  const send = (path: string, json: object, more = headers) => call(path, { key, json, headers: more });

  it("with the same body meets the same run, however it is asked for", async () => {
    const threadId = await newThread();
    const path = `/threads/${threadId}/runs`;
    const [one, other] = await Promise.all([send(path, run), send(path, run)]);
    expect(one.headers.get("content-location")).toBe(other.headers.get("content-location"));
    expect(await read(send(`${path}/wait`, run))).toEqual({ doubled: 42 });
    expect(await (await send(`${path}/stream`, run)).text()).toContain("event: values");
    expect(await read<unknown[]>(call(path, { key }))).toHaveLength(1);
  });

  it("[F19, G2] sent a hundred times at once is one run, and every answer names it or says that it is on its way", async () => {
    const path = `/threads/${await newThread()}/runs`;
    const answers = await Promise.all(Array.from({ length: 100 }, () => send(path, run)));
    const told = answers.filter(({ ok }) => ok);
    expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 409)).toEqual([]);
    expect(new Set(told.map((answer) => answer.headers.get("content-location"))).size).toBe(1);
    expect(await read<unknown[]>(call(path, { key }))).toHaveLength(1);
  });

  it("with another body is refused, and starts nothing", async () => {
    const path = `/threads/${await newThread()}/runs`;
    await read(send(path, run));
    for (const other of [{ input: { number: 22 } }, { metadata: { a: 1 } }, { stream_mode: "updates" }]) {
      for (const way of ["", "/wait", "/stream"])
        expect((await send(`${path}${way}`, { ...run, ...other })).status).toBe(422);
    }
    expect(await read<unknown[]>(call(path, { key }))).toHaveLength(1);
  });

  it("stands for different runs on different threads, without one, and for another tenant", async () => {
    const stranger = await newKey("stranger");
    await read(call("/graphs", { key: stranger, json: DOUBLE }));
    const answers = [
      await send(`/threads/${await newThread()}/runs`, run),
      await send(`/threads/${await newThread()}/runs`, run),
      await send("/runs", run),
      await send("/runs", run, { "idempotency-key": "order 67" }),
      await call("/runs", { key: stranger, json: run, headers }),
    ];
    const runIds = await Promise.all(answers.map(async (answer) => (await read<{ run_id: string }>(answer)).run_id));
    expect(new Set(runIds).size).toBe(runIds.length);
  });
});

describe("what the API answers", () => {
  it("fits the schemas that its description shows", async () => {
    const answer = await post("/runs/wait", { ...run, on_completion: "keep" });
    await read(answer);
    const runId = answer.headers.get("content-location")?.slice("/runs/".length) ?? "";
    const path = `/threads/${runId}`;
    Views.Thread.strict().parse(await read(call(path, { key })));
    Views.Run.strict().parse(await read(call(`${path}/runs/${runId}`, { key })));
    Views.ThreadState.strict().parse(await read(call(`${path}/state`, { key })));
    Views.ThreadState.strict()
      .array()
      .min(1)
      .parse(await read(call(`${path}/history`, { key })));
    Views.Assistant.strict().parse(await read(call("/assistants/double", { key })));
  });
});

describe("assistants", () => {
  it("are the graphs, by either id", async () => {
    const wanted = { assistant_id: assistantIdOf("double"), graph_id: "double", metadata: { created_by: "system" } };
    expect(await read(call("/assistants/double", { key }))).toMatchObject(wanted);
    expect(await read(call(`/assistants/${assistantIdOf("double")}`, { key }))).toMatchObject(wanted);
    const answer = await post("/assistants/search", { graph_id: "double" });
    expect(answer.headers.get("x-pagination-total")).toBe("1");
    expect(await answer.json()).toEqual([expect.objectContaining(wanted)]);
  });
});
