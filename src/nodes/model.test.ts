import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EdgewiseError } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { compileGraph } from "../graph/compile.ts";
import type { PlanNode } from "../graph/plan.ts";
import type { ChatCall, ChatReply, Models } from "../models/contract.ts";
import { createModels } from "../models/models.ts";
import type { NodeContext, NodeResult } from "./contract.ts";
import { model } from "./model.ts";
import { nodeKinds, runNode } from "./registry.ts";
import { storeInMemory } from "./testing/context.ts";

const ITEM: JsonObject = {
  type: "object",
  properties: { title: { type: "string" }, price: { type: "number", minimum: 0 } },
  required: ["title", "price"],
  additionalProperties: false,
};
const GOOD = '{"title": "Lamp", "price": 12}';
const WRONG = '{"title": "Lamp", "price": "12"}';
const LAMP: Json = { title: "Lamp", price: 12 };

function problemsOf(fields: JsonObject): readonly { code: string; path: string; message: string }[] {
  const document: JsonObject = {
    edgewise: 1,
    id: "one",
    channels: { answer: {}, talk: { reducer: "messages" } },
    nodes: { ask: { kind: "model", write: "answer", ...fields } },
    edges: [{ from: "start", to: "ask" }],
  };
  const compiled = compileGraph({ document }, nodeKinds);
  return compiled.ok ? [] : compiled.problems;
}

function nodeOf(fields: JsonObject): PlanNode {
  const document: JsonObject = {
    edgewise: 1,
    id: "one",
    channels: { answer: {}, talk: { reducer: "messages" } },
    nodes: {
      ask: { kind: "model", write: "answer", ...("messages" in fields ? {} : { prompt: "Which?" }), ...fields },
    },
    edges: [{ from: "start", to: "ask" }],
  };
  const compiled = compileGraph({ document }, nodeKinds);
  const node = compiled.ok ? compiled.plan.nodes[0] : undefined;
  if (node === undefined) throw new Error(JSON.stringify(compiled));
  return node;
}

type Said = string | Partial<ChatReply>;

interface Conversation {
  readonly calls: readonly ChatCall[];
  readonly said: readonly string[];
  readonly result: Promise<NodeResult>;
}

/** Runs a node whose model gives these replies, one a call, and then the last one for ever. */
function converse(fields: JsonObject, replies: readonly Said[], more: Partial<NodeContext> = {}): Conversation {
  const calls: ChatCall[] = [];
  const said: string[] = [];
  const models: Models = {
    resolve: () => ({
      model: "large",
      provider: {
        contract: 1,
        name: "fake",
        async *chat(call) {
          const given = replies[Math.min(calls.length, replies.length - 1)] ?? "";
          calls.push(call);
          const reply = toReply(given);
          yield { type: "text-delta", text: reply.text };
          yield { type: "finished", reply };
        },
      },
    }),
  };
  return { calls, said, result: run(nodeOf(fields), { models, say: (text) => void said.push(text), ...more }) };
}

function toReply(said: Said): ChatReply {
  return {
    text: "",
    toolCalls: [],
    finish: "stop",
    usage: { inputTokens: 10, outputTokens: 2, unit: "tokens", costUsd: 0.5 },
    model: "fake/large-2",
    ...(typeof said === "string" ? { text: said } : said),
  };
}

async function run(node: PlanNode, more: Partial<NodeContext>): Promise<NodeResult> {
  const context: NodeContext = {
    scope: { read: () => undefined },
    node: "ask",
    attempt: 1,
    idempotencyKey: "key",
    messageId: "message",
    signal: new AbortController().signal,
    fetch,
    publicFetch: fetch,
    store: storeInMemory(),
    now: 0,
    answers: [],
    expired: 0,
    since: 0,
    once: async (_, step) => step(),
    models: createModels({}),
    say: () => undefined,
    emit: () => undefined,
    ...more,
  };
  const result = await runNode(node, context);
  if ("waitUntil" in result) throw new Error("it waits");
  return result;
}

