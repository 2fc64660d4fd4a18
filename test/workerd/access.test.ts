import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/api/app.ts";
import { openApiDocument } from "../../src/api/description.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { deadMessage, insertDeadLetter } from "../../src/storage/dead-letters.ts";
import { BASE, call, DOUBLE, migrate, newKey, read } from "./client.ts";

/** Who may do what: a row for every route of the API's own description; a route without a row fails. */
interface Row {
  /** With acme's key and acme's ids. */
  readonly own: number;
  /** With the key of another tenant: 404 hides what is acme's; a list or a new thing of one's own is no secret. */
  readonly other: number;
  readonly json?: unknown;
  readonly query?: string;
  /** Its body has no end. */
  readonly endless?: true;
}
const PUBLIC: Row = { own: 200, other: 200 };
const run = { assistant_id: "double", input: { number: 1 } };
const DEAD_LETTER = "0190a5a0-0000-7000-8000-00000000d1ed";
const ROWS: Record<string, Row> = {
  "GET /ok": PUBLIC,
  "GET /info": PUBLIC,
  "GET /schema/graph.json": PUBLIC,
  "POST /keys": { own: 201, other: 201, json: { name: "another" } },
  "GET /keys": { own: 200, other: 200 },
  "POST /graphs": { own: 201, other: 201, json: { ...DOUBLE, id: "another" } },
  "POST /graphs/validate": { own: 200, other: 200, json: DOUBLE },
  "POST /graphs/fix": { own: 200, other: 200, json: DOUBLE },
  "POST /graphs/import": {
    own: 201,
    other: 201,
    query: "?from=langgraph&id=imported",
    json: { nodes: [{ id: "a" }], edges: [] },
  },
  "POST /graphs/merge": {
    own: 200,
    other: 404,
    json: { graph_id: "double", base: 1, ours: 1, theirs: 1 },
  },
  "GET /graphs": { own: 200, other: 200 },
  "GET /graphs/{graph_id}": { own: 200, other: 404 },
  "GET /graphs/{graph_id}/versions": { own: 200, other: 404 },
  "GET /graphs/{graph_id}/versions/{version}": { own: 200, other: 404 },
  "POST /graphs/{graph_id}/versions/{version}/publish": { own: 200, other: 404 },
  "GET /graphs/{graph_id}/diff": { own: 200, other: 404, query: "?from=1&to=1" },
  "GET /graphs/{graph_id}/preview": { own: 200, other: 404, query: "?format=dot" },
  "GET /graphs/{graph_id}/estimate": { own: 200, other: 404 },
  "POST /graphs/{graph_id}/estimate": { own: 200, other: 404, json: {} },
  "POST /assistants/search": { own: 200, other: 200, json: {} },
  "GET /assistants/{assistant_id}": { own: 200, other: 404 },
  "GET /assistants/{assistant_id}/graph": { own: 200, other: 404 },
  "GET /assistants/{assistant_id}/schemas": { own: 200, other: 404 },
  "GET /assistants/{assistant_id}/subgraphs": { own: 200, other: 404 },
  "GET /assistants/{assistant_id}/subgraphs/{namespace}": { own: 200, other: 404 },
  "POST /assistants": { own: 200, other: 200, json: { graph_id: "double" } },
  "POST /assistants/count": { own: 200, other: 200, json: {} },
  "PATCH /assistants/{assistant_id}": { own: 200, other: 404, json: { metadata: { a: 1 } } },
  "POST /assistants/{assistant_id}/versions": { own: 200, other: 404, json: {} },
  "POST /assistants/{assistant_id}/latest": { own: 200, other: 404, json: { version: 1 } },
  // A graph's own.
  "DELETE /assistants/{assistant_id}": { own: 403, other: 404 },
  "PUT /store/items": { own: 204, other: 204, json: { namespace: ["a"], key: "k", value: {} } },
  "GET /store/items": { own: 200, other: 200, query: "?namespace=a&key=k" },
  "POST /store/items/search": { own: 200, other: 200, json: {} },
  "POST /store/namespaces": { own: 200, other: 200, json: {} },
  "DELETE /store/items": { own: 204, other: 204, json: { namespace: ["a"], key: "k" } },
  // This is no test server.
  "POST /internal/truncate": { own: 404, other: 404, json: {} },
  "POST /threads": { own: 200, other: 200, json: {} },
  "GET /threads/{thread_id}": { own: 200, other: 404 },
  "PATCH /threads/{thread_id}": { own: 200, other: 404, json: { metadata: { a: 1 } } },
  "POST /threads/search": { own: 200, other: 200, json: {} },
  "POST /threads/count": { own: 200, other: 200, json: {} },
  "POST /threads/{thread_id}/copy": { own: 200, other: 404 },
  "POST /threads/prune": { own: 200, other: 200, json: { thread_ids: [], strategy: "keep_latest" } },
  "PATCH /threads/{thread_id}/state": { own: 204, other: 404, json: { metadata: { b: 2 } } },
  "GET /threads/{thread_id}/state": { own: 200, other: 404 },
  "GET /threads/{thread_id}/state/{checkpoint_id}": { own: 200, other: 404 },
  "POST /threads/{thread_id}/state/checkpoint": { own: 200, other: 404, json: {} },
  "POST /threads/{thread_id}/state": { own: 200, other: 404, json: { values: null } },
  "GET /threads/{thread_id}/diff": { own: 200, other: 404, query: "?from={checkpoint_id}&to={checkpoint_id}" },
  "POST /threads/{thread_id}/migrate": { own: 409, other: 404, json: { version: 1 } },
  "GET /threads/{thread_id}/stream": { own: 200, other: 404, endless: true },
  "GET /threads/{thread_id}/interrupts": { own: 200, other: 404 },
  "POST /threads/{thread_id}/interrupts/{interrupt_id}": { own: 409, other: 404, json: { value: true } },
  "GET /threads/{thread_id}/history": { own: 200, other: 404 },
  "POST /threads/{thread_id}/history": { own: 200, other: 404, json: {} },
  "GET /threads/{thread_id}/runs": { own: 200, other: 404 },
  "GET /threads/{thread_id}/runs/{run_id}": { own: 200, other: 404 },
  "GET /threads/{thread_id}/runs/{run_id}/profile": { own: 200, other: 404 },
  "GET /threads/{thread_id}/commits": { own: 200, other: 404 },
  "GET /threads/{thread_id}/runs/{run_id}/waits": { own: 200, other: 404 },
  "POST /threads/{thread_id}/runs/{run_id}/signals": { own: 409, other: 404, json: { name: "go" } },
  "GET /threads/{thread_id}/runs/{run_id}/join": { own: 200, other: 404 },
  "GET /threads/{thread_id}/runs/{run_id}/stream": { own: 200, other: 404 },
  "GET /runs/{run_id}/stream": { own: 200, other: 404 },
  "POST /threads/{thread_id}/runs/{run_id}/cancel": { own: 202, other: 404 },
  "POST /threads/{thread_id}/runs/{run_id}/pause": { own: 202, other: 404 },
  "POST /threads/{thread_id}/runs": { own: 200, other: 404, json: run },
  "POST /threads/{thread_id}/runs/wait": { own: 200, other: 404, json: run },
  "POST /threads/{thread_id}/runs/stream": { own: 200, other: 404, json: run },
  "POST /runs": { own: 200, other: 404, json: run },
  "POST /runs/wait": { own: 200, other: 404, json: run },
  "POST /runs/stream": { own: 200, other: 404, json: run },
  "POST /runs/batch": { own: 200, other: 404, json: [run] },
  "POST /runs/cancel": { own: 204, other: 204, json: { status: "pending" } },
  "POST /runs/crons": { own: 200, other: 404, json: { ...run, schedule: "0 9 * * *" } },
  "POST /threads/{thread_id}/runs/crons": { own: 200, other: 404, json: { ...run, schedule: "0 9 * * *" } },
  "POST /runs/crons/search": { own: 200, other: 200, json: {} },
  "POST /runs/crons/count": { own: 200, other: 200, json: {} },
  "GET /runs/crons/{cron_id}": { own: 200, other: 404 },
  "PATCH /runs/crons/{cron_id}": { own: 200, other: 404, json: { enabled: true } },
  "DELETE /runs/crons/{cron_id}": { own: 204, other: 404 },
  "GET /webhooks/secret": { own: 200, other: 200 },
  "POST /webhooks/secret/rotate": { own: 200, other: 200, json: {} },
  "GET /dead-letters": { own: 200, other: 200 },
  "GET /dead-letters/{dead_letter_id}": { own: 200, other: 404 },
  "POST /dead-letters/{dead_letter_id}/redrive": { own: 200, other: 404, json: {} },
  "POST /dead-letters/redrive": { own: 200, other: 200, json: { ids: [DEAD_LETTER] } },
  "POST /dead-letters/{dead_letter_id}/discard": { own: 409, other: 404, json: {} },
  "DELETE /threads/{thread_id}/runs/{run_id}": { own: 204, other: 404 },
  "DELETE /threads/{thread_id}": { own: 204, other: 404 },
  "DELETE /keys/{key_id}": { own: 204, other: 404 },
};
const ids = {
  graph_id: "double",
  version: "1",
  assistant_id: "double",
  namespace: "node",
  thread_id: "",
  run_id: "",
  cron_id: "",
  checkpoint_id: "",
  dead_letter_id: DEAD_LETTER,
  interrupt_id: "0123456789abcdef0123456789abcdef",
  key_id: "",
};
/** The same kind of id, of nothing. */
const missing = {
  graph_id: "absent",
  version: "7",
  assistant_id: "absent",
  namespace: "absent",
  thread_id: "0190a5a0-0000-7000-8000-00000000dead",
  run_id: "0190a5a0-0000-7000-8000-00000000beef",
  cron_id: "0190a5a0-0000-7000-8000-0000000c2034",
  checkpoint_id: "0190a5a0-0000-6000-8000-00000000f00d",
  dead_letter_id: "0190a5a0-0000-7000-8000-0000000d15ed",
  interrupt_id: "00000000000000000000000000000bad",
  key_id: "00000000000000000000",
};

