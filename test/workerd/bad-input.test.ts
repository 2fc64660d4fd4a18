import { beforeAll, describe, expect, it } from "vitest";
import { call, type Call, DOUBLE, migrate, newKey, read } from "./client.ts";

let key = "";
let thread = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("acme");
  await read(call("/graphs", { key, json: DOUBLE }));
  const { thread_id: id } = await read<{ thread_id: string }>(call("/threads", { key, json: {} }));
  thread = `/threads/${id}`;
});

interface Problem {
  readonly code: string;
  readonly pointer?: string;
  readonly detail: string;
  readonly success?: boolean;
}
const json = (body: string) => ({ body, headers: { "content-type": "application/json" } });
const run = (more: object) => ({ json: { assistant_id: "double", input: { number: 1 }, ...more } });
/** Small as it is sent, too large as it would be kept: two characters of YAML become six of JSON. */
const swelling = `edgewise: 1\nid: swelling\nchannels: { a: { default: "${"\\e".repeat(200_000)}" } }
nodes: { n: { kind: transform, set: { a: "state.a" } } }\nedges: [{ from: start, to: n }]\n`;
const deep = `{"assistant_id":"double","input":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;

/** path, what is sent, status, code, pointer. */
const BAD: readonly (readonly [string, Call, number, string, string?])[] = [
  ["/runs", json("{"), 400, "invalid_json"],
  ["/runs", json('{"a":1}{'), 400, "invalid_json"],
  ["/runs", json(deep), 400, "invalid_json"],
  ["/runs", json('{"assistant_id":"double","input":{"number":1e999}}'), 400, "invalid_json", "/input/number"],
  ["/runs", json('{"assistant_id":"double","input":{"number":"\\ud800"}}'), 400, "invalid_json", "/input/number"],
  ["/runs", json('{"assistant_id":"dou\\u0000ble"}'), 400, "invalid_json", "/assistant_id"],
  [
    "/runs",
    { body: Uint8Array.of(0x7b, 0xff, 0x7d), headers: { "content-type": "application/json" } },
    400,
    "invalid_json",
  ],
  ["/runs", json("[]"), 400, "invalid_request", ""],
  ["/runs", json("null"), 400, "invalid_request", ""],
  ["/runs", json('"text"'), 400, "invalid_request", ""],
  ["/runs", json(""), 400, "invalid_request", "/assistant_id"],
  ["/runs", { json: { assistant_id: 7 } }, 400, "invalid_request", "/assistant_id"],
  ["/runs", { json: { assistant_id: "" } }, 400, "invalid_request", "/assistant_id"],
  ["/runs", { json: { assistant_id: "double@2" } }, 404, "unknown_graph", "/assistant_id"],
  ["/runs", { json: { assistant_id: `double@${"9".repeat(400)}` } }, 404, "unknown_graph", "/assistant_id"],
  ["/runs", { json: { assistant_id: "x".repeat(513) } }, 400, "invalid_request", "/assistant_id"],
  ["/runs", run({ config: [] }), 400, "invalid_request", "/config"],
  ["/runs", run({ metadata: "x" }), 400, "invalid_request", "/metadata"],
  ["/runs", run({ stream_mode: 7 }), 400, "invalid_request", "/stream_mode"],
  ["/runs", run({ stream_mode: ["values", "debug"] }), 422, "unsupported", "/stream_mode"],
  ["/runs", run({ command: { resume: 1 } }), 422, "unsupported", "/command"],
  ["/runs", run({ multitask_strategy: "enqueue" }), 422, "unsupported", "/multitask_strategy"],
  ["/runs", run({ multitask_strategy: "nonsense" }), 400, "invalid_request", "/multitask_strategy"],
  ["/runs", run({ webhook: "http://x" }), 422, "unsupported", "/webhook"],
  ["/runs", run({ input: { nonsense: 1 } }), 422, "unknown_channel"],
  [
    "/runs",
    { body: "a=1", headers: { "content-type": "application/x-www-form-urlencoded" } },
    415,
    "unsupported_media_type",
  ],
  [
    "/runs",
    { body: "x", headers: { "content-type": "multipart/form-data; boundary=x" } },
    415,
    "unsupported_media_type",
  ],
  [
    "/runs",
    { body: new Uint8Array(4 * 1024 * 1024 + 1), headers: { "content-type": "application/json" } },
    413,
    "payload_too_large",
  ],
  ["/threads", { json: { thread_id: "mine" } }, 400, "invalid_request", "/thread_id"],
  ["/threads", { json: { thread_id: ["0190a5a0-1111-7000-8000-00000000aaaa"] } }, 400, "invalid_request", "/thread_id"],
  ["/threads", { json: { metadata: [] } }, 400, "invalid_request", "/metadata"],
  ["/threads", { json: { if_exists: "maybe" } }, 400, "invalid_request", "/if_exists"],
  ["/threads", { json: { supersteps: [{}] } }, 422, "unsupported", "/supersteps"],
  ["/threads/mine", {}, 400, "invalid_request", "/thread_id"],
  ["/threads/mine", { method: "DELETE" }, 400, "invalid_request", "/thread_id"],
  ["/threads/0190a5a0-1111-7000-8000-00000000aaa%00", {}, 400, "invalid_request", "/thread_id"],
  ["/threads/%ff", {}, 400, "invalid_request", "/thread_id"],
  ["THREAD/state/latest", {}, 400, "invalid_request", "/checkpoint_id"],
  ["THREAD/state/0190a5a0-0000-6000-8000-00000000f00d", {}, 404, "not_found"],
  ["THREAD/history?limit=x", {}, 400, "invalid_request", "/limit"],
  ["THREAD/history?limit=0", {}, 400, "invalid_request", "/limit"],
  ["THREAD/history?limit=1&limit=2", {}, 400, "invalid_request", "/limit"],
  ["THREAD/history?before=1", {}, 400, "invalid_request", "/before"],
  ["THREAD/history", { json: { limit: 1.5 } }, 400, "invalid_request", "/limit"],
  ["THREAD/history", { json: { limit: 1e300 } }, 400, "invalid_request", "/limit"],
  ["THREAD/runs?status=sleeping", {}, 400, "invalid_request", "/status"],
  ["THREAD/runs?offset=-1", {}, 400, "invalid_request", "/offset"],
  ["THREAD/runs/now", {}, 400, "invalid_request", "/run_id"],
  ["THREAD/runs/0190a5a0-0000-7000-8000-00000000beef", {}, 404, "not_found"],
  ["THREAD/runs/0190a5a0-0000-7000-8000-00000000beef/join", {}, 404, "not_found"],
  [
    "THREAD/runs/0190a5a0-0000-7000-8000-00000000beef/stream",
    { headers: { "last-event-id": "x" } },
    400,
    "invalid_request",
    "/last-event-id",
  ],
  ["THREAD/runs/0190a5a0-0000-7000-8000-00000000beef/stream?stream_mode=nope", {}, 422, "unsupported", "/stream_mode"],
  [
    "THREAD/runs/0190a5a0-0000-7000-8000-00000000beef/stream?cancel_on_disconnect=maybe",
    {},
    400,
    "invalid_request",
    "/cancel_on_disconnect",
  ],
  [
    "THREAD/runs/0190a5a0-0000-7000-8000-00000000beef/cancel?action=explode",
    { method: "POST" },
    400,
    "invalid_request",
    "/action",
  ],
  [
    "THREAD/runs/0190a5a0-0000-7000-8000-00000000beef/cancel?action=rollback",
    { method: "POST" },
    422,
    "unsupported",
    "/action",
  ],
  ["/assistants/nobody", {}, 404, "not_found"],
  [`/assistants/${"x".repeat(513)}`, {}, 400, "invalid_request", "/assistant_id"],
  ["/assistants/search", { json: { limit: "5" } }, 400, "invalid_request", "/limit"],
  ["/graphs", json("{"), 400, "invalid_graph"],
  ["/graphs", json("null"), 400, "invalid_graph", ""],
  ["/graphs", json(`{"edgewise":1,"nodes":${"[".repeat(20_000)}${"]".repeat(20_000)}}`), 400, "invalid_graph"],
  ["/graphs", { body: "a: [", headers: { "content-type": "application/yaml" } }, 400, "invalid_graph"],
  ["/graphs", { body: Uint8Array.of(0xff), headers: { "content-type": "application/yaml" } }, 400, "invalid_json"],
  ["/graphs", { body: "<a/>", headers: { "content-type": "text/xml" } }, 415, "unsupported_media_type"],
  ["/graphs", { json: DOUBLE, headers: { "content-encoding": "gzip" } }, 415, "unsupported_media_type"],
  ["/runs", { ...run({}), headers: { "content-encoding": "br" } }, 415, "unsupported_media_type"],
  [
    "/graphs",
    { body: new Uint8Array(512 * 1024 + 1), headers: { "content-type": "application/yaml" } },
    413,
    "payload_too_large",
  ],
  ["/graphs", { body: swelling, headers: { "content-type": "application/yaml" } }, 400, "invalid_graph", ""],
  ["/graphs?draft=maybe", { json: DOUBLE }, 400, "invalid_request", "/draft"],
  ["/graphs?draft=true&draft=false", { json: DOUBLE }, 400, "invalid_request", "/draft"],
  ["/graphs?draft=true", json("{"), 400, "invalid_graph"],
  ["/graphs/validate", { body: Uint8Array.of(0xff), headers: { "content-type": "text/yaml" } }, 400, "invalid_json"],
  ["/graphs/validate", { body: "<a/>", headers: { "content-type": "text/xml" } }, 415, "unsupported_media_type"],
  [
    "/graphs/validate",
    { body: new Uint8Array(512 * 1024 + 1), headers: { "content-type": "application/yaml" } },
    413,
    "payload_too_large",
  ],
  ["/graphs?limit=101", {}, 400, "invalid_request", "/limit"],
  ["/graphs?cursor=%F0%9F%92%A9", {}, 400, "invalid_request", "/cursor"],
  ["/graphs?cursor=a.b", {}, 400, "invalid_request", "/cursor"],
  ["/graphs/double?format=xml", {}, 400, "invalid_request", "/format"],
  ["/graphs/double/versions/0", {}, 400, "invalid_request", "/version"],
  ["/graphs/double/versions/99999", {}, 404, "unknown_graph"],
  ["/graphs/double/versions?limit=0", {}, 400, "invalid_request", "/limit"],
  ["/graphs/double/versions?cursor=0", {}, 400, "invalid_request", "/cursor"],
  ["/graphs/double/versions?cursor=a", {}, 400, "invalid_request", "/cursor"],
  ["/graphs/double/versions?cursor=1.1", {}, 400, "invalid_request", "/cursor"],
  ["/graphs/nothing/versions", {}, 404, "unknown_graph"],
  ["/graphs/double/versions/latest/publish", { method: "POST" }, 400, "invalid_request", "/version"],
  ["/graphs/double/versions/1e1/publish", { method: "POST" }, 400, "invalid_request", "/version"],
  ["/graphs/double/versions/99999/publish", { method: "POST" }, 404, "unknown_graph"],
  ["/graphs/double/diff?from=1", {}, 400, "invalid_request", "/to"],
  ["/graphs/double/diff?from=0&to=1", {}, 400, "invalid_request", "/from"],
  ["/graphs/double/diff?from=1&to=2", {}, 404, "unknown_graph"],
  ["/graphs/double/preview?format=png", {}, 400, "invalid_request", "/format"],
  ["/graphs/double/preview?version=x", {}, 400, "invalid_request", "/version"],
  ["/graphs/double/preview?version=2", {}, 404, "unknown_graph"],
  ["/graphs/nothing/preview", {}, 404, "unknown_graph"],
  ["/graphs/' OR 1=1 --", {}, 404, "unknown_graph"],
  ["/keys", { json: { name: "" } }, 400, "invalid_request", "/name"],
  ["/keys", { json: { name: { toString: 1 } } }, 400, "invalid_request", "/name"],
  ["/keys?cursor=x.y", {}, 400, "invalid_request", "/cursor"],
  ["/keys/nothing", { method: "DELETE" }, 404, "not_found"],
  ["/nowhere", {}, 404, "not_found"],
  ["/", {}, 404, "not_found"],
  ["/threads/", {}, 404, "not_found"],
];

describe("bad input", () => {
  it.each(BAD.map((row, index) => [index, ...row] as const))(
    "%i: %s is refused with code and pointer",
    async (_, path, sent, status, code, pointer) => {
      const answer = await call(path.replace("THREAD", thread), { key, ...sent });
      const problem = await answer.json<Problem>();
      expect({ status: answer.status, code: problem.code }).toEqual({ status, code });
      expect(answer.headers.get("content-type")).toBe("application/problem+json");
      expect(problem.detail.length).toBeGreaterThan(5);
      if (pointer !== undefined) expect(problem.pointer).toBe(pointer);
      const langgraph = /^(?:THREAD|\/threads|\/runs|\/assistants)/.test(path);
      expect(problem.success).toBe(langgraph && status === 400 ? false : undefined);
    },
  );

  it("leaves nothing behind", async () => {
    expect(await read(call("/graphs", { key }))).toMatchObject({ graphs: [{ graph_id: "double", version: 1 }] });
    expect(await read(call(`${thread}/runs`, { key }))).toEqual([]);
    expect((await read<{ keys: unknown[] }>(call("/keys", { key }))).keys).toHaveLength(1);
  });
});

describe("methods and headers", () => {
  it("a path that exists names its methods to those that ask with another", async () => {
    for (const [path, method, allow] of [
      ["/graphs", "DELETE", "GET, HEAD, POST, OPTIONS"],
      [thread, "PUT", "GET, HEAD, PATCH, DELETE, OPTIONS"],
      ["/runs", "GET", "POST, OPTIONS"],
    ] as const) {
      const answer = await call(path, { key, method });
      expect([answer.status, new Set(answer.headers.get("allow")?.split(", "))]).toEqual([
        405,
        new Set(allow.split(", ")),
      ]);
      expect((await answer.json<Problem>()).code).toBe("method_not_allowed");
    }
  });

  it("HEAD answers as GET does, without a body", async () => {
    const head = await call("/graphs", { key, method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("OPTIONS needs no key, allows any origin and header, and no credentials", async () => {
    const headers = { origin: "https://app.example", "access-control-request-headers": "x-api-key, x-anything" };
    const answer = await call("/threads", { method: "OPTIONS", headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("access-control-allow-headers")).toBe("x-api-key,x-anything");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  });

  it("a browser's script may read what LangGraph's clients need, on refusals too", async () => {
    for (const options of [{ key }, {}]) {
      const answer = await call("/graphs", { ...options, headers: { origin: "https://app.example" } });
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      const exposed = answer.headers.get("access-control-expose-headers")?.split(",");
      expect(exposed).toEqual(
        expect.arrayContaining(["content-location", "location", "x-pagination-total", "x-pagination-next"]),
      );
    }
  });

  it("request id and traceparent come back if they are well-formed, and nothing else does", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const good = await call("/ok", { headers: { "x-request-id": "abc-1", traceparent } });
    expect([good.headers.get("x-request-id"), good.headers.get("traceparent")]).toEqual(["abc-1", traceparent]);
    const bad = await call("/ok", { headers: { "x-request-id": "a b<script>", traceparent: "00-zz" } });
    expect([bad.headers.get("x-request-id"), bad.headers.get("traceparent")]).toEqual([
      expect.stringMatching(/^[0-9a-f-]{36}$/),
      null,
    ]);
  });

  it("answers with a tenant's data are kept by nobody on the way", async () => {
    expect((await call("/graphs", { key })).headers.get("cache-control")).toBe("no-store");
  });

  it("a body as text/plain, or without a type, is JSON", async () => {
    const body = JSON.stringify({ assistant_id: "double", input: { number: 2 } });
    for (const headers of [
      { "content-type": "text/plain;charset=UTF-8" },
      { "content-type": "application/json; charset=utf-8" },
    ]) {
      expect(await read(call("/runs/wait", { key, body, headers }))).toEqual({ doubled: 4 });
    }
    expect((await call("/threads", { key, method: "POST" })).status).toBe(200);
  });

  it("the page at /docs lets in no script but its own", async () => {
    const answer = await call("/docs");
    const policy = answer.headers.get("content-security-policy") ?? "";
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    expect(policy).toContain("default-src 'none'");
    const page = await answer.text();
    expect([...page.matchAll(/<script nonce="([^"]+)">/g)].map((match) => match[1])).toEqual([nonce]);
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  });

  it("/openapi.json is OpenAPI 3.1 of every route", async () => {
    const document = await read<{ openapi: string; paths: object }>(call("/openapi.json"));
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toContain("/threads/{thread_id}/runs/stream");
  });
});