describe("a model node with output", () => {
  it("asks with the schema, and writes the value that fits at once", async () => {
    const { calls, said, result } = converse({ output: ITEM }, [GOOD]);
    expect(await result).toMatchObject({
      writes: [{ channel: "answer", value: LAMP }],
      message: { id: "message", content: GOOD },
      usage: { inputTokens: 10, outputTokens: 2, unit: "tokens", costUsd: 0.5, model: "fake/large-2" },
    });
    expect(calls.map(({ responseSchema, idempotencyKey }) => [responseSchema, idempotencyKey])).toEqual([
      [{ name: "ask", schema: ITEM }, "key"],
    ]);
    expect(said).toEqual([GOOD]);
  });

  it("takes JSON out of a code fence", async () => {
    const { result } = converse({ output: ITEM }, [`Here you are:\n\`\`\`json\n${GOOD}\n\`\`\``]);
    expect((await result).writes).toEqual([{ channel: "answer", value: LAMP }]);
  });

  it("writes the message, text and all, to a channel of messages", async () => {
    const { result } = converse({ output: ITEM, write: "talk" }, [GOOD]);
    const { writes, message } = await result;
    expect(writes).toEqual([{ channel: "talk", value: message }]);
    expect(message?.content).toBe(GOOD);
  });

  it("asks again with the answer and its fault, under a key of its own, and sums what all calls used", async () => {
    const { calls, result } = converse({ output: ITEM, system: "Be exact." }, [WRONG, "Sorry!", GOOD]);
    const { writes, usage } = await result;
    expect(writes).toEqual([{ channel: "answer", value: LAMP }]);
    expect(usage).toEqual({ inputTokens: 30, outputTokens: 6, unit: "tokens", costUsd: 1.5, model: "fake/large-2" });
    expect(calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual(["key", "key:repair-1", "key:repair-2"]);
    expect(calls.map(({ responseSchema }) => responseSchema?.schema)).toEqual([ITEM, ITEM, ITEM]);
    expect(calls.at(-1)?.messages).toEqual([
      { role: "system", content: "Be exact." },
      { role: "user", content: "Which?" },
      { role: "assistant", content: WRONG },
      { role: "user", content: expect.stringMatching(/^This answer cannot be used: at \/price: .*"minimum":0/s) },
      { role: "assistant", content: "Sorry!" },
      { role: "user", content: expect.stringContaining("it is not JSON") },
    ]);
  });

  it("streams the first answer alone; a repaired one is a message of its own", async () => {
    const { said, result } = converse({ output: ITEM }, [WRONG, GOOD]);
    expect((await result).message).toMatchObject({ id: "message:repair-1", content: GOOD });
    expect(said).toEqual([WRONG]);
  });

  it("never sends an empty message back", async () => {
    const { calls, result } = converse({ output: ITEM }, [" ", GOOD]);
    await result;
    expect(calls[1]?.messages[1]).toEqual({ role: "assistant", content: "(nothing)" });
  });

  it("names no price where one call has none, and words where one counts them", async () => {
    const usage = { inputTokens: 4, outputTokens: 1, unit: "words", costUsd: null } as const;
    const { result } = converse({ output: ITEM }, [{ text: WRONG, usage }, GOOD]);
    expect((await result).usage).toMatchObject({ inputTokens: 14, outputTokens: 3, unit: "words", costUsd: null });
  });

  it.each([
    [undefined, 3],
    [0, 1],
    [5, 6],
  ])("with repairs %s it gives up after %s answers, for good, and says what they cost", async (repairs, count) => {
    const { calls, result } = converse({ output: ITEM, ...(repairs === undefined ? {} : { repairs }) }, [WRONG]);
    await expect(result).rejects.toMatchObject({
      record: {
        code: "model_bad_reply",
        retryable: false,
        cause: expect.stringMatching(/^at \/price: /),
        details: { calls: count, usage: { inputTokens: 10 * count, costUsd: 0.5 * count } },
      },
    });
    expect(calls).toHaveLength(count);
  });

  it.each<[string, Said, string]>([
    ["cut off", { text: '{"title": "La', finish: "length" }, "raise the node's `max_tokens`"],
    ["cut off within a number", { text: "12", finish: "length" }, "raise the node's `max_tokens`"],
    ["cut off before it began", { text: "", finish: "length" }, "raise the node's `max_tokens`"],
    ["declined", { text: "I cannot.", finish: "content-filter" }, "declined to answer"],
  ])("asks no second time for an answer that was %s", async (_, said, message) => {
    const { calls, result } = converse({ output: {} }, [said, GOOD]);
    await expect(result).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining(message),
      record: { details: { calls: 1 } },
    });
    expect(calls).toHaveLength(1);
  });

  it("takes an answer that reached the limit with its last brace", async () => {
    const { result } = converse({ output: ITEM }, [{ text: GOOD, finish: "length" }]);
    expect((await result).writes[0]?.value).toEqual(LAMP);
  });

  it("writes a value that fits or fails with a typed error, whatever the model says", async () => {
    const said = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.constantFrom(GOOD, WRONG, '{"title":"__proto__","price":1e999}', `\`\`\`\n${GOOD}`, "[".repeat(5_000)),
    );
    const finish = fc.constantFrom<ChatReply["finish"]>("stop", "length", "tool-calls", "content-filter");
    const replies = fc.array(fc.record({ text: said, finish }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(replies, async (given) => {
        const { calls, result } = converse({ output: ITEM }, given);
        const ended = await result.catch((thrown: unknown) => thrown);
        expect(calls.length).toBeLessThanOrEqual(3);
        if (ended instanceof EdgewiseError) {
          expect(["model_bad_reply", "model_refused"]).toContain(ended.code);
          return;
        }
        const [write] = (ended as NodeResult).writes;
        expect(write?.value).toEqual({ title: expect.any(String), price: expect.any(Number) });
        expect(Object.keys(write?.value as object).toSorted()).toEqual(["price", "title"]);
      }),
    );
  });
});

