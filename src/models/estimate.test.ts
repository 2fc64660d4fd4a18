import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtin } from "./builtin/builtin.ts";
import type { ChatCall } from "./contract.ts";
import { estimateCall } from "./estimate.ts";
import { costUsd } from "./prices.ts";
import { chatCall, replyTo } from "./testing/provider-suite.ts";

/** Tokens as counted on 2026-11-20 by the tokenizers o200k_base and cl100k_base (gpt-tokenizer 3). */
type Sample = readonly [what: string, text: string, o200k: number, cl100k: number];
const BOUNDED: readonly Sample[] = [
  [
    "English",
    "The bridge was closed on Monday. Engineers found a crack in its second pillar, and repairs will take three weeks.",
    23,
    23,
  ],
  [
    "German",
    "Die Brücke wurde am Montag gesperrt. Fachleute fanden einen Riss im zweiten Pfeiler; die Instandsetzung dauert drei Wochen.",
    30,
    38,
  ],
  [
    "Russian",
    "Мост был закрыт в понедельник. Инженеры нашли трещину во второй опоре, ремонт займёт три недели.",
    28,
    50,
  ],
  ["Arabic", "أُغلق الجسر يوم الاثنين، ووجد المهندسون شقًا في الدعامة الثانية.", 22, 46],
  ["Hindi", "पुल सोमवार को बंद कर दिया गया। इंजीनियरों को दूसरे खंभे में दरार मिली।", 23, 72],
  ["Chinese", "这座桥于星期一关闭。工程师在第二个桥墩上发现了裂缝。修复需要三周时间。", 30, 39],
  ["Japanese", "橋は月曜日に閉鎖されました。技術者たちは二番目の橋脚に亀裂を見つけました。", 32, 44],
  ["Korean", "다리는 월요일에 폐쇄되었다. 기술자들이 두 번째 교각에서 균열을 발견했다.", 25, 46],
  [
    "TypeScript",
    "export function sum(values: readonly number[]): number {\n  return values.reduce((total, value) => total + value, 0);\n}\n",
    28,
    28,
  ],
  ["compact JSON", '{"id":17,"tags":[3,1,-1],"note":null,"at":"2026-11-20T22:00:00Z","ok":true}', 37, 37],
  ["a table of numbers", "1,0.4821,571033\n2,0.1199,90412\n3,0.7350,338871\n4,0.0063,12907\n", 40, 40],
];
const UNBOUNDED: readonly Sample[] = [
  ["UUIDs", "6f1ed002-ab59-4f04-a6b1-7d2b3a5f0c11\nd3b07384-d9a0-4c1b-8f5e-2a6d9e4c7b80\n", 60, 60],
  ["base64", "q83vEjRWeJq83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8BI0Vnia", 43, 45],
];

const inputOf = (text: string, more: Partial<ChatCall> = {}): number =>
  estimateCall("openai/gpt-6.1-terra", { messages: [{ role: "user", content: text }], ...more }).inputTokens;
/** What a message costs whatever is in it. */
const AROUND = inputOf("");

describe("[F26] what a prompt may have in tokens is estimated without a tokenizer", () => {
  it.each(BOUNDED)(
    "%s: no fewer than two tokenizers count, and no more than four to one counted",
    (_, text, ...counts) => {
      const estimated = inputOf(text) - AROUND;
      expect(estimated).toBeGreaterThanOrEqual(Math.max(...counts));
      expect(estimated).toBeLessThanOrEqual(4 * Math.max(...counts));
    },
  );

  it.each(UNBOUNDED)("%s: fewer than are counted, though half of them", (_, text, ...counts) => {
    expect(inputOf(text) - AROUND).toBeLessThanOrEqual(Math.max(...counts));
    expect(inputOf(text) - AROUND).toBeGreaterThan(Math.max(...counts) / 2);
  });

  it("counts the bytes of a text as UTF-8 has them, whatever is in it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const bytes = new TextEncoder().encode(text).length;
        expect(inputOf(text) - AROUND).toBe(Math.ceil(bytes / 1.5));
      }),
    );
  });

  it("counts calls of tools, a schema and a provider's own options", () => {
    const call = { id: "call_1", name: "look", args: { at: "x".repeat(300) } };
    const asked = (message: object, more: Partial<ChatCall> = {}): number =>
      estimateCall("x/y", { messages: [{ role: "assistant", content: "", ...message }], ...more }).inputTokens;
    expect(asked({ toolCalls: [call] })).toBeGreaterThan(asked({}) + 200);
    const responseSchema = { name: "a", schema: { title: "x".repeat(300) } };
    expect(asked({}, { responseSchema })).toBeGreaterThan(asked({}) + 200);
    expect(asked({}, { options: { tools: ["x".repeat(300)] } })).toBeGreaterThan(asked({}) + 800);
  });
});

