import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../../src/api/app.ts";
import { BASE, call, DOUBLE, migrate, newKey, read } from "./client.ts";

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

const GIVEN = {
  edgewise: 1,
  id: "configured",
  channels: { config: {} },
  nodes: { look: { kind: "transform", set: { config: "config" } } },
  edges: [{ from: "start", to: "look" }],
};
/** Takes one setting and no other. */
const STRICT = {
  ...GIVEN,
  id: "strict",
  config: { type: "object", properties: { tone: { type: "string" } }, additionalProperties: false },
};

let key: string;
beforeAll(async () => {
  await migrate();
  key = await newKey("meta");
  for (const graph of [DOUBLE, GIVEN, STRICT]) await read(call("/graphs", { key, json: graph }));
});
const problem = async (answer: Promise<Response>) => (await answer).json<Problem>();

describe("the server", () => {
  it("says that it answers, and what it is, to whoever asks", async () => {
    expect(await read(call("/ok"))).toEqual({ ok: true });
    expect(await read(call("/info"))).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+/),
      langgraph_js_version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      context: "js",
      flags: { assistants: true, crons: true, langsmith: false },
    });
  });

  it("lets pages of every origin send every header and read what clients need", async () => {
    const headers = {
      origin: "https://chat.example",
      "access-control-request-method": "PUT",
      "access-control-request-headers": "x-api-key, x-anything, content-type, last-event-id",
    };
    const preflight = await call("/store/items", { method: "OPTIONS", headers });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PUT");
    for (const name of ["x-api-key", "x-anything", "content-type", "last-event-id"]) {
      expect(preflight.headers.get("access-control-allow-headers")).toContain(name);
    }
    const exposed = (await call("/ok", { headers })).headers.get("access-control-expose-headers") ?? "";
    for (const name of ["content-location", "location", "x-pagination-total", "x-pagination-next"]) {
      expect(exposed).toContain(name);
    }
  });

  it("takes text/plain, and no type at all, for JSON", async () => {
    const body = JSON.stringify({ assistant_id: "double", input: { number: 4 } });
    for (const type of ["text/plain", "text/plain;charset=UTF-8", "application/json; charset=utf-8"]) {
      expect(await read(call("/runs/wait", { key, body, headers: { "content-type": type } }))).toEqual({ doubled: 8 });
    }
    expect((await call("/runs/wait", { key, body, headers: { "content-type": "text/html" } })).status).toBe(415);
  });

  it.each([
    ["POST", "/assistants"],
    ["POST", "/threads"],
    ["POST", "/runs"],
    ["PUT", "/store/items"],
    ["DELETE", "/store/items"],
    ["POST", "/store/items/search"],
    ["POST", "/graphs"],
  ])("refuses 50 MB sent to %s %s, and changes nothing", async (method, path) => {
    let left = 50;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left === 0) return controller.close();
        left -= 1;
        controller.enqueue(new TextEncoder().encode(" ".repeat(1024 * 1024)));
      },
    });
    const idle = await newKey("idle");
    const headers = { "content-type": "application/json", "x-api-key": idle };
    const init: RequestInit = { method, headers, body };
    const answer = await createApp().fetch(new Request(`${BASE}${path}`, init), env, createExecutionContext());
    expect([answer.status, (await answer.json<Problem>()).code]).toEqual([413, "payload_too_large"]);
    expect(left).toBeGreaterThan(40);
    const lists: [string, object?][] = [
      ["/threads/search", {}],
      ["/store/namespaces", {}],
      ["/assistants/search", {}],
      ["/graphs"],
    ];
    for (const [list, json] of lists) {
      expect(JSON.stringify(await read(call(list, { key: idle, ...(json && { json }) })))).toMatch(
        /^(?:\[\]|\{"\w+":\[\].*)$/,
      );
    }
  });

  it.each([
    ["GET", "/threads/mine"],
    ["DELETE", "/threads/mine"],
    ["GET", "/threads/mine/runs"],
    ["GET", "/threads/0190a5a0-0000-7000-8000-00000000dead/runs/mine"],
    ["POST", "/threads/0190a5a0-0000-7000-8000-00000000dead/runs/mine/cancel"],
    ["GET", "/runs/mine/stream"],
  ])("%s %s: an id that is no UUID is 400", async (method, path) => {
    expect(await problem(call(path, { method, key }))).toMatchObject({
      status: 400,
      code: "invalid_request",
      success: false,
      error: { name: "ZodError" },
    });
  });
});