const routes = Object.entries(openApiDocument(createApp()).paths ?? {}).flatMap(([path, item]) =>
  Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
);
const keys = { acme: "", other: "", revoked: "" };

beforeAll(async () => {
  await migrate();
  keys.acme = await newKey("acme");
  keys.other = await newKey("acme2");
  await read(call("/graphs", { key: keys.acme, json: DOUBLE }));
  const answer = await call("/runs/wait", { key: keys.acme, json: { ...run, on_completion: "keep" } });
  await read(answer);
  ids.run_id = answer.headers.get("content-location")?.slice("/runs/".length) ?? "";
  ids.thread_id = ids.run_id;
  const state = await read<{ checkpoint: { checkpoint_id: string } }>(
    call(`/threads/${ids.thread_id}/state`, { key: keys.acme }),
  );
  ids.checkpoint_id = state.checkpoint.checkpoint_id;
  const made = await read<{ key: string; key_id: string }>(
    call("/keys", { key: keys.acme, json: { name: "to revoke" } }),
  );
  keys.revoked = made.key;
  expect((await call("/keys", { key: keys.revoked })).status).toBe(200);
  expect((await call(`/keys/${made.key_id}`, { key: keys.acme, method: "DELETE" })).status).toBe(204);
  // About a run that is over: redriven by one more look at it.
  await insertDeadLetter(openDatabase(env.DB), "acme", {
    ...deadMessage(
      "acme",
      { threadId: ids.thread_id, runId: ids.run_id },
      { tenant: "acme", thread: ids.thread_id, run: ids.run_id, at: 1 },
      { attempt: 5, at: 1, error: { code: "unavailable", message: "No answer." } },
      { code: "unavailable", message: "No answer.", retryable: true },
    ),
    id: DEAD_LETTER,
  });
  const cron = { ...run, schedule: "0 9 * * *" };
  ids.cron_id = (await read<{ cron_id: string }>(call("/runs/crons", { key: keys.acme, json: cron }))).cron_id;
  ids.key_id = (await read<{ key_id: string }>(call("/keys", { key: keys.acme, json: { name: "spare" } }))).key_id;
});

