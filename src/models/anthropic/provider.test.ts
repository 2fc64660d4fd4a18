import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { chatCall, describeProvider, replyTo } from "../testing/provider-suite.ts";
import { scriptedNetwork } from "../testing/scripted-fetch.ts";
import { wireFaults } from "../testing/wire-faults.ts";
import { createAnthropic } from "./provider.ts";
import { toRequest } from "./request.ts";

const SECRET = "sk-ant-0123456789abcdef";
const headers = { "content-type": "text/event-stream; charset=utf-8" };
const fixture = (name: string) => readFileSync(`${import.meta.dirname}/__fixtures__/${name}`, "utf8");
const text = fixture("text.sse");
const provider = createAnthropic({ apiKey: SECRET });
const call = chatCall({ model: "claude-sonnet-5-5" });
const error = (message: string, type: string) => JSON.stringify({ type: "error", error: { type, message } });
const errorEvent = (type: string) =>
  `${text.slice(0, text.indexOf("event: content_block_stop"))}event: error\ndata: ${error("No.", type)}\n\n`;

describeProvider({
  name: "anthropic",
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
      wire: { headers, body: errorEvent("overloaded_error") },
      expected: { code: "model_overloaded", retryable: true },
    },
    {
      title: "an unknown error in the middle of the stream",
      call,
      wire: { headers, body: errorEvent("odd_error") },
      expected: { code: "model_bad_reply", retryable: true },
    },
    {
      title: "a stream that ends before message_stop",
      call,
      wire: { headers, body: text.slice(0, text.indexOf("event: message_stop")) },
      expected: { code: "model_bad_reply", retryable: true },
    },
    {
      title: "a tool call whose arguments are not JSON",
      call,
      wire: { headers, body: fixture("tools.sse").replace('ge\\"}', "ge") },
      expected: { code: "model_bad_reply", retryable: true },
    },
  ],
});

describe("anthropic", () => {
  it("reads text that is cut at every byte, and keeps the thinking to itself", async () => {
    const reply = await replyTo(provider, call, { headers, body: text, bytesPerChunk: 1 });
    expect(reply.text).toBe("Graphs are documents: größer als die Summe. 🧭");
  });

  it("counts all input, and prices what was read from and written to the cache as such", async () => {
    const { usage } = await replyTo(provider, call, { headers, body: text });
    expect(usage).toMatchObject({ inputTokens: 1200, outputTokens: 60, unit: "tokens" });
    expect(usage.costUsd).toBeCloseTo((200 * 2 + 900 * 0.1 + 100 * 2.5 + 60 * 10) / 1e6, 12);
  });

  it("joins the pieces of tool calls", async () => {
    const reply = await replyTo(provider, call, { headers, body: fixture("tools.sse") });
    expect(reply).toMatchObject({ finish: "tool-calls", text: "Let me look." });
    expect(reply.toolCalls).toEqual([
      { id: "toolu_1", name: "search", args: { query: "edge" } },
      { id: "toolu_2", name: "now", args: {} },
    ]);
  });

  it("asks in the Messages API's dialect, with key and idempotency key", async () => {
    const { fetch, requests } = scriptedNetwork({ headers, body: text });
    const asked = chatCall({
      model: "m",
      stop: ["END"],
      options: { top_k: 4, stream: false },
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "What time is it?" },
        { role: "assistant", content: "", toolCalls: [{ id: "t", name: "now", args: { zone: "UTC" } }] },
        { role: "tool", content: "noon", toolCallId: "t" },
      ],
    });
    for await (const _ of provider.chat(asked, { fetch, signal: new AbortController().signal }));
    expect(requests[0]?.url).toBe("https://api.anthropic.com/v1/messages");
    expect(requests[0]?.headers.get("authorization")).toBe(`Bearer ${SECRET}`);
    expect(requests[0]?.headers.get("idempotency-key")).toBe("run-1/task-1");
    expect(await requests[0]?.json()).toEqual({
      model: "m",
      max_tokens: 16_000,
      system: "Be brief.",
      messages: [
        { role: "user", content: "What time is it?" },
        { role: "assistant", content: [{ type: "tool_use", id: "t", name: "now", input: { zone: "UTC" } }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "noon" }] },
      ],
      stop_sequences: ["END"],
      top_k: 4,
      stream: true,
    });
  });

  it("asks for JSON by output_config beside what the document says there, or in words where the schema is open", () => {
    const schema = { type: "object", properties: { n: { type: "integer" } } };
    const options = { output_config: { effort: "low", format: null } };
    expect(toRequest(chatCall({ responseSchema: { name: "count", schema }, options })).output_config).toEqual({
      effort: "low",
      format: { type: "json_schema", schema: { ...schema, required: [], additionalProperties: false } },
    });
    const messages = [{ role: "system", content: "Be brief." }] as const;
    const open = toRequest(chatCall({ responseSchema: { name: "map", schema: { type: "object" } }, messages }));
    expect(open.output_config).toBeUndefined();
    expect(open.system).toMatch(/^Be brief\.\n\nAnswer with one JSON value .*:\n\{"type":"object"\}$/s);
  });
});
