import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { chatCall, describeProvider, replyTo } from "../testing/provider-suite.ts";
import { scriptedNetwork } from "../testing/scripted-fetch.ts";
import { wireFaults } from "../testing/wire-faults.ts";
import { createOllama } from "./provider.ts";
import { toRequest } from "./request.ts";

const headers = { "content-type": "application/x-ndjson" };
const fixture = (name: string) => readFileSync(`${import.meta.dirname}/__fixtures__/${name}`, "utf8");
const text = fixture("text.jsonl");
const provider = createOllama({ baseUrl: "http://127.0.0.1:11434" });
const call = chatCall({ model: "llama3.2" });
const error = (message: string, type: string) => JSON.stringify({ error: `${type}: ${message}` });

describeProvider({
  name: "ollama",
  provider,
  structured: "sent",
  answered: { call, wire: { headers, body: text } },
  silent: { call, wire: { headers, body: text.slice(0, text.indexOf('"die ')), ending: "silence" } },
  faults: [
    ...wireFaults(call, { contentType: "application/x-ndjson", text, error }, "sk-0123456789"),
    {
      title: "an error in the middle of the stream",
      call,
      wire: { headers, body: `${text.slice(0, text.indexOf("\n") + 1)}${error("out of memory", "cuda")}\n` },
      expected: { code: "model_bad_reply", retryable: true, cause: "cuda: out of memory" },
    },
  ],
});

describe("ollama", () => {
  it("reads text that is cut at every byte", async () => {
    const reply = await replyTo(provider, call, { headers, body: text, bytesPerChunk: 1 });
    expect(reply.text).toBe("Graphs are documents: größer als die Summe. 🧭");
  });

  it("counts the server's tokens, and knows no price", async () => {
    const { usage } = await replyTo(provider, call, { headers, body: text });
    expect(usage).toEqual({ inputTokens: 26, outputTokens: 12, unit: "tokens", costUsd: null });
  });

  it("numbers tool calls that come without an id", async () => {
    const reply = await replyTo(provider, call, { headers, body: fixture("tools.jsonl") });
    expect(reply.finish).toBe("tool-calls");
    expect(reply.toolCalls).toEqual([
      { id: "call_0", name: "search", args: { query: "edge" } },
      { id: "call_1", name: "now", args: {} },
    ]);
  });

  it("asks the declared server, with parameters of the model apart from fields of the request", async () => {
    const { fetch, requests } = scriptedNetwork({ headers, body: text });
    const asked = chatCall({ model: "m", temperature: 0, maxTokens: 9, options: { keep_alive: "5m", top_k: 4 } });
    for await (const _ of provider.chat(asked, { fetch, signal: new AbortController().signal }));
    expect(requests[0]?.url).toBe("http://127.0.0.1:11434/api/chat");
    expect(await requests[0]?.json()).toEqual({
      model: "m",
      messages: [{ role: "user", content: "Say something." }],
      options: { temperature: 0, num_predict: 9, top_k: 4 },
      keep_alive: "5m",
      stream: true,
    });
  });

  it("asks for a context that holds a long input, unless the document says how large", () => {
    const messages = [{ role: "user", content: "word ".repeat(10_000) }] as const;
    expect(toRequest(chatCall({ messages })).options).toEqual({ num_ctx: 32_768 });
    expect(toRequest(chatCall({ messages, options: { num_ctx: 512 } })).options).toEqual({ num_ctx: 512 });
  });

  it("asks for JSON by format, which wins over the document's own, and in words, since format alone is not shown to the model", () => {
    const schema = { type: "array", items: { type: "integer" } };
    const request = toRequest(chatCall({ responseSchema: { name: "counts", schema }, options: { format: "json" } }));
    expect(request.format).toEqual(schema);
    expect(request.options).toEqual({});
    expect(request.messages).toEqual([
      { role: "system", content: expect.stringContaining(JSON.stringify(schema)) },
      { role: "user", content: "Say something." },
    ]);
  });
});