function request(route: string, values: Record<string, string>, key: string | undefined): Promise<Response> {
  const [method = "", template = ""] = route.split(" ");
  const { json, query = "" } = ROWS[route] ?? {};
  const path = `${template}${query}`.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
  return call(path, {
    method,
    ...(key === undefined ? {} : { key }),
    ...(json === undefined ? {} : { json }),
  });
}

/** Everything of an answer that could tell one cause from another. */
async function told(answer: Promise<Response>) {
  const response = await answer;
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id" && name !== "content-length");
  return { status: response.status, headers, body: await response.text() };
}

function withoutIds(text: string, values: Record<string, string>): string {
  // The body of a run names a graph too, the same in both questions.
  const long = ["double", ...Object.values(values)].filter((value) => value.length > 3);
  return long.reduce((left, value) => left.replaceAll(value, "…"), text);
}

describe("every route", () => {
  it("has a row here, and every row a route", () => {
    expect([...routes].sort()).toEqual(Object.keys(ROWS).sort());
  });

  it.each(Object.keys(ROWS))("%s refuses whoever has no valid key, with one answer for all", async (route) => {
    if (ROWS[route] === PUBLIC) return expect((await request(route, ids, undefined)).status).toBe(200);
    const anonymous = await told(request(route, ids, undefined));
    expect(anonymous.status).toBe(401);
    const swapped = keys.acme.replace("ewk_acme_", "ewk_acme2_");
    for (const key of ["garbage", "", swapped, keys.revoked]) {
      expect(await told(request(route, ids, key))).toEqual(anonymous);
    }
  });

  it.each(Object.keys(ROWS))("%s tells another tenant nothing of what is there", async (route) => {
    const row = ROWS[route];
    const answer = await told(request(route, ids, keys.other));
    expect(answer.status).toBe(row?.other);
    if (row?.other !== 404) return expect(answer.body).not.toContain(ids.run_id);
    const nothing = await told(request(route, missing, keys.other));
    expect({ ...answer, body: withoutIds(answer.body, ids) }).toEqual({
      ...nothing,
      body: withoutIds(nothing.body, missing),
    });
  });

  it.each(Object.keys(ROWS))("%s serves its own tenant", async (route) => {
    const answer = await request(route, ids, keys.acme);
    if (ROWS[route]?.endless === true) await answer.body?.cancel();
    else await answer.text();
    expect(answer.status).toBe(ROWS[route]?.own);
  });
});

