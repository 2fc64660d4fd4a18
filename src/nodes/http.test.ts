import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EdgewiseError, failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Sent } from "./testing/context.ts";
import { fetchAnswering, jsonAnswer } from "./testing/context.ts";
import { outOf, problemsOf, runOne } from "./testing/one-node.ts";

const API = "https://api.example.com";

/** What a node sends, on a state. */
async function sentBy(config: JsonObject, state: JsonObject = {}): Promise<Sent> {
  const { fetch: publicFetch, sent } = fetchAnswering(jsonAnswer({}));
  await runOne({ kind: "http", ...config }, state, { publicFetch });
  const [first] = sent;
  if (first === undefined || sent.length !== 1) throw new Error(`${sent.length} calls`);
  return first;
}

/** What a node makes of an answer. */
async function writtenBy(answer: () => Response, config: JsonObject = {}): Promise<Json | undefined> {
  const { fetch: publicFetch } = fetchAnswering(answer);
  return outOf(await runOne({ kind: "http", url: API, write: "out", ...config }, {}, { publicFetch }));
}

describe("the address", () => {
  it.each<[string, Json, string]>([
    [`${API}/users/{{ state.x }}`, "a/b?c#d&e", `${API}/users/a%2Fb%3Fc%23d%26e`],
    [`${API}/users/{{ state.x }}`, "../admin", `${API}/users/..%2Fadmin`],
    [`${API}/users/{{ state.x }}`, "%2e%2e", `${API}/users/%252e%252e`],
    [`${API}/users/{{ state.x }}`, "\\..\\x\r\n", `${API}/users/%5C..%5Cx%0D%0A`],
    [`${API}/users/{{ state.x }}`, "@evil.example", `${API}/users/%40evil.example`],
    [`${API}/users/{{ state.x }}`, 7, `${API}/users/7`],
    [`${API}/users/{{ state.x }}`, [1], `${API}/users/%5B1%5D`],
    [`${API}/users/{{ state.x }}`, "\ud800", `${API}/users/%EF%BF%BD`],
    [`${API}?q={{ state.x }}&n=1`, "a&n=2", `${API}/?q=a%26n%3D2&n=1`],
    [`${API}?q={{ state.x }}`, "", `${API}/?q=`],
    ["{{ state.x }}", `${API}/a?b=c`, `${API}/a?b=c`],
    [" {{ state.x }} ", `${API}/a`, `${API}/a`],
  ])("%s of %j is %s", async (url, x, expected) => {
    expect((await sentBy({ url }, { x })).url).toBe(expected);
  });

  it.each<[string, Json, string]>([
    [`${API}/users/{{ state.x }}`, "", "a hole in its path gave an empty text"],
    [`${API}/users/{{ state.x }}`, "..", 'became "." or ".."'],
    [`${API}/users/{{ state.x }}/keys`, ".", 'became "." or ".."'],
    ["{{ state.x }}", "not a url", "not an absolute address"],
    ["{{ state.x }}", "file:///etc/passwd", "not an absolute address"],
    ["{{ state.x }}", { a: 1 }, "not an absolute address"],
  ])("%s of %j is refused: %s", async (url, x, why) => {
    await expect(sentBy({ url }, { x })).rejects.toMatchObject({
      code: "node_failed",
      retryable: false,
      message: expect.stringContaining(why),
    });
  });

  it.each([
    "https://{{ state.x }}/a",
    "https://api.{{ state.x }}/a",
    "https://api.example.com{{ state.x }}",
    "https://api.example.com\\{{ state.x }}",
    "https://user@{{ state.x }}/",
    "https://user:word@api.example.com/{{ state.x }}",
    "{{ state.x }}://api.example.com/",
    "{{ state.x }}{{ state.x }}",
    "{{ state.x }}/users",
    "{{{{ state.x }}",
    "ftp://api.example.com/",
    "/users",
    "not a url",
    "https://",
    "https://api.example.com/a/../b",
    "https://api.example.com/{{ state.x }}/%2e%2E/b",
  ])("%s is refused before it runs", (url) => {
    expect(problemsOf({ kind: "http", url }, { x: {} })).toEqual([["invalid_value", "/nodes/n/url"]]);
  });
});

