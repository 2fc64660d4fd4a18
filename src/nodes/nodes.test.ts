import { describe, expect, it } from "vitest";
import { z } from "zod";
import { EdgewiseError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { compileGraph } from "../graph/compile.ts";
import type { Plan, PlanNode } from "../graph/plan.ts";
import type { ChatCall, ChatEvent, ChatReply } from "../models/contract.ts";
import type { NodeContext, NodeKind, NodeResult } from "./contract.ts";
import { nodeKinds, runNode, withNodeKinds } from "./registry.ts";
import type { NodeKinds } from "./registry.ts";
import { storeInMemory } from "./testing/context.ts";

const STATE = new Map<string, Json>([
  ["question", "Why?"],
  ["facts", ["a", "b"]],
  [
    "talk",
    [{ type: "human", content: "Hi" }, { role: "assistant", content: [{ type: "text", text: "Hel" }, "lo"] }, "And?"],
  ],
]);

const REPLY: ChatReply = {
  text: "Because.",
  toolCalls: [{ id: "c1", name: "look", args: { q: 1 } }],
  finish: "stop",
  usage: { inputTokens: 3, outputTokens: 2, unit: "tokens", costUsd: 0.01 },
  model: "fake/large-2",
};

function planOf(node: Json, kinds: NodeKinds = nodeKinds): Plan {
  const channels = { question: {}, facts: {}, talk: { reducer: "messages" }, answer: {} };
  const document: Json = { edgewise: 1, id: "one", channels, nodes: { n: node }, edges: [{ from: "start", to: "n" }] };
  const result = compileGraph({ document }, kinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

function nodeOf(plan: Plan): PlanNode {
  const [node] = plan.nodes;
  if (node === undefined) throw new Error("no node");
  return node;
}

async function answered(result: ReturnType<typeof runNode>): Promise<NodeResult> {
  const settled = await result;
  if ("waitUntil" in settled) throw new Error("it waits");
  return settled;
}

interface Fake {
  readonly context: NodeContext;
  readonly said: string[];
  readonly calls: ChatCall[];
  readonly references: string[];
  readonly emitted: Json[];
}

function fake(events: readonly ChatEvent[]): Fake {
  const [said, calls, references]: [string[], ChatCall[], string[]] = [[], [], []];
  const emitted: Json[] = [];
  const context: NodeContext = {
    scope: { read: (channel) => STATE.get(channel) },
    node: "n",
    attempt: 2,
    idempotencyKey: "key",
    messageId: "message-2",
    signal: new AbortController().signal,
    fetch,
    publicFetch: fetch,
    store: storeInMemory(),
    now: 0,
    answers: [],
    expired: 0,
    since: 0,
    once: async (_, step) => step(),
    models: {
      resolve(reference) {
        references.push(reference);
        return {
          model: "large",
          provider: {
            contract: 1,
            name: "fake",
            async *chat(call, io) {
              expect(io).toEqual({ fetch, signal: context.signal });
              calls.push(call);
              yield* events;
            },
          },
        };
      },
    },
    say: (text) => said.push(text),
    emit: (value) => void emitted.push(value),
  };
  return { context, said, calls, references, emitted };
}

const SPOKEN: readonly ChatEvent[] = [
  { type: "text-delta", text: "Beca" },
  { type: "text-delta", text: "use." },
  { type: "finished", reply: REPLY },
];
const TOOLS = { options: { tools: [] } };

describe("model", () => {
  it("renders, calls, streams, and writes the text with its usage", async () => {
    const { context, said, calls, references } = fake(SPOKEN);
    const node = {
      kind: "model",
      model: "fake/large",
      system: "Facts: {{ state.facts }}",
      prompt: "{{ state.question }}",
      temperature: 0.2,
      max_tokens: 9,
      stop: ["x"],
      options: { seed: 1, tools: [] },
      write: "answer",
    };
    const result = await runNode(nodeOf(planOf(node)), context);
    expect(references).toEqual(["fake/large"]);
    expect(calls).toEqual([
      {
        model: "large",
        messages: [
          { role: "system", content: 'Facts: ["a","b"]' },
          { role: "user", content: "Why?" },
        ],
        temperature: 0.2,
        maxTokens: 9,
        stop: ["x"],
        options: { seed: 1, tools: [] },
        idempotencyKey: "key",
        attempt: 2,
      },
    ]);
    expect(said).toEqual(["Beca", "use."]);
    expect(result).toEqual({
      writes: [{ channel: "answer", value: "Because." }],
      usage: { ...REPLY.usage, model: "fake/large-2" },
      message: {
        type: "ai",
        id: "message-2",
        content: "Because.",
        tool_calls: [{ id: "c1", name: "look", args: { q: 1 }, type: "tool_call" }],
        invalid_tool_calls: [],
        additional_kwargs: {},
        response_metadata: { model: "fake/large-2", finish_reason: "stop" },
        usage_metadata: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
      },
    });
  });

  it("writes the message where the reducer is messages, and takes messages in every spelling", async () => {
    const { context, calls, references } = fake(SPOKEN);
    const result = await answered(
      runNode(nodeOf(planOf({ kind: "model", messages: "state.talk", write: "talk", ...TOOLS })), context),
    );
    expect(references).toEqual(["default"]);
    expect(calls[0]?.messages).toEqual([
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "And?" },
    ]);
    expect(result.writes).toEqual([{ channel: "talk", value: result.message }]);
  });

  it.each<[string, string]>([
    ["[1]", "messages[0] cannot be sent: it is neither a text nor a message"],
    ["[{'role': 'wizard', 'content': ''}]", 'its role "wizard" is unknown'],
    ["['a', {'content': 1}]", "messages[1] cannot be sent: its content"],
    ["[{'content': [{'type': 'image'}]}]", "other parts are not supported"],
  ])("messages %s are refused: %s", async (messages, cause) => {
    const run = async (): Promise<unknown> =>
      runNode(nodeOf(planOf({ kind: "model", messages, write: "answer" })), fake(SPOKEN).context);
    await expect(run()).rejects.toMatchObject({
      code: "node_failed",
      retryable: false,
      message: expect.stringContaining(cause),
    });
  });

  it("an answer that ends before it is finished fails, and may be tried again", async () => {
    const { context } = fake([{ type: "text-delta", text: "Beca" }]);
    const run = async (): Promise<unknown> =>
      runNode(nodeOf(planOf({ kind: "model", prompt: "x", write: "answer" })), context);
    await expect(run()).rejects.toMatchObject({ code: "model_bad_reply", retryable: true });
  });
});

describe("transform", () => {
  it("writes at once, without a promise", () => {
    const node = { kind: "transform", set: { answer: "state.question + '!'", facts: "size(state.facts)" } };
    expect(runNode(nodeOf(planOf(node)), fake([]).context)).toEqual({
      writes: [
        { channel: "answer", value: "Why?!" },
        { channel: "facts", value: 2 },
      ],
    });
  });

  it("may do nothing", () => {
    expect(runNode(nodeOf(planOf({ kind: "transform" })), fake([]).context)).toEqual({ writes: [] });
  });

  it("fails with the expression's failure", () => {
    const node = nodeOf(planOf({ kind: "transform", set: { facts: "state.answer" } }));
    expect(() => runNode(node, fake([]).context)).toThrow("state.answer is absent");
  });
});

describe("emit", () => {
  it("streams its value at once, and writes nothing", () => {
    const { context, emitted } = fake([]);
    const node = nodeOf(planOf({ kind: "emit", value: "{'asked': state.question, 'facts': size(state.facts)}" }));
    expect(runNode(node, context)).toEqual({ writes: [] });
    expect(emitted).toEqual([{ asked: "Why?", facts: 2 }]);
  });

  it("is refused without a value, and with one that names no channel", () => {
    expect(() => planOf({ kind: "emit" })).toThrow("/nodes/n");
    expect(() => planOf({ kind: "emit", value: "state.nothing" })).toThrow("/nodes/n/value");
  });
});

describe("the registry is open", () => {
  const shout: NodeKind<{ text: string }, { loud: string; channel: string }> = {
    kind: "shout",
    summary: "Shouts",
    schema: z.strictObject({ text: z.string() }),
    effect: "pure",
    compile: ({ text }, compiler) => {
      if (text === "") compiler.problem("nothing_to_shout", "The text is empty.", ["text"]);
      return { loud: text.toUpperCase(), channel: "answer" };
    },
    run: ({ loud, channel }) => ({ writes: [{ channel, value: loud }] }),
  };

  it("for a kind of one's own, which is compiled and run as the others", () => {
    const kinds = withNodeKinds(shout);
    const node = nodeOf(planOf({ kind: "shout", text: "hey" }, kinds));
    expect(runNode(node, fake([]).context, kinds)).toEqual({ writes: [{ channel: "answer", value: "HEY" }] });
    expect(() => planOf({ kind: "shout", text: "" }, kinds)).toThrow(/nothing_to_shout.*\/nodes\/n\/text/);
  });

  it("once for each name", () => {
    expect(() => withNodeKinds(shout, shout)).toThrow('two node kinds called "shout"');
  });

  it("a plan with a kind that this deployment lacks fails by name", () => {
    const node = nodeOf(planOf({ kind: "shout", text: "hey" }, withNodeKinds(shout)));
    expect(() => runNode(node, fake([]).context)).toThrow(EdgewiseError);
  });
});
