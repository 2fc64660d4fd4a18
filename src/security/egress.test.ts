import { describe, expect, it } from "vitest";
import { EdgewiseError } from "../base/errors.ts";
import { createEgress, type EgressOptions } from "./egress.ts";

interface Seen {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A network that answers what `reply` says, and remembers what it was asked. */
function network(reply: (seen: Seen, signal: AbortSignal | undefined) => Response | Promise<Response>) {
  const seen: Seen[] = [];
  const fetch: EgressOptions["fetch"] = async (input, init) => {
    const request = {
      url: new Request(input).url,
      method: init?.method ?? "GET",
      headers: new Headers(init?.headers),
      body: init?.body,
    };
    seen.push(request);
    return reply(request, init?.signal ?? undefined);
  };
  return { seen, fetch };
}

function open(reply: Parameters<typeof network>[0], more: Partial<EgressOptions> = {}) {
  const { seen, fetch } = network(reply);
  return {
    seen,
    egress: createEgress({
      fetch,
      declaredOrigins: ["http://127.0.0.1:11434/api", "https://api.example.com"],
      ...more,
    }),
  };
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return thrown instanceof EdgewiseError ? `${thrown.code}${thrown.retryable ? " retryable" : ""}` : thrown;
}

function redirect(status: number, location: string): Response {
  return new Response(null, { status, headers: { location } });
}

/** A body that sends one piece and then nothing, ever. */
function silent(): Response {
  return new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([1])) }));
}

const never = () => new Promise<Response>(() => {});

describe("declared origins", () => {
  it("may be private and without TLS", async () => {
    const { egress } = open(() => new Response("pong"));
    const response = await egress.declared("http://127.0.0.1:11434/api/chat");
    expect(await response.text()).toBe("pong");
    expect(response.url).toBe("http://127.0.0.1:11434/api/chat");
  });

  it.each([
    "http://127.0.0.1:11435/",
    "https://127.0.0.1:11434/",
    "https://api.example.com.evil.com/",
    "https://u@api.example.com/",
    "https://example.org/",
  ])("%s is none of them, and is denied before anything is sent", async (address) => {
    const { egress, seen } = open(() => new Response("no"));
    expect(await codeOf(egress.declared(address))).toBe("egress_denied");
    expect(seen).toEqual([]);
  });

  it("that are no origins are refused when the deployment starts", () => {
    expect(() => open(never, { declaredOrigins: ["ftp://example.com"] })).toThrow(/not an origin/);
  });

  it("do not become open to documents by being declared", async () => {
    const { egress, seen } = open(() => new Response("no"));
    expect(await codeOf(egress.public("http://127.0.0.1:11434/"))).toBe("egress_denied");
    expect(seen).toEqual([]);
  });
});

describe("redirects", () => {
  it("are judged hop by hop", async () => {
    const { egress, seen } = open(({ url }) =>
      url.endsWith("/a") ? redirect(302, "https://169.254.169.254/latest") : new Response("secret"),
    );
    expect(await codeOf(egress.public("https://example.com/a"))).toBe("egress_denied");
    expect(seen).toHaveLength(1);
  });

  it("end after five", async () => {
    const { egress, seen } = open(({ url }) => redirect(302, `${url}x`));
    expect(await codeOf(egress.public("https://example.com/"))).toBe("egress_denied");
    expect(seen).toHaveLength(6);
  });

  it("never lead from https to http", async () => {
    const reply = ({ url }: Seen) =>
      url.startsWith("https:") ? redirect(302, "http://example.com/") : new Response("plain");
    const { egress, seen } = open(reply, { allowPublicHttp: true });
    expect(await codeOf(egress.public("https://example.com/"))).toBe("egress_denied");
    expect(seen).toHaveLength(1);
  });

  it("keep keys from another origin, for good", async () => {
    const hops = ["https://b.example.org/", "https://a.example.org/back"];
    const { egress, seen } = open(() => (hops.length > 0 ? redirect(307, hops.shift() ?? "") : new Response("done")));
    const headers = { authorization: "Bearer key", "x-api-key": "key", cookie: "a=b", accept: "text/html" };
    await egress.public("https://a.example.org/", { headers });
    expect(seen.map((request) => [...request.headers.keys()].join())).toEqual([
      "accept,authorization,cookie,x-api-key",
      "accept",
      "accept",
    ]);
  });

  it("within one origin keep them", async () => {
    const { egress, seen } = open(({ url }) => (url.endsWith("/a") ? redirect(307, "/b") : new Response("done")));
    await egress.public("https://example.com/a", { headers: { authorization: "Bearer key" } });
    expect(seen[1]?.headers.get("authorization")).toBe("Bearer key");
  });

  it.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [301, "PUT", "PUT"],
    [307, "POST", "POST"],
    [308, "DELETE", "DELETE"],
  ])("with status %i turn %s into %s, as the Fetch standard says", async (status, from, to) => {
    const { egress, seen } = open(({ url }) => (url.endsWith("/a") ? redirect(status, "/b") : new Response("done")));
    const body = from === "HEAD" ? null : "body";
    await egress.public("https://example.com/a", { method: from, body, headers: { "content-type": "text/plain" } });
    expect(seen[1]).toMatchObject({ method: to, body: to === "GET" || to === "HEAD" ? null : "body" });
    expect(seen[1]?.headers.has("content-type")).toBe(to !== "GET");
  });
});

