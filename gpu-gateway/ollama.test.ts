import { afterEach, describe, expect, it } from "vitest";
import { parseGatewayFile } from "./config.ts";
import { Gateway } from "./gateway.ts";
import { type Ollama, type OllamaOptions, startOllama } from "./testing/ollama.ts";
import { until } from "./testing/upstream.ts";

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0).toReversed()) await each.close();
});

const SMALL: OllamaOptions = { models: ["a:latest", "b:latest"], holds: 1, parallel: 2, loadMs: 60, answerMs: 15 };

async function ollama(more: Partial<OllamaOptions> = {}): Promise<Ollama> {
  const started = await startOllama({ ...SMALL, ...more });
  running.push(started);
  return started;
}

async function gatewayTo(hosts: readonly Ollama[], more = "") {
  const listed = hosts.map(
    ({ url }, index) => `  - { name: h${index}, url: "${url}", kind: ollama, slots: 2, holds: 1 }`,
  );
  const file = parseGatewayFile(`listen: { port: 0 }\nhosts:\n${listed.join("\n")}\n${more}`, "test.yaml", {});
  const gateway = new Gateway(file, { env: {}, log: () => undefined, journalPath: ":memory:" });
  running.push({ close: () => gateway.stop(200) });
  const { port } = await gateway.start();
  const post = (path: string, body: object, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      ...init,
    });
  const get = async (path: string): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}${path}`)).json();
  return { gateway, post, get };
}

const HI = [{ role: "user", content: "hi" }];

describe("Ollama's own front", () => {
  it("streams what the host streams, by either name, and reads the counts (GW2, GW8)", async () => {
    const { gateway, post, get } = await gatewayTo([await ollama()]);
    const text = await (await post("/api/chat", { model: "a", messages: HI })).text();
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { done: boolean }).done),
    ).toEqual([false, false, false, true]);
    expect(gateway.journal.untold(9)[0]?.records[0]).toMatchObject({
      model: "a:latest",
      tokens: { input: 7, output: 3 },
    });
    expect(await get("/api/tags")).toMatchObject({ models: [{ name: "a:latest" }, { name: "b:latest" }] });
    expect(await get("/api/ps")).toMatchObject({ models: [{ name: "a:latest" }] });
  });

  it("tells errors as its clients read them, and keeps what manages hosts closed", async () => {
    const host = await ollama();
    const { post } = await gatewayTo([host]);
    expect(await (await post("/api/chat", { model: "nothing", messages: [] })).json()).toEqual({
      error: expect.stringMatching(/There is no model "nothing"/),
    });
    for (const path of ["/api/pull", "/api/create", "/api/delete", "/api/copy"])
      expect((await post(path, { model: "a" })).status).toBe(404);
    expect(host.seen).toEqual([]);
  });
});

describe("models on their way into memory (GW4)", () => {
  it("are loaded by a request of the gateway's own: a client that leaves does not end it", async () => {
    const host = await ollama({ loadMs: 150 });
    const { post } = await gatewayTo([host]);
    const leaving = new AbortController();
    const asked = post("/api/chat", { model: "a", messages: HI }, { signal: leaving.signal }).catch(() => "left");
    await until(() => host.seen.length === 1);
    leaving.abort();
    expect(await asked).toBe("left");
    await until(() => host.counts.loads === 1);
    expect((await post("/api/chat", { model: "a", messages: HI })).status).toBe(200);
    expect(host.counts).toEqual({ loads: 1, reloads: 0, abortedLoads: 0 });
    expect(host.seen.map(({ path }) => path)).toEqual(["/api/generate", "/api/chat"]);
  });

  it("are loaded once for all who wait, and each host keeps what it has", async () => {
    const hosts = [await ollama(), await ollama()];
    const { post } = await gatewayTo(hosts);
    const ask = async (model: string) => (await post("/api/chat", { model, messages: HI, stream: false })).status;
    const statuses = await Promise.all(Array.from({ length: 24 }, (_, n) => ask(n % 2 === 0 ? "a" : "b")));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(hosts.map(({ counts }) => counts.loads)).toEqual([1, 1]);
  });

  it("always have the options that the file pins: no client makes a host load anew", async () => {
    const host = await ollama();
    const { post } = await gatewayTo([host], 'pinned: { "a:latest": { num_ctx: 8192 } }\n');
    for (const num_ctx of [2048, 4096, 2048])
      expect((await post("/api/chat", { model: "a", messages: HI, stream: false, options: { num_ctx } })).status).toBe(
        200,
      );
    expect(host.counts.reloads).toBe(0);
  });
});
