import { expect, it } from "vitest";
import { readConfig } from "./config.ts";

const bindings = {
  THREADS: { idFromName: () => undefined },
  SCHEDULER: { idFromName: () => undefined },
  DB: { prepare: () => undefined },
};
const faultsOf = (env: object): string => {
  try {
    readConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("The configuration was taken.");
};

it("nothing but the bindings is needed", () => {
  expect(readConfig({ ...bindings })).toMatchObject({
    models: {},
    open: false,
    testing: false,
    declaredOrigins: [],
  });
  expect(readConfig({ ...bindings, EDGEWISE_TEST: "1" }).testing).toBe(true);
  expect(faultsOf({ ...bindings, EDGEWISE_TEST: "yes" })).toContain('EDGEWISE_TEST must be "1", "0" or absent');
});

it("an empty variable is an absent one", () => {
  expect(readConfig({ ...bindings, OPENAI_API_KEY: "", EDGEWISE_OPEN: "", EDGEWISE_MODEL: "" }).models).toEqual({});
});

it("providers come as the models take them", () => {
  const env = {
    ...bindings,
    OPENAI_API_KEY: "k",
    OPENAI_BASE_URL: "https://example.com/v1",
    ANTHROPIC_BASE_URL: "https://unused.example",
    OLLAMA_BASE_URL: "http://127.0.0.1:11434",
    EDGEWISE_MODEL: "ollama/llama3.2",
    EDGEWISE_DECLARED_ORIGINS: "http://10.0.0.1:8080, https://gateway.internal/",
  };
  expect(readConfig(env)).toMatchObject({
    models: {
      openai: { apiKey: "k", baseUrl: "https://example.com/v1" },
      ollama: { baseUrl: "http://127.0.0.1:11434" },
      defaultModel: "ollama/llama3.2",
    },
    declaredOrigins: ["http://10.0.0.1:8080", "https://gateway.internal"],
  });
});

it("every fault is named at once, and no secret's value", () => {
  const faults = faultsOf({
    OPENAI_API_KEY: 12345,
    OPENAI_BASE_URL: "ftp://x",
    EDGEWISE_MODEL: "no-slash",
    EDGEWISE_OPEN: "yes",
    EDGEWISE_OPEN_NONCE: "short-secret",
  });
  for (const name of [
    "THREADS",
    "SCHEDULER must be bound to the Durable Object class Scheduler",
    "DB",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "EDGEWISE_MODEL",
    "EDGEWISE_OPEN ",
    "EDGEWISE_OPEN_NONCE",
  ]) {
    expect(faults).toContain(name);
  }
  expect(faults).not.toMatch(/12345|short-secret/);
});

it.each(["", "abc", "z".repeat(40)])("an open server without a proper nonce (%j) is a fault", (nonce) => {
  expect(faultsOf({ ...bindings, EDGEWISE_OPEN: "1", EDGEWISE_OPEN_NONCE: nonce })).toContain("EDGEWISE_OPEN");
});

it("an open server with a nonce is open", () => {
  expect(readConfig({ ...bindings, EDGEWISE_OPEN: "1", EDGEWISE_OPEN_NONCE: "0f".repeat(16) }).open).toBe(true);
});

it.each(["nonsense", "https://a.example/path", "https://user@a.example", "file:///x", "https://a.example?x"])(
  "%j is no origin to declare",
  (origin) => {
    expect(faultsOf({ ...bindings, EDGEWISE_DECLARED_ORIGINS: `https://ok.example,${origin}` })).toContain("no origin");
  },
);
