import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { compileGraph } from "../graph/compile.ts";
import type { PlanNode } from "../graph/plan.ts";
import type { ChatCall, Models } from "../models/contract.ts";
import { createModels } from "../models/models.ts";
import type { Estimate, NodeResult } from "./contract.ts";
import { nodeKinds, runNode } from "./registry.ts";
import { contextOf } from "./testing/context.ts";

function nodeOf(fields: JsonObject): PlanNode {
  const document: JsonObject = {
    edgewise: 1,
    id: "one",
    channels: { answer: {}, talk: { reducer: "messages" }, text: {} },
    nodes: { ask: { kind: "model", write: "answer", ...fields } },
    edges: [{ from: "start", to: "ask" }],
  };
  const compiled = compileGraph({ document }, nodeKinds);
  const node = compiled.ok ? compiled.plan.nodes[0] : undefined;
  if (node === undefined) throw new Error(JSON.stringify(compiled));
  return node;
}

function estimated(node: PlanNode, state: JsonObject, models: Models): Estimate {
  const kind = nodeKinds.get(node.kind);
  if (kind === undefined || "open" in kind || kind.estimate === undefined) throw new Error("no estimate");
  return kind.estimate(node.compiled as never, { scope: contextOf(state).scope, models });
}

async function used(node: PlanNode, state: JsonObject, models: Models): Promise<number> {
  const context = contextOf(state, { models, fetch, say: () => {} });
  const { usage } = (await runNode(node, context)) as NodeResult;
  return (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
}

/** A double that thinks as long as it may: its answers are short, and are billed to the limit. Input by two bytes and a half. */
function wordyModel(answers: readonly Json[]): { readonly models: Models; readonly calls: ChatCall[] } {
  const calls: ChatCall[] = [];
  const models: Models = {
    resolve: (reference) => ({
      model: reference.slice(reference.indexOf("/") + 1),
      provider: {
        contract: 1,
        name: "fake",
        async *chat(call) {
          const text = JSON.stringify(answers[calls.length] ?? null);
          calls.push(call);
          const sent = JSON.stringify([call.messages, call.responseSchema ?? null]);
          const usage = {
            inputTokens: Math.ceil(Buffer.byteLength(sent) / 2.5),
            outputTokens: call.maxTokens ?? 0,
            unit: "tokens" as const,
            costUsd: 0,
          };
          yield { type: "finished", reply: { text, toolCalls: [], finish: "stop", usage, model: "fake/large" } };
        },
      },
    }),
  };
  return { models, calls };
}

describe("[F26] a model node's estimate", () => {
  const TEXT = "The bridge was closed on Monday. Engineers found a crack. Repairs take three weeks. ".repeat(20);

  it.each<[string, JsonObject, JsonObject]>([
    ["a prompt", { prompt: "Summarize: {{ state.text }}", system: "Be brief." }, { text: TEXT }],
    ["messages", { messages: "state.talk" }, { talk: [{ role: "user", content: `When was it closed? ${TEXT}` }] }],
    ["an answer that may be no longer", { prompt: "{{ state.text }}", max_tokens: 12 }, { text: TEXT }],
  ])("bounds what builtin/extractive uses for %s", async (_, fields, state) => {
    const models = createModels({});
    const node = nodeOf({ model: "builtin/extractive", ...fields });
    expect(await used(node, state, models)).toBeLessThanOrEqual(estimated(node, state, models).tokens);
  });

  it("grows with what the task sees", () => {
    const node = nodeOf({ prompt: "{{ state.text }}", max_tokens: 10 });
    const of = (text: string): number => estimated(node, { text }, createModels({})).tokens;
    expect(of(TEXT)).toBeGreaterThan(of("") + TEXT.length / 2);
  });

  it("bounds all the answers that may be asked for", async () => {
    const schema = { type: "object", required: ["title"], properties: { title: { type: "string" } } };
    const node = nodeOf({
      model: "fake/large",
      prompt: "{{ state.text }}",
      output: schema,
      repairs: 3,
      max_tokens: 200,
    });
    const { models, calls } = wordyModel([{ tile: "Lamp" }, {}, 7, { title: "Lamp" }]);
    const bound = estimated(node, { text: TEXT }, models).tokens;
    expect(await used(node, { text: TEXT }, models)).toBeLessThanOrEqual(bound);
    expect(calls).toHaveLength(4);
  });

  it("is of the model that default stands for, and of its price", () => {
    const models = createModels({ openai: { apiKey: "k" } });
    const { tokens, costUsd } = estimated(nodeOf({ prompt: "Hi" }), {}, models);
    expect(tokens).toBeGreaterThan(128_000);
    expect(costUsd).toBeCloseTo((128_000 * 5) / 1e6, 2);
  });

  it("fails as the task would where it cannot be made", () => {
    expect(() => estimated(nodeOf({ model: "openai/x", prompt: "Hi" }), {}, createModels({}))).toThrow(
      /cannot be called/,
    );
    const node = nodeOf({ prompt: "{{ state.text.name }}" });
    expect(() => estimated(node, { text: 1 }, createModels({}))).toThrow();
  });
});