describe("a model node's socket", () => {
  const event = (content: string, more: JsonObject = {}) =>
    `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason: null, ...more }] })}\n\n`;
  const headers = { "content-type": "text/event-stream" };

  it.each([0, 1, 2])("is closed at once by an abort during call %s", async (which) => {
    const controller = new AbortController();
    const reason = new DOMException("The run was cancelled.", "AbortError");
    const signals: AbortSignal[] = [];
    const outgoing: typeof fetch = async (_, init) => {
      signals.push(init?.signal ?? AbortSignal.abort());
      if (signals.length <= which) return new Response(event(WRONG, { finish_reason: "stop" }), { headers });
      // an answer that begins and does not go on
      const body = new ReadableStream({
        start(stream) {
          stream.enqueue(new TextEncoder().encode(event("{")));
          init?.signal?.addEventListener("abort", () => stream.error(init.signal?.reason));
        },
      });
      queueMicrotask(() => controller.abort(reason));
      return new Response(body, { headers });
    };
    const models = createModels({ openai: { apiKey: "sk-0" } });
    const node = nodeOf({ model: "openai/gpt-6.1-terra", output: ITEM });
    await expect(run(node, { models, fetch: outgoing, signal: controller.signal })).rejects.toBe(reason);
    expect(signals.map(({ aborted }) => aborted).at(-1)).toBe(true);
    expect(signals).toHaveLength(which + 1);
  });
});

describe("a model node and tools", () => {
  const called: Said = { toolCalls: [{ id: "c", name: "search", args: {} }], finish: "tool-calls" };

  it("fails, to be tried again, when the model calls a tool that nobody offered", async () => {
    await expect(converse({}, [called]).result).rejects.toMatchObject({
      code: "model_bad_reply",
      retryable: true,
      message: expect.stringContaining('called "search", but this node offers no tools'),
    });
  });

  it("hands on calls of tools that its options offer", async () => {
    const { message } = await converse({ options: { tools: [] } }, [called]).result;
    expect(message?.tool_calls).toMatchObject([{ name: "search" }]);
  });

  it("takes no call for an answer in JSON", async () => {
    await expect(converse({ output: ITEM, options: { tools: [] } }, [called]).result).rejects.toMatchObject({
      code: "model_bad_reply",
      retryable: false,
    });
  });
});

describe("a model node with messages", () => {
  it("is not called about nothing", async () => {
    const { calls, result } = converse({ messages: "[]" }, ["?"]);
    await expect(result).rejects.toMatchObject({
      code: "node_failed",
      message: expect.stringContaining("an empty list"),
    });
    expect(calls).toEqual([]);
  });
});

describe("a model node is refused", () => {
  it.each<[string, JsonObject, string, string]>([
    ["without anything to ask", {}, "/nodes/ask", "prompt, a template, or messages"],
    ["with both", { prompt: "x", messages: "[]" }, "/nodes/ask/messages", "either prompt or messages"],
    ["with repairs of nothing", { prompt: "x", repairs: 1 }, "/nodes/ask/repairs", "add output"],
    ["with endless repairs", { prompt: "x", output: {}, repairs: 6 }, "/nodes/ask/repairs", "at most 5"],
    ["with an output that is no schema", { prompt: "x", output: { type: "text" } }, "/nodes/ask/output/type", ""],
    ["with an output that is a text", { prompt: "x", output: "json" }, "/nodes/ask/output", "a mapping"],
    ["with a mistake in its template", { prompt: "{{ state.nothing }}" }, "/nodes/ask/prompt", "nothing"],
    ["with a model that cannot", { prompt: "x", output: {}, model: "builtin/extractive" }, "/nodes/ask/model", "JSON"],
  ])("%s", (_, fields, path, message) => {
    expect(problemsOf(fields)).toContainEqual(
      expect.objectContaining({ severity: "error", path, message: expect.stringContaining(message) }),
    );
  });
});

describe("the models that need no key", () => {
  it("run the example", async () => {
    const compiled = compileGraph({ text: model.example ?? "", type: "yaml" }, nodeKinds);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    expect(compiled.warnings).toEqual([]);
    const [node] = compiled.plan.nodes;
    const report = compiled.plan.channels.find(({ name }) => name === "report")?.default;
    if (node === undefined) throw new Error("no node");
    const { writes } = await run(node, { scope: { read: (name) => (name === "report" ? report : undefined) } });
    expect(writes).toEqual([{ channel: "answer", value: expect.stringContaining("The bridge was closed on Monday.") }]);
  });

  it("are repaired: a scripted one takes a turn for each answer", async () => {
    const options = { script: { turns: [{ reply: WRONG }, { reply: GOOD }] } };
    const { writes } = await run(nodeOf({ model: "builtin/scripted", output: ITEM, options }), {});
    expect(writes).toEqual([{ channel: "answer", value: LAMP }]);
  });

  it("refuse what they cannot do, when default turns out to be one that only quotes", async () => {
    await expect(run(nodeOf({ output: ITEM }), {})).rejects.toMatchObject({ code: "model_refused", retryable: false });
  });
});