describe("whatever a hole gives", () => {
  const anyText = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("..", "/", "\\", "?#", "%2f", "@x:1/"),
  );

  it("a call goes to the written host, along the written path, with the written query", async () => {
    const url = `${API}:8443/a/{{ state.x }}/b?q={{ state.x }}&z=1`;
    await fc.assert(
      fc.asyncProperty(anyText, async (x) => {
        const sent = await sentBy({ url, query: { more: "{{ state.x }}" } }, { x }).catch((error: unknown) => error);
        if (sent instanceof Error) {
          expect(["", ".", ".."]).toContain(x);
          return;
        }
        const { origin, pathname, searchParams, hash } = new URL((sent as Sent).url);
        expect([origin, hash]).toEqual([`${API}:8443`, ""]);
        expect(pathname.split("/").map(decodeURIComponent)).toEqual(["", "a", x.toWellFormed(), "b"]);
        const kept = x.toWellFormed();
        expect([...searchParams]).toEqual([
          ["q", kept],
          ["z", "1"],
          ["more", kept],
        ]);
      }),
    );
  });

  it("a header has its text without white space around it, or is refused", async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (x) => {
        const sent = await sentBy({ url: API, headers: { "x-a": "{{ state.x }}" } }, { x }).catch(
          (error: unknown) => error,
        );
        if (sent instanceof Error) expect(sent).toHaveProperty("code", "node_failed");
        else expect([...(sent as Sent).headers]).toEqual([["x-a", x.trim()]]);
      }),
    );
  });
});

