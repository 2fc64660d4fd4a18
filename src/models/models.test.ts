import { describe, expect, it } from "vitest";
import { EdgewiseError } from "../base/errors.ts";
import { createModels, modelOrigins, type ModelsOptions } from "./models.ts";

const openai = { apiKey: "sk-1" };
const anthropic = { apiKey: "sk-2" };
const ollama = { baseUrl: "http://127.0.0.1:11434" };

function resolved(options: ModelsOptions, reference: string): string {
  const { provider, model } = createModels(options).resolve(reference);
  return `${provider.name}/${model}`;
}

function failureOf(options: ModelsOptions, reference: string): EdgewiseError {
  try {
    resolved(options, reference);
  } catch (thrown) {
    if (thrown instanceof EdgewiseError) return thrown;
  }
  throw new Error(`${reference} was found.`);
}

describe("default", () => {
  it.each<[string, ModelsOptions, string]>([
    ["nothing is configured", {}, "builtin/extractive"],
    ["an OpenAI key is there", { openai, anthropic, ollama }, "openai/gpt-6.1-terra"],
    ["an Anthropic key is there", { anthropic, ollama }, "anthropic/claude-sonnet-5-5"],
    ["an Ollama is there", { ollama }, "ollama/llama3.2"],
    ["that Ollama has a certain model", { ollama: { ...ollama, model: "qwen3:4b" } }, "ollama/qwen3:4b"],
    ["the operator chose one", { openai, defaultModel: "builtin/scripted" }, "builtin/scripted"],
  ])("when %s", (_, options, expected) => {
    expect(resolved(options, "default")).toBe(expected);
  });

  it("that names an unusable model says so when it is used, not before", () => {
    expect(failureOf({ defaultModel: "openai/gpt-6.1-sol" }, "default").code).toBe("model_unavailable");
    expect(failureOf({ defaultModel: "default" }, "default").code).toBe("unknown_model");
  });
});

describe("a reference", () => {
  it("is cut at its first slash only", () => {
    expect(resolved({ ollama }, "ollama/hf.co/someone/model:Q4")).toBe("ollama/hf.co/someone/model:Q4");
  });

  it.each([
    "gpt-6",
    "openai",
    "openai/",
    "",
    "/x",
    "acme/model",
    "builtin/gpt",
    "builtin/",
    "Builtin/extractive",
    "builtin/toString",
  ])("%j is unknown_model, and the message lists what there is", (reference) => {
    const { record } = failureOf({ openai }, reference);
    expect(record).toMatchObject({ code: "unknown_model", retryable: false });
    expect(record.message).toContain('"builtin/extractive"');
    expect(record.message).toContain('"anthropic/<model>"');
  });

  it.each([
    ["openai/gpt-6.1-terra", "OPENAI_API_KEY"],
    ["anthropic/claude-sonnet-5-5", "ANTHROPIC_API_KEY"],
    ["ollama/llama3.2", "OLLAMA_BASE_URL"],
  ])("%s without its configuration is model_unavailable, naming %s", (reference, variable) => {
    const { record } = failureOf({}, reference);
    expect(record).toMatchObject({ code: "model_unavailable", retryable: false });
    expect(record.message).toContain(variable);
  });
});

describe("the addresses of providers", () => {
  it("are those of the configured ones, and their own where the operator moved them", () => {
    expect(modelOrigins({})).toEqual([]);
    expect(modelOrigins({ openai, anthropic })).toEqual(["https://api.openai.com/v1", "https://api.anthropic.com"]);
    expect(modelOrigins({ openai: { ...openai, baseUrl: "http://127.0.0.1:8000/v1" }, ollama })).toEqual([
      "http://127.0.0.1:8000/v1",
      "http://127.0.0.1:11434",
    ]);
  });
});
