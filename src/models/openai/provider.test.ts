import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { chatCall, describeProvider, replyTo } from "../testing/provider-suite.ts";
import { scriptedNetwork } from "../testing/scripted-fetch.ts";
import { wireFaults } from "../testing/wire-faults.ts";
import { createOpenAi } from "./provider.ts";
import { toRequest } from "./request.ts";

const SECRET = "sk-proj-0123456789abcdef";
const headers = { "content-type": "text/event-stream; charset=utf-8" };
const fixture = (name: string) => readFileSync(`${import.meta.dirname}/__fixtures__/${name}`, "utf8");
const text = fixture("text.sse");
const provider = createOpenAi({ apiKey: SECRET });
const call = chatCall({ model: "gpt-6.1-terra" });
const error = (message: string, type: string) => JSON.stringify({ error: { message, type, param: null, code: type } });
const inStream = (type: string) =>
  `${text.slice(0, text.indexOf("data: [DONE]") - 400)}\n\ndata: ${error("No.", type)}\n\n`;

describeProvider({
  name: "openai",
  provider,
  secret: SECRET,
  structured: "sent",
  answered: { call, wire: { headers, body: text } },
  silent: { call, wire: { headers, body: text.slice(0, text.indexOf('"die ')), ending: "silence" } },
  faults: [
    ...wireFaults(call, { contentType: "text/event-stream", text, error }, SECRET),
    {
      title: "an overload in the middle of the stream",
      call,
      wire: { headers, body: `data: ${error("No.", "server_error")}\n\n` },
      expected: { code: "model_overloaded", retryable: true },
    },
    {
      title: "an unknown error in the middle of the stream",
      call,
      wire: { headers, body: inStream("odd") },
      expected: { code: "model_bad_reply", retryable: true },
    },
    {
      title: "a tool call whose arguments are not JSON",
      call,
      wire: { headers, body: fixture("tools.sse").replace('edge\\"}', "edge") },
      expected: { code: "model_bad_reply", retryable: true },
    },
  ],
});

describe("openai", () => {
  it("reads text that is cut at every byte", async () => {
    const reply = await replyTo(provider, call, { headers, body: text, bytesPerChunk: 1 });
    expect(reply.text).toBe("Graphs are documents: größer als die Summe. 🧭");
  });

  it("counts tokens and prices what was read from and written to the cache as such, by the model that answered", async () => {
    const reply = await replyTo(provider, call, { headers, body: text });
    expect(reply.model).toBe("openai/gpt-6.1-terra-2026-10-26");
    expect(reply.usage).toMatchObject({ inputTokens: 1200, outputTokens: 40, unit: "tokens" });
    expect(reply.usage.costUsd).toBeCloseTo((100 * 1 + 1000 * 0.05 + 100 * 1.25 + 40 * 5) / 1e6, 12);
  });

  it("counts words, and says so, for a server that is silent about usage", async () => {
    const silent = text.replace(/data: [^\n]*"prompt_tokens"[^\n]*\n\n/, "");
    const { usage } = await replyTo(provider, call, { headers, body: silent });
    expect(usage).toEqual({ inputTokens: 2, outputTokens: 7, unit: "words", costUsd: null });
  });

  it("joins the pieces of tool calls", async () => {
    const reply = await replyTo(provider, call, { headers, body: fixture("tools.sse") });
    expect(reply.finish).toBe("tool-calls");
    expect(reply.toolCalls).toEqual([
      { id: "call_a", name: "search", args: { query: "edge" } },
      { id: "call_b", name: "now", args: {} },
    ]);
  });

  it("asks a server of one's own in chat completions' dialect, with key and idempotency key", async () => {
    const { fetch, requests } = scriptedNetwork({ headers, body: text });
    const own = createOpenAi({ apiKey: SECRET, baseUrl: "http://127.0.0.1:8000/v1" });
    const asked = chatCall({
      model: "m",
      temperature: 0.5,
      maxTokens: 9,
      stop: ["END"],
      options: { seed: 7, stream: false },
      messages: [
        { role: "system", content: "Be brief." },
        { role: "assistant", content: "", toolCalls: [{ id: "c", name: "now", args: {} }] },
        { role: "tool", content: "noon", toolCallId: "c" },
      ],
    });
    for await (const _ of own.chat(asked, { fetch, signal: new AbortController().signal }));
    expect(requests[0]?.url).toBe("http://127.0.0.1:8000/v1/chat/completions");
    expect(requests[0]?.headers.get("authorization")).toBe(`Bearer ${SECRET}`);
    expect(requests[0]?.headers.get("idempotency-key")).toBe("run-1/task-1");
    expect(await requests[0]?.json()).toEqual({
      model: "m",
      messages: [
        { role: "system", content: "Be brief." },
        {
          role: "assistant",
          content: "",
          tool_calls: [{ id: "c", type: "function", function: { name: "now", arguments: "{}" } }],
        },
        { role: "tool", content: "noon", tool_call_id: "c" },
      ],
      temperature: 0.5,
      max_completion_tokens: 9,
      stop: ["END"],
      seed: 7,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it("asks for JSON by a response format, which wins over the document's own, or in words where the root is no object", () => {
    const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    const options = { response_format: { type: "text" }, seed: 7 };
    expect(toRequest(chatCall({ responseSchema: { name: "count", schema }, options }))).toMatchObject({
      messages: [{ role: "user", content: "Say something." }],
      response_format: { type: "json_schema", json_schema: { name: "count", schema, strict: false } },
      seed: 7,
    });
    const list = toRequest(chatCall({ responseSchema: { name: "count", schema: { type: "array" } } }));
    expect(list.response_format).toBeUndefined();
    expect(list.messages[0]).toEqual({ role: "system", content: expect.stringContaining('{"type":"array"}') });
  });

  it("a refusal ends in content-filter, whatever its finish reason", async () => {
    const refusal = text.replaceAll(/"delta": \{"content": "([^"]*)"\}/g, '"delta": {"refusal": "$1"}');
    const reply = await replyTo(provider, call, { headers, body: refusal });
    expect(reply).toMatchObject({ finish: "content-filter", text: "Graphs are documents: größer als die Summe. 🧭" });
  });
});