describe("what is sent", () => {
  it("adds the query: a list repeats its name, null leaves it out", async () => {
    const query = { a: "{{ state.x }}", b: [1, "{{ state.x }}!"], c: null, d: "two words", e: true };
    const { url } = await sentBy({ url: `${API}/?z=0`, query }, { x: "1&2" });
    expect(url).toBe(`${API}/?z=0&a=1%262&b=1&b=1%262%21&d=two+words&e=true`);
  });

  it.each<[string, JsonObject, string, string]>([
    ["json", { json: { x: "{{ state.x }}", n: [1] } }, '{"x":"é","n":[1]}', "application/json"],
    ["null as json", { json: null }, "null", "application/json"],
    ["text", { text: "x is {{ state.x }}" }, "x is é", "text/plain;charset=UTF-8"],
    ["form", { form: { x: "{{ state.x }}" } }, "x=%C3%A9", "application/x-www-form-urlencoded;charset=UTF-8"],
  ])("has one body: %s", async (_, config, body, type) => {
    const sent = await sentBy({ url: API, method: "POST", ...config }, { x: "é" });
    expect([sent.method, sent.body, sent.headers.get("content-type")]).toEqual(["POST", body, type]);
  });

  it("takes headers from the document, the content type too", async () => {
    const headers = { "X-Trace": "{{ state.x }}", "Content-Type": "application/ld+json" };
    const sent = await sentBy({ url: API, method: "PUT", json: {}, headers }, { x: " t1 " });
    expect([...sent.headers]).toEqual([
      ["content-type", "application/ld+json"],
      ["idempotency-key", "run:task"],
      ["x-trace", "t1"],
    ]);
  });

  it.each([
    ["GET", null],
    ["HEAD", null],
    ["POST", "run:task"],
    ["PUT", "run:task"],
    ["PATCH", "run:task"],
    ["DELETE", "run:task"],
  ])("%s carries the idempotency key %s", async (method, key) => {
    expect((await sentBy({ url: API, method })).headers.get("idempotency-key")).toBe(key);
  });

  it.each(["a\r\nb: c", "a\nb", "a\0b", "日本"])("a header cannot become %j", async (x) => {
    await expect(sentBy({ url: API, headers: { "x-a": "{{ state.x }}" } }, { x })).rejects.toMatchObject({
      code: "node_failed",
      message: expect.not.stringContaining(x),
    });
  });

  it("keeps the query that is there, and adds nothing for an empty one", async () => {
    expect((await sentBy({ url: `${API}/?a=1%202`, query: { b: "x y" } })).url).toBe(`${API}/?a=1%202&b=x+y`);
    expect((await sentBy({ url: `${API}/a`, query: { b: null, c: [] } })).url).toBe(`${API}/a`);
  });

  it.each<[string, JsonObject]>([
    ["in the path", { url: `${API}/{{ state.x }}` }],
    ["in the query", { url: API, query: { x: "{{ state.x }}" } }],
    ["as a whole", { url: "{{ 'https://a.example/' + state.x }}" }],
  ])("an address of more than 32 Ki characters, %s, is refused", async (_, config) => {
    const failed = await sentBy(config, { x: "y".repeat(32_768) }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "node_failed", message: expect.stringContaining("more than 32768") });
  });

  it("a body of more than 8 Mi characters is refused", async () => {
    const sent = sentBy({ url: API, method: "POST", text: "{{ state.x }}!" }, { x: "x".repeat(8 * 1024 * 1024) });
    await expect(sent).rejects.toMatchObject({ code: "value_too_large", retryable: false });
  });

  it.each([{ query: { a: { b: 1 } } }, { query: { a: [[1]] } }, { form: { a: { b: 1 } }, method: "POST" }])(
    "%j is refused: its values are no texts",
    async (config) => {
      await expect(sentBy({ url: API, ...config })).rejects.toMatchObject({ code: "node_failed" });
    },
  );

  it.each<[JsonObject, string]>([
    [{ headers: { Host: "x" } }, "headers/Host"],
    [{ headers: { "content-length": "1" } }, "headers/content-length"],
    [{ headers: { "Idempotency-Key": "1" } }, "headers/Idempotency-Key"],
    [{ headers: { "proxy-authorization": "x" } }, "headers/proxy-authorization"],
    [{ headers: { "a b": "x" } }, "headers/a b"],
    [{ headers: { "x-a": "1", "X-A": "2" } }, "headers/X-A"],
    [{ json: 1 }, "json"],
    [{ method: "HEAD", text: "x" }, "text"],
    [{ method: "POST", json: 1, text: "x" }, "text"],
    [{ method: "POST", json: 1, form: {} }, "form"],
    [{ accept: ["6xx"] }, "accept/0"],
    [{ accept: [100] }, "accept/0"],
    [{ max_bytes: 8 * 1024 * 1024 + 1 }, "max_bytes"],
    [{ full: true }, "full"],
  ])("%j is refused before it runs", (config, field) => {
    expect(problemsOf({ kind: "http", url: API, ...config }).map(([, path]) => path)).toEqual([`/nodes/n/${field}`]);
  });
});

const typed =
  (body: string | null, type: string, status = 200) =>
  (): Response =>
    new Response(body, { status, headers: { "content-type": type } });