describe("another tenant with a graph of the same name", () => {
  const theirs = { assistant_id: "double", input: { number: 100 } };

  it("cannot run it on a thread that is not theirs, and learns nothing of that thread", async () => {
    const key = await newKey("acme3");
    await read(call("/graphs", { key, json: DOUBLE }));
    const path = `/threads/${ids.run_id}`;
    const refused = await told(call(`${path}/runs`, { key, json: theirs }));
    const nothing = await told(call(`/threads/${missing.thread_id}/runs`, { key, json: theirs }));
    expect(refused.status).toBe(404);
    expect(withoutIds(refused.body, ids)).toBe(withoutIds(nothing.body, missing));
    // An id may be used by both: it then names two threads.
    expect(await read(call(`${path}/runs/wait`, { key, json: { ...theirs, if_not_exists: "create" } }))).toEqual({
      doubled: 200,
    });
    expect((await read<unknown[]>(call(`${path}/runs`, { key }))).length).toBe(1);
  });

  it("changes nothing of the first", async () => {
    expect(await read(call("/runs/wait", { key: keys.acme, json: run }))).toEqual({ doubled: 2 });
    expect(await read(call("/graphs/double", { key: keys.acme }))).toMatchObject({ version: 1 });
  });
});

describe("what is no route", () => {
  it("is refused to strangers as everything else is", async () => {
    const anonymous = await told(call("/graphs"));
    for (const path of ["/nowhere", "/schema", "/ok/", "//ok", "/OK"])
      expect(await told(call(path))).toEqual(anonymous);
    expect((await told(call("/ok", { method: "DELETE" }))).status).toBe(401);
  });
});