describe("[F26] the longest answer", () => {
  const output = (model: string, more: Partial<ChatCall> = {}): number =>
    estimateCall(model, { messages: [{ role: "user", content: "Hi" }], ...more }).outputTokens;

  it.each<[string, string, Partial<ChatCall>, number]>([
    ["is what the node allows", "openai/gpt-6.1-terra", { maxTokens: 100, options: { max_completion_tokens: 7 } }, 100],
    ["or its options", "openai/gpt-6.1-terra", { options: { max_completion_tokens: 70 } }, 70],
    ["or Ollama's", "ollama/llama3.2", { options: { num_predict: 60 } }, 60],
    ["or what is known of the model", "openai/gpt-6.1-terra-2026-10-26", {}, 128_000],
    ["or what a request to Anthropic asks for", "anthropic/claude-sonnet-5-5", {}, 16_000],
    ["or a usual length", "ollama/constructor", {}, 16_000],
    ["several times where several answers are asked for", "openai/x", { maxTokens: 100, options: { n: 3 } }, 300],
    ["is not what makes no sense", "openai/x", { options: { n: -3, max_tokens: "many" } }, 16_000],
  ])("%s (%s)", (_, model, more, expected) => {
    expect(output(model, more)).toBe(expected);
  });

  it("of each repair is counted, and is in the prompt of the next", () => {
    const call = { messages: [{ role: "user" as const, content: "Hi" }], maxTokens: 1000 };
    const [once, thrice] = [estimateCall("openai/x", call), estimateCall("openai/x", call, 2)];
    expect(thrice.outputTokens).toBe(3 * once.outputTokens);
    expect(thrice.inputTokens).toBeGreaterThan(3 * once.inputTokens + 3 * 1000);
  });
});

describe("[F26] the money", () => {
  it.each([
    "openai/gpt-6.1-terra",
    "openai/gpt-6.1-sol",
    "anthropic/claude-haiku-5-5-20261007",
    "anthropic/claude-opus-5-5",
  ])("of %s is no less than any use within the estimate costs", (model) => {
    const tokens = fc.nat(200_000);
    fc.assert(
      fc.property(tokens, tokens, tokens, tokens, (freshInput, cachedInput, cacheWrite, maxTokens) => {
        const content = "x".repeat(1.5 * (freshInput + cachedInput + cacheWrite));
        const bound = estimateCall(model, { messages: [{ role: "user", content }], maxTokens: maxTokens + 1 });
        const cost = costUsd(model, { freshInput, cachedInput, cacheWrite, output: maxTokens });
        expect(bound.costUsd).toBeGreaterThanOrEqual(cost ?? 0);
      }),
      { numRuns: 20 },
    );
  });

  it("is 0 where no price is known", () => {
    expect(estimateCall("ollama/llama3.2", { messages: [], maxTokens: 10 }).costUsd).toBe(0);
  });
});

describe("[F26] the built-in models", () => {
  const words = fc.array(fc.constantFrom("bridge", "Monday", "why?", "a", "crack.", "\n\n", "größer"), {
    minLength: 1,
  });

  it.each(["extractive", "scripted"])("%s never uses more than is estimated", async (model) => {
    await fc.assert(
      fc.asyncProperty(
        words,
        fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
        async (said, maxTokens) => {
          const content = said.join(" ");
          // The scripted one says what it is told, however long: a limit is the script's business.
          const limit = maxTokens === undefined || model === "scripted" ? {} : { maxTokens };
          const call = chatCall({ model, messages: [{ role: "user", content }], ...limit });
          const { usage } = await replyTo(builtin, call, new Error("no network"));
          const bound = estimateCall(`builtin/${model}`, call);
          expect(usage.inputTokens).toBeLessThanOrEqual(bound.inputTokens);
          expect(usage.outputTokens).toBeLessThanOrEqual(bound.outputTokens);
        },
      ),
    );
  });
});
