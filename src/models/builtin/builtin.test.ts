import { describe, expect, it } from "vitest";
import { EdgewiseError } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";
import type { ChatCall, ChatMessage } from "../contract.ts";
import { chatCall, collect, describeProvider, replyTo, type Fault } from "../testing/provider-suite.ts";
import { scriptedNetwork } from "../testing/scripted-fetch.ts";
import { builtin } from "./builtin.ts";

const wire = {};

function scripted(turns: Json, more: Partial<ChatCall> = {}): ChatCall {
  return chatCall({ model: "scripted", options: { script: { turns } }, ...more });
}

function fault(title: string, outcome: Json, expected: Fault["expected"]): Fault {
  return { title, call: scripted([outcome]), wire, expected };
}

describe("extractive", () => {
  describeProvider({
    name: "builtin/extractive",
    structured: "refused",
    provider: builtin,
    answered: {
      call: chatCall({
        model: "extractive",
        messages: [
          { role: "user", content: '<document title="a">Graphs are documents that run.</document> Summarise.' },
        ],
      }),
      wire,
    },
    faults: [
      {
        title: "an unknown model",
        call: chatCall({ model: "x" }),
        wire,
        expected: { code: "unknown_model", retryable: false },
      },
    ],
  });
});

describe("scripted", () => {
  const bad: Fault["expected"] = { code: "model_bad_reply", retryable: true };
  const refused = (pointer: string): Fault["expected"] => ({ code: "model_refused", retryable: false, pointer });
  describeProvider({
    name: "builtin/scripted",
    structured: "as-told",
    provider: builtin,
    answered: { call: scripted([{ reply: "Graphs are documents. 🧭", delayMs: 1, firstDelayMs: 1 }]), wire },
    silent: { call: scripted([{ reply: "Graphs are documents.", delayMs: 600_000 }]), wire },
    faults: [
      fault(
        "429",
        { fault: "status", status: 429, retryAfter: 3 },
        { code: "model_rate_limited", retryable: true, retryAfterMs: 3_000 },
      ),
      fault("500", { fault: "status", status: 500 }, { code: "model_overloaded", retryable: true }),
      fault("401", { fault: "status", status: 401 }, { code: "model_auth", retryable: false }),
      fault("a timeout", { fault: "timeout", delayMs: 1 }, { code: "model_timeout", retryable: true }),
      fault("a truncated stream", { fault: "truncated", reply: "Graphs are", after: 6 }, bad),
      fault("malformed JSON", { fault: "malformed" }, bad),
      fault("a misspelt field", { replay: "Graphs" }, refused("/script/turns/0/reply")),
      fault("an unknown fault", { fault: "fire" }, refused("/script/turns/0/fault")),
      fault("a second attempt of the wrong type", [{ reply: 1 }], refused("/script/turns/0/0/reply")),
      { title: "a script without turns", call: scripted([]), wire, expected: refused("/script/turns") },
      {
        title: "a script that is none",
        call: chatCall({ model: "scripted", options: { script: "hi" } }),
        wire,
        expected: refused("/script"),
      },
    ],
  });

  const assistant: ChatMessage = { role: "assistant", content: "" };
  const user: ChatMessage = { role: "user", content: "Hello there, model." };

  it("answers by the number of assistant messages, and repeats the last turn", async () => {
    const turns = [{ reply: "first" }, { reply: "second" }];
    const texts = [[user], [user, assistant], [user, assistant, assistant]].map(
      async (messages) => (await replyTo(builtin, scripted(turns, { messages }), wire)).text,
    );
    expect(await Promise.all(texts)).toEqual(["first", "second", "second"]);
  });

  it("answers by attempt where a turn lists outcomes, and repeats the last", async () => {
    const turns = [[{ fault: "status", status: 429 }, { reply: "at last" }]];
    await expect(replyTo(builtin, scripted(turns, { attempt: 1 }), wire)).rejects.toMatchObject({
      code: "model_rate_limited",
    });
    expect((await replyTo(builtin, scripted(turns, { attempt: 2 }), wire)).text).toBe("at last");
    expect((await replyTo(builtin, scripted(turns, { attempt: 3 }), wire)).text).toBe("at last");
  });

  it("streams as many characters at a time as it is told, and never half of one", async () => {
    const { fetch } = scriptedNetwork(wire);
    const io = { fetch, signal: new AbortController().signal };
    const events = await collect(builtin.chat(scripted([{ reply: "a🧭bcd", chunk: 2 }]), io));
    expect(events.map((event) => (event.type === "text-delta" ? event.text : "."))).toEqual(["a🧭", "bc", "d", "."]);
  });

  it("shows the text before a truncation, and no reply", async () => {
    const { fetch } = scriptedNetwork(wire);
    const seen: string[] = [];
    const io = { fetch, signal: new AbortController().signal };
    const read = async () => {
      for await (const event of builtin.chat(scripted([{ fault: "truncated", reply: "Graphs", after: 3 }]), io))
        seen.push(event.type === "text-delta" ? event.text : "reply");
    };
    await expect(read()).rejects.toBeInstanceOf(EdgewiseError);
    expect(seen).toEqual(["Gra"]);
  });

  it("a timeout without a delay lasts until the call is aborted", async () => {
    const controller = new AbortController();
    const { fetch } = scriptedNetwork(wire);
    const waiting = collect(builtin.chat(scripted([{ fault: "timeout" }]), { fetch, signal: controller.signal }));
    controller.abort(new Error("cancelled"));
    await expect(waiting).rejects.toThrow("cancelled");
  });

  it("calls tools, and says what it was told to have used", async () => {
    const reply = await replyTo(
      builtin,
      scripted([
        {
          reply: "",
          toolCalls: [{ name: "search", args: { query: "edge" } }],
          usage: { inputTokens: 5, outputTokens: 6 },
        },
      ]),
      wire,
    );
    expect(reply).toMatchObject({
      finish: "tool-calls",
      toolCalls: [{ id: "call_0_0", name: "search", args: { query: "edge" } }],
      usage: { inputTokens: 5, outputTokens: 6, unit: "tokens", costUsd: 0 },
      model: "builtin/scripted",
    });
  });

  it("echoes the last user message when it has no script", async () => {
    const reply = await replyTo(builtin, chatCall({ model: "scripted", messages: [user, assistant] }), wire);
    expect(reply).toMatchObject({ text: "Hello there, model.", usage: { inputTokens: 3, outputTokens: 3 } });
  });
});