describe("a key", () => {
  it("works the same in every carrier", async () => {
    const key = await newKey("carriers");
    const carriers = [
      { authorization: `Bearer ${key}` },
      { "x-api-key": key },
      { "sec-websocket-protocol": `edgewise.key.${key}` },
    ];
    const answers = await Promise.all(carriers.map((headers) => told(call("/graphs", { headers }))));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const wrong = carriers.map((carrier) =>
      Object.fromEntries(Object.entries(carrier).map(([name, value]) => [name, `${value}0`])),
    );
    const refusals = await Promise.all(wrong.map((headers) => told(call("/graphs", { headers }))));
    expect(refusals.map((answer) => answer.status)).toEqual([401, 401, 401]);
    const both = { authorization: `Bearer ${key}`, "x-api-key": await newKey("carriers") };
    expect((await call("/graphs", { headers: both })).status).toBe(401);
  });

  it("is not taken from the query or a cookie", async () => {
    const key = await newKey("carriers");
    expect(
      (await call(`/graphs?api_key=${key}&x-api-key=${key}`, { headers: { cookie: `x-api-key=${key}` } })).status,
    ).toBe(401);
  });

  it("made for one tenant belongs to it whatever the body says", async () => {
    const json = { name: "n", tenant: "acme", key_id: "x", created_at: 1 };
    const made = await read<{ key: string }>(call("/keys", { key: keys.other, json }));
    expect(made.key).toMatch(/^ewk_acme2_/);
  });
});

describe("an open server", () => {
  const open = { ...env, EDGEWISE_OPEN: "1", EDGEWISE_OPEN_NONCE: "ab".repeat(16) };
  const app = createApp();
  const ask = (path: string, headers: Record<string, string> = {}, host = BASE, bindings: object = open) =>
    app.fetch(new Request(`${host}${path}`, { headers }), bindings as typeof env);

  it("needs no key on loopback, and says so", async () => {
    expect((await ask("/graphs")).status).toBe(200);
    expect(await read(ask("/info"))).toMatchObject({ open: true });
    expect(await read(call("/info"))).toMatchObject({ open: false });
  });
  it.each([
    ["another host", {}, "http://192.168.1.2:8787"],
    ["a rebound name", { host: "evil.example" }, BASE],
    ["a foreign origin", { origin: "https://evil.example" }, BASE],
    ["no origin to name", { origin: "null" }, BASE],
  ])("refuses %s, whatever the path", async (_, headers, host) => {
    for (const path of ["/graphs", "/ok", "/info"]) expect((await ask(path, headers, host)).status).toBe(403);
  });
  it("still takes a key, and refuses a wrong one", async () => {
    const [theirs] = await read<{ graphs: object[] }>(ask("/graphs", { "x-api-key": keys.acme })).then(
      (page) => page.graphs,
    );
    expect(theirs).toMatchObject({ graph_id: "another" });
    expect((await ask("/graphs", { "x-api-key": "garbage" })).status).toBe(401);
  });
  it("without its nonce answers nothing but what is wrong", async () => {
    for (const path of ["/ok", "/graphs", "/nowhere"]) {
      const answer = await ask(path, {}, BASE, { ...env, EDGEWISE_OPEN: "1", EDGEWISE_MODEL: "x" });
      const problem = await answer.json<{ code: string; detail: string }>();
      expect([answer.status, problem.code]).toEqual([503, "misconfigured"]);
      expect(problem.detail).toMatch(/EDGEWISE_MODEL.*EDGEWISE_OPEN|EDGEWISE_OPEN.*EDGEWISE_MODEL/);
    }
  });
});