describe("size and time", () => {
  it("a body larger than the limit ends with egress_too_large while it streams", async () => {
    const { egress } = open(() => new Response("x".repeat(2_000)), { publicLimits: { maxBytes: 1_000 } });
    const response = await egress.public("https://example.com/");
    expect(await codeOf(response.text())).toBe("egress_too_large");
  });

  it("a body that announces too much is not read at all", async () => {
    const { egress } = open(() => new Response("x", { headers: { "content-length": "1001" } }), {
      publicLimits: { maxBytes: 1_000 },
    });
    expect(await codeOf(egress.public("https://example.com/"))).toBe("egress_too_large");
  });

  it("a body of exactly the limit passes", async () => {
    const { egress } = open(() => new Response("x".repeat(1_000)), { publicLimits: { maxBytes: 1_000 } });
    const response = await egress.public("https://example.com/");
    expect(await response.text()).toHaveLength(1_000);
  });

  it("a host that never answers ends with egress_timeout", async () => {
    const { egress } = open(never, { publicLimits: { firstByteMs: 5 } });
    expect(await codeOf(egress.public("https://example.com/"))).toBe("egress_timeout retryable");
  });

  it("a body that falls silent ends with egress_timeout", async () => {
    const { egress } = open(silent, { publicLimits: { idleMs: 5 } });
    const response = await egress.public("https://example.com/");
    expect(await codeOf(response.text())).toBe("egress_timeout retryable");
  });

  it("a body that drips for ever ends with egress_timeout", async () => {
    const drip = () =>
      new Response(
        new ReadableStream({
          pull: async (controller) => {
            await new Promise((resolve) => setTimeout(resolve, 1));
            controller.enqueue(new Uint8Array([1]));
          },
        }),
      );
    const { egress } = open(drip, { publicLimits: { totalMs: 20 } });
    const response = await egress.public("https://example.com/");
    expect(await codeOf(response.text())).toBe("egress_timeout retryable");
  });
});

describe("failures", () => {
  it("whatever the platform throws is egress_failed", async () => {
    const { egress } = open(() => Promise.reject(new Error("internal error; reference = abc")));
    expect(await codeOf(egress.public("https://example.com/"))).toBe("egress_failed retryable");
  });

  it("a body that breaks off is egress_failed", async () => {
    const broken = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(new TypeError("terminated")) }));
    const { egress } = open(broken);
    const response = await egress.public("https://example.com/");
    expect(await codeOf(response.text())).toBe("egress_failed retryable");
  });

  it("the caller's abort comes back as its own reason, before and after the answer began", async () => {
    const reason = new DOMException("enough", "AbortError");
    const controller = new AbortController();
    const { egress } = open(({ url }) => (url.endsWith("/never") ? never() : silent()));
    const { signal } = controller;
    const response = await egress.public("https://example.com/silent", { signal });
    const pending = [codeOf(egress.public("https://example.com/never", { signal })), codeOf(response.text())];
    controller.abort(reason);
    expect(await Promise.all(pending)).toEqual([reason, reason]);
    expect(await codeOf(egress.public("https://example.com/late", { signal }))).toBe(reason);
  });

  it("an abort reaches the socket", async () => {
    const controller = new AbortController();
    const aborted = new Promise<string>((resolve) => {
      const { egress } = open((_, signal) => {
        signal?.addEventListener("abort", () => resolve("closed"));
        controller.abort();
        return never();
      });
      egress.public("https://example.com/", { signal: controller.signal }).catch(() => {});
    });
    expect(await aborted).toBe("closed");
  });

  it("denials name the host and not the path, which may hold a secret", async () => {
    const { egress } = open(() => new Response("no"));
    const thrown: unknown = await egress.public("https://10.0.0.1/token/abc").catch((reason: unknown) => reason);
    expect(String(thrown)).toContain("https://10.0.0.1 is denied");
    expect(String(thrown)).not.toContain("abc");
  });
});

describe("requests", () => {
  it("may come as a Request, body included", async () => {
    const { egress, seen } = open(() => new Response("ok"));
    await egress.public(
      new Request("https://example.com/", { method: "POST", body: "hello", headers: { "x-a": "b" } }),
    );
    expect(seen[0]?.method).toBe("POST");
    expect(seen[0]?.headers.get("x-a")).toBe("b");
    expect(seen[0]?.body instanceof ArrayBuffer && new TextDecoder().decode(seen[0].body)).toBe("hello");
  });
});
