import { afterEach, describe, expect, it } from "vitest";
import { parseGatewayFile } from "./config.ts";
import { Gateway } from "./gateway.ts";
import { makeKey } from "./keys.ts";
import {
  answers,
  type Behaviour,
  CHUNKS,
  DONE,
  pause,
  REPLY,
  startUpstream,
  type Upstream,
  until,
  USAGE_CHUNK,
} from "./testing/upstream.ts";

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

async function upstream(behave: Behaviour, models: readonly string[] = ["tiny"]): Promise<Upstream> {
  const started = await startUpstream(models, behave);
  running.push(started);
  return started;
}

interface Started {
  readonly url: string;
  readonly gateway: Gateway;
  readonly ask: (body: object, more?: RequestInit) => Promise<Response>;
}

async function gatewayTo(hosts: readonly (Upstream | string)[], more = "", slots = 4): Promise<Started> {
  const listed = hosts.map(
    (host, index) =>
      `  - { name: h${index}, url: "${typeof host === "string" ? host : host.url}", kind: openai, slots: ${slots}, models: [tiny] }`,
  );
  const text = `listen: { port: 0 }\nhosts:\n${listed.join("\n")}\n${more}`;
  const gateway = new Gateway(parseGatewayFile(text, "test.yaml", {}), {
    env: {},
    log: () => undefined,
    journalPath: ":memory:",
  });
  running.push({ close: () => gateway.stop(200) });
  const { port } = await gateway.start();
  const url = `http://127.0.0.1:${port}`;
  const ask = (body: object, init: RequestInit = {}) =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "tiny", messages: [{ role: "user", content: "hi" }], ...body }),
      ...init,
    });
  return { url, gateway, ask };
}

function usageOf({ gateway }: Started) {
  return gateway.journal.untold(100).flatMap(({ records }) => records);
}

describe("the gateway passes on", () => {
  it("bytes as they are, JSON and streams, and reads the usage on the way by (GW2, GW8)", async () => {
    const host = await upstream(answers);
    const gateway = await gatewayTo([host]);
    expect(await (await gateway.ask({})).text()).toBe(REPLY);
    const stream = await gateway.ask({ stream: true, stream_options: { include_usage: true } });
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    expect(await stream.text()).toBe([...CHUNKS, USAGE_CHUNK, DONE].join(""));
    expect(host.seen[0]?.body).toEqual({ model: "tiny", messages: [{ role: "user", content: "hi" }] });
    expect(usageOf(gateway).map(({ tokens }) => [tokens?.input, tokens?.output])).toEqual([
      [5, 1],
      [12, 3],
    ]);
  });

  it("asks for the usage that a stream's client did not ask for, and shows it to nobody (GW8)", async () => {
    const gateway = await gatewayTo([await upstream(answers)]);
    expect(await (await gateway.ask({ stream: true })).text()).toBe([...CHUNKS, DONE].join(""));
    expect(usageOf(gateway)[0]?.tokens).toMatchObject({ input: 12, output: 3 });
  });

  it("other names for models, and never the client's key", async () => {
    const host = await upstream(answers);
    const gateway = await gatewayTo([host], "aliases: { gpt: tiny }\n");
    const headers = { "content-type": "application/json", authorization: "Bearer mine", "x-api-key": "mine" };
    await (await gateway.ask({ model: "gpt" }, { headers })).text();
    expect(host.seen[0]?.body).toMatchObject({ model: "tiny" });
    expect(JSON.stringify(host.seen[0]?.headers)).not.toContain("mine");
  });

  it("what a host says of a request, such as 400, without asking another", async () => {
    const refuse: Behaviour = (response) =>
      void response.writeHead(400, { "content-type": "application/json" }).end('{"error":{}}');
    const [one, other] = [await upstream(refuse), await upstream(refuse)];
    const gateway = await gatewayTo([one, other]);
    expect((await gateway.ask({})).status).toBe(400);
    expect(one.seen.length + other.seen.length).toBe(1);
  });
});