describe("what is written", () => {
  it.each<[string, () => Response, JsonObject, Json]>([
    ["JSON", jsonAnswer({ a: [1] }), {}, { a: [1] }],
    ["JSON of a named kind", typed("[1]", "application/problem+json; charset=utf-8"), {}, [1]],
    ["any other type as text", typed('{"a":1}', "text/html"), {}, '{"a":1}'],
    ["JSON without its type", typed("[1]", "text/plain"), { parse: "json" }, [1]],
    ["JSON as text", jsonAnswer([1]), { parse: "text" }, "[1]"],
    ["no body", () => new Response(null, { status: 204 }), {}, null],
    ["no body as text", () => new Response(null, { status: 204 }), { parse: "text" }, ""],
    [
      "__proto__ as a name like any other",
      typed('{"__proto__":1}', "application/json"),
      {},
      JSON.parse('{"__proto__":1}') as Json,
    ],
  ])("%s", async (_, answer, config, expected) => {
    expect(await writtenBy(answer, config)).toEqual(expected);
  });

  it("in full: status, headers without cookies, body", async () => {
    const headers = { "Content-Type": "text/plain", "Set-Cookie": "a=b", ETag: "x" };
    const answer = () => new Response("gone", { status: 404, headers });
    expect(await writtenBy(answer, { full: true, accept: [404] })).toEqual({
      status: 404,
      headers: { "content-type": "text/plain", etag: "x" },
      body: "gone",
    });
  });

  it("nothing without write, and the answer is let go", async () => {
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    const { fetch: publicFetch } = fetchAnswering(() => new Response(body));
    expect(await runOne({ kind: "http", url: API }, {}, { publicFetch })).toEqual({ writes: [] });
    expect(cancelled).toBe(true);
  });

  it.each<[string, string]>([
    ["cut off", '{"a":'],
    ["too deep", `${"[".repeat(201)}${"]".repeat(201)}`],
    ["a number beyond JSON's", "[1e999]"],
  ])("a body that is %s fails, finally", async (_, body) => {
    await expect(writtenBy(typed(body, "application/json"))).rejects.toMatchObject({
      code: "http_failed",
      retryable: false,
      record: { cause: expect.stringContaining(body.slice(0, 5)) },
    });
  });

  it("brackets within texts nest nothing", async () => {
    const value = [`"${"[".repeat(300)}`, "\\", `${"[".repeat(300)}"`];
    expect(await writtenBy(jsonAnswer(value))).toEqual(value);
  });

  it("a body of max_bytes is taken, one byte more fails and is read no further", async () => {
    let pulled = 0;
    const endless = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            pulled += 1;
            controller.enqueue(new Uint8Array(10).fill(97));
          },
        }),
      );
    expect(await writtenBy(typed("a".repeat(10), "text/plain"), { max_bytes: 10 })).toBe("a".repeat(10));
    await expect(writtenBy(endless, { max_bytes: 25 })).rejects.toMatchObject({
      code: "egress_too_large",
      retryable: false,
    });
    expect(pulled).toBeLessThan(6);
  });
});

describe("a status that is not taken", () => {
  it.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [425, true],
    [429, true],
    [500, true],
    [503, true],
  ])("%i fails; it may pass with time: %s", async (status, retryable) => {
    await expect(writtenBy(typed("why\n\nnot", "text/plain", status))).rejects.toMatchObject({
      record: { code: "http_failed", retryable, details: { status }, cause: "why not" },
    });
  });

  it.each([
    ["7", 7000],
    ["Fri, 01 Jan 2027 00:00:09 GMT", 9000],
    ["later", undefined],
  ])("Retry-After: %s is a delay of %s ms", async (header, retryAfterMs) => {
    const answer = () => new Response("", { status: 503, headers: { "retry-after": header } });
    const failed = await writtenBy(answer).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ retryable: true });
    expect((failed as EdgewiseError).record.retryAfterMs).toBe(retryAfterMs);
  });

  it("tells the first 500 characters of a long body, and nothing of what was sent", async () => {
    const headers = { authorization: "Bearer secret-1" };
    const config = { url: `${API}/secret-2?key=secret-3`, headers, method: "POST", text: "secret-4" };
    const failed: unknown = await writtenBy(typed("x".repeat(5000), "text/plain", 500), config).catch((error) => error);
    expect(failed).toHaveProperty("record.cause", "x".repeat(500));
    expect(JSON.stringify((failed as EdgewiseError).record)).not.toContain("secret");
  });

  it.each<[JsonObject, number]>([
    [{ accept: [200, 404] }, 404],
    [{ accept: ["4xx"] }, 418],
    [{}, 299],
  ])("%j takes %i", async (config, status) => {
    expect(await writtenBy(typed("fine", "text/plain", status), config)).toBe("fine");
  });

  it("2xx is not taken where the document leaves it out", async () => {
    await expect(writtenBy(jsonAnswer({}), { accept: [404] })).rejects.toMatchObject({ code: "http_failed" });
  });
});

it("a refusal of the guard passes as it is", async () => {
  const denied = failure("egress_denied", "Calling http://10.0.0.1 is denied.");
  const publicFetch = (() => Promise.reject(denied)) as unknown as typeof fetch;
  await expect(runOne({ kind: "http", url: API }, {}, { publicFetch })).rejects.toBe(denied);
});
