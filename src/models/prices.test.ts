import { expect, it } from "vitest";
import { costUsd } from "./prices.ts";

const tokens = { freshInput: 1_000_000, cachedInput: 0, cacheWrite: 0, output: 1_000_000 };
const small = { ...tokens, freshInput: 100_000 };

it("a known model costs what its row says", () => {
  expect(costUsd("anthropic/claude-opus-5-5", tokens)).toBeCloseTo(24, 9);
});

it("a dated name is priced as the name it is a date of", () => {
  expect(costUsd("openai/gpt-6.1-terra-2026-10-26", small)).toBeCloseTo(5.1, 9);
  expect(costUsd("anthropic/claude-haiku-5-5-20261007", small)).toBeCloseTo(0.51, 9);
});

it("a long prompt is priced as a whole by its own row", () => {
  expect(costUsd("openai/gpt-6.1-terra", tokens)).toBeCloseTo(9.5, 9);
});

it("an unknown price is null, never zero", () => {
  expect(costUsd("openai/gpt-99", tokens)).toBeNull();
  expect(costUsd("ollama/llama3.2", tokens)).toBeNull();
  expect(costUsd("openai/gpt-6.1-sol", tokens), "the long band of this model is not known").toBeNull();
  expect(costUsd("openai/toString", tokens)).toBeNull();
  expect(costUsd("constructor", tokens)).toBeNull();
});