describe("a client that leaves (GW3)", () => {
  const paced: Behaviour = async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let n = 0; n < 200 && !response.destroyed; n++) {
      response.write(CHUNKS[0]);
      await pause(10);
    }
    response.end(DONE);
  };

  it("is told to the host within 50 ms, in mid-stream and before the first byte", async () => {
    for (const behave of [paced, () => undefined] satisfies Behaviour[]) {
      const host = await upstream(behave);
      const gateway = await gatewayTo([host]);
      const leaving = new AbortController();
      const asked = gateway.ask({ stream: true }, { signal: leaving.signal }).then((response) => response.text());
      asked.catch(() => undefined);
      await until(() => host.open === 1);
      await pause(60);
      const left = performance.now();
      leaving.abort();
      await until(() => host.aborted === 1, 1_000);
      expect(performance.now() - left).toBeLessThan(500);
      await expect(asked).rejects.toThrow();
    }
  });

  it("gives its turn up while it waits, and its place when it leaves with it", async () => {
    const host = await upstream(paced);
    const gateway = await gatewayTo([host], "", 1);
    const leaving = [new AbortController(), new AbortController()];
    const asked = leaving.map(({ signal }) =>
      gateway
        .ask({ stream: true }, { signal })
        .then((response) => response.text())
        .catch(() => "left"),
    );
    await until(() => host.open === 1);
    await pause(50);
    leaving[1]?.abort();
    await pause(50);
    leaving[0]?.abort();
    expect(await Promise.all(asked)).toEqual(["left", "left"]);
    await until(() => host.open === 0);
    expect(host.seen).toHaveLength(1);
    expect((await (await gateway.ask({ stream: true })).body?.getReader().read())?.done).toBe(false);
  });
});

describe("hosts that fail (GW7)", () => {
  const failing: Behaviour = (response) => void response.writeHead(500).end("no");
  const breaking: Behaviour = (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(CHUNKS[0]);
    setTimeout(() => response.destroy(), 30);
  };

  it("before the first byte cost the client nothing", async () => {
    const good = await upstream(answers);
    const gateway = await gatewayTo([await upstream(failing), good, "http://127.0.0.1:9"]);
    const statuses = await Promise.all(Array.from({ length: 12 }, async () => (await gateway.ask({})).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(good.seen).toHaveLength(12);
  });

  it("where nobody else can answer, what the host said is passed on", async () => {
    const gateway = await gatewayTo([await upstream(failing)]);
    const response = await gateway.ask({});
    expect([response.status, await response.text()]).toEqual([500, "no"]);
  });

  it("in mid-stream are told once, typed, and nobody else's answer is added", async () => {
    const good = await upstream(answers);
    const gateway = await gatewayTo([await upstream(breaking)]);
    const text = await (await gateway.ask({ stream: true })).text();
    expect(text.startsWith(CHUNKS[0] ?? "?")).toBe(true);
    expect(text.match(/"code":"host_broke_off"/g)).toHaveLength(1);
    expect(good.seen).toHaveLength(0);
    expect(usageOf(gateway)[0]).toMatchObject({ end: "broke-off", tokens: null });
  });
});

describe("a crowd (GW6)", () => {
  const slow: Behaviour = async (response) => {
    await pause(40);
    response.writeHead(200, { "content-type": "application/json" }).end(REPLY);
  };

  it("waits for places, no host gets more than it has", async () => {
    const hosts = [await upstream(slow), await upstream(slow)];
    const gateway = await gatewayTo(hosts, "", 2);
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await gateway.ask({})).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(Math.max(...hosts.map(({ mostOpen }) => mostOpen))).toBeLessThanOrEqual(2);
  });

  it("beyond the bound is refused at once, with a time to come back at", async () => {
    const gateway = await gatewayTo([await upstream(slow)], "queue: { most: 2 }\n", 1);
    const responses = await Promise.all(Array.from({ length: 8 }, () => gateway.ask({})));
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(5);
    for (const response of refused) {
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ error: { code: "queue_full", type: "rate_limit_error" } });
    }
  });

  it("waits no longer than its patience", async () => {
    const gateway = await gatewayTo([await upstream(() => undefined)], "queue: { patience: 300ms }\n", 1);
    const first = new AbortController();
    void gateway.ask({}, { signal: first.signal }).catch(() => undefined);
    await pause(50);
    const response = await gateway.ask({});
    first.abort();
    expect([response.status, (await response.json()) as object]).toMatchObject([
      429,
      { error: { code: "wait_too_long" } },
    ]);
  });
});