describe("a request's headers", () => {
  const sent = {
    "x-configurable-header": "extra-client",
    "user-agent": "tests",
    "x-auth-token": "s3cr3t",
    "x-forwarded-for": "1.1.1.1",
  };
  const wait = (assistantId: string, json: object = {}, headers: Record<string, string> = sent) =>
    read<{ config: object }>(
      call("/runs/wait", { key, headers, json: { assistant_id: assistantId, input: {}, ...json } }),
    );

  it("are configuration of the run, but for those that are nobody's business", async () => {
    const { config } = await wait("configured", { config: { configurable: { tone: "dry" } } });
    expect(config).toEqual({ "x-configurable-header": "extra-client", "user-agent": "tests", tone: "dry" });
  });

  it("are no reason to refuse a run whose graph takes only what it names", async () => {
    const { config } = await wait("strict", { config: { configurable: { tone: "dry" } } });
    expect(config).toMatchObject({ "user-agent": "tests", tone: "dry" });
    const json = { assistant_id: "strict", input: {}, config: { configurable: { tune: "dry" } } };
    expect((await problem(call("/runs", { key, headers: sent, json }))).status).toBe(400);
  });
});

describe("a test server", () => {
  const app = createApp();
  const ask = async (path: string, by: string, options: { json?: object; method?: string } = {}, test = "1") => {
    const { json, method = json === undefined ? "GET" : "POST" } = options;
    const headers = { "x-api-key": by, "content-type": "application/json" };
    const body = json === undefined ? null : JSON.stringify(json);
    const context = createExecutionContext();
    const answer = await app.fetch(
      new Request(`${BASE}${path}`, { method, headers, body }),
      { ...env, EDGEWISE_TEST: test },
      context,
    );
    await waitOnExecutionContext(context);
    return answer;
  };

  it("is the only one that is emptied from outside", async () => {
    const nothing = await (await call("/internal/elsewhere", { key, json: {} })).text();
    for (const json of [{ threads: true }, { threads: "all" }]) {
      const refused = await call("/internal/truncate", { key, json });
      expect([refused.status, await refused.text()]).toEqual([404, nothing.replaceAll("elsewhere", "truncate")]);
    }
    expect((await ask("/internal/truncate", key, { json: { threads: true } }, "0")).status).toBe(404);
    expect((await ask("/internal/truncate", "garbage", { json: {} })).status).toBe(401);
    expect((await ask("/internal/truncate", key, { json: { threads: "all" } })).status).toBe(400);
  });

  it("loses what was named, of one tenant, and keeps its graphs", async () => {
    const [mine, other] = [await newKey("emptied"), await newKey("kept")];
    const made = async (by: string) => {
      await read(call("/graphs", { key: by, json: DOUBLE }));
      const { thread_id: thread } = await read<{ thread_id: string }>(call("/threads", { key: by, json: {} }));
      await read(
        call(`/threads/${thread}/runs/wait`, { key: by, json: { assistant_id: "double", input: { number: 1 } } }),
      );
      const { assistant_id: assistant } = await read<{ assistant_id: string }>(
        call("/assistants", { key: by, json: { graph_id: "double" } }),
      );
      await call("/store/items", { method: "PUT", key: by, json: { namespace: ["a"], key: "k", value: {} } });
      return { by, thread, assistant };
    };
    const there = async ({ by, thread, assistant }: Awaited<ReturnType<typeof made>>) => [
      (await ask(`/threads/${thread}`, by)).status,
      (await ask(`/threads/${thread}/runs`, by)).status,
      (await ask(`/assistants/${assistant}`, by)).status,
      await (await ask("/store/items?namespace=a&key=k", by)).json().then((item) => item !== null),
      (await ask("/assistants/double", by)).status,
    ];
    const [one, two] = [await made(mine), await made(other)];
    const all = [200, 200, 200, true, 200];
    expect(await there(one)).toEqual(all);
    const truncate = (json: object) => ask("/internal/truncate", mine, { json }).then((answer) => read(answer));
    await truncate({});
    await truncate({ threads: false, store: null });
    expect(await there(one)).toEqual(all);
    await truncate({ store: true });
    expect(await there(one)).toEqual([200, 200, 200, false, 200]);
    await truncate({ assistants: true });
    expect(await there(one)).toEqual([200, 200, 404, false, 200]);
    await truncate({ runs: true, threads: true, checkpointer: true });
    expect(await there(one)).toEqual([404, 404, 404, false, 200]);
    expect(await there(two)).toEqual(all);
  });
});