describe("bad input", () => {
  it("is refused, typed, before any host sees it", async () => {
    const host = await upstream(answers);
    const { key, sha256 } = makeKey();
    const keys = `keys: [{ name: k, tenant: t, sha256: "${sha256}", models: ["ti*", "nothing"] }]\nlimits: { body_bytes: 2048 }\n`;
    const { url } = await gatewayTo([host], keys);
    const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
    const post = async (body: string, more: Record<string, string> = {}, path = "/v1/chat/completions") => {
      const response = await fetch(`${url}${path}`, { method: "POST", headers: { ...headers, ...more }, body });
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      return `${response.status} ${error.code}: ${error.message}`;
    };
    expect(await post("{}", { authorization: "Bearer other" })).toMatch(/^401 unauthorized: /);
    expect(await post("{")).toMatch(/^400 invalid_request: /);
    expect(await post("[]")).toMatch(/^400 invalid_request: /);
    expect(await post('{"model":"../../etc"}')).toMatch(/^400 invalid_request: /);
    expect(await post('{"model":"tiny","stream":"yes"}')).toMatch(/^400 invalid_request: /);
    expect(await post('{"model":"other"}')).toMatch(/^403 model_not_allowed: /);
    expect(await post('{"model":"tinny"}')).toMatch(/^404 model_not_found: .*tiny/);
    expect(await post(JSON.stringify({ model: "tiny", x: "y".repeat(5_000) }))).toMatch(/^413 body_too_large: /);
    expect(await post("x", { "content-type": "application/xml" })).toMatch(/^415 unsupported_media_type: /);
    expect(await post("{}", {}, "/v1/pull")).toMatch(/^404 not_found: /);
    expect(host.seen).toHaveLength(0);
  });
});

describe("being stopped and reloaded (GW10)", () => {
  it("lets streams that are under way end, and takes nothing new", async () => {
    const paced: Behaviour = async (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let n = 0; n < 10; n++) {
        response.write(CHUNKS[0]);
        await pause(20);
      }
      response.end(DONE);
    };
    const host = await upstream(paced);
    const { gateway, ask } = await gatewayTo([host], "", 64);
    const streams = Array.from({ length: 20 }, async () => (await ask({ stream: true })).text());
    await until(() => host.open === 20);
    const stopped = gateway.stop();
    const texts = await Promise.all(streams);
    await stopped;
    expect(new Set(texts)).toEqual(new Set([`${(CHUNKS[0] ?? "").repeat(10)}${DONE}`]));
    await expect(ask({})).rejects.toThrow();
  });

  it("another file's hosts and names count at once, without a failed request", async () => {
    const [one, other] = [await upstream(answers), await upstream(answers)];
    const { gateway, ask } = await gatewayTo([one]);
    const asking = (async () => {
      const statuses: number[] = [];
      for (let n = 0; n < 50; n++) statuses.push((await ask({})).status);
      return statuses;
    })();
    await gateway.reload(
      parseGatewayFile(`hosts: [{ name: h9, url: "${other.url}", kind: openai, models: [tiny] }]`, "test.yaml", {}),
    );
    expect(new Set(await asking)).toEqual(new Set([200]));
    expect(one.seen.length + other.seen.length).toBe(50);
    expect(other.seen.length).toBeGreaterThan(0);
  });
});

describe("what it tells of itself", () => {
  it("models, health, hosts, choices and metrics", async () => {
    const { url, ask } = await gatewayTo([await upstream(answers)], "aliases: { gpt: tiny }\n");
    await (await ask({ stream: true }, {})).text();
    const get = async (path: string) => (await fetch(`${url}${path}`)).text();
    expect(JSON.parse(await get("/v1/models"))).toMatchObject({ data: [{ id: "gpt" }, { id: "tiny" }] });
    expect(JSON.parse(await get("/healthz"))).toEqual({ ok: true });
    expect(JSON.parse(await get("/admin/hosts"))).toMatchObject({
      hosts: [{ name: "h0", outstanding: 0, state: "closed" }],
    });
    expect(JSON.parse(await get("/admin/explain?model=gpt"))).toMatchObject({ choice: { kind: "host", name: "h0" } });
    const metrics = await get("/metrics");
    expect(metrics).toContain('gateway_requests_total{model="tiny",host="h0",outcome="2xx"} 1');
    expect(metrics).toContain('gateway_tokens_total{model="tiny",host="h0",direction="output"} 3');
    expect(metrics).toMatch(/gateway_first_byte_seconds_count\{model="tiny",host="h0"\} 1/);
    const explained = await ask({}, { headers: { "content-type": "application/json", "x-gateway-explain": "true" } });
    expect([explained.headers.get("x-gateway-host"), explained.headers.get("x-gateway-why")]).toEqual([
      "h0",
      expect.stringContaining("least loaded"),
    ]);
  });
});
