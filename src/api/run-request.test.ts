import { describe, expect, it } from "vitest";
import { isPassing, RunCreate, queriedStreamModes, refuseContinuation, toStreamModes } from "./run-request.ts";

const ID = "1ef4a9b8-0000-6000-8000-000000000001";
const parse = (body: object) => RunCreate.parse({ assistant_id: "g", ...body });

describe("a run's body", () => {
  it.each([
    [{}, true],
    [{ on_completion: null }, true],
    [{ on_completion: "delete" }, true],
    [{ on_completion: "complete" }, true],
    [{ on_completion: "keep" }, false],
    [{ on_completion: "continue" }, false],
  ])("of a run without a thread that says %j: its thread goes: %s", (body, goes) => {
    expect(isPassing(parse(body))).toBe(goes);
  });

  it.each([
    ["/command", { command: {} }],
    ["/checkpoint", { checkpoint: { checkpoint_id: ID } }],
    ["/checkpoint_id", { checkpoint_id: ID }],
    ["/config/configurable/checkpoint_id", { config: { configurable: { checkpoint_id: ID } } }],
  ])("without a thread that gives %s is refused: there is nothing to go on with", (pointer, body) => {
    expect(() => refuseContinuation(parse(body))).toThrow(
      expect.objectContaining({ record: expect.objectContaining({ code: "unsupported", pointer }) }),
    );
    expect(() => refuseContinuation(parse({ command: null, checkpoint_id: null, checkpoint: null }))).not.toThrow();
  });

  it.each([-1, 0, 1.5, 100_001, "x"])("takes no recursion_limit of %j", (limit) => {
    const parsed = RunCreate.safeParse({ assistant_id: "g", config: { recursion_limit: limit } });
    expect(parsed.error?.issues[0]?.path).toEqual(["config", "recursion_limit"]);
    expect(RunCreate.safeParse({ assistant_id: "g", config: { recursion_limit: 25 } }).success).toBe(true);
  });

  it("may hold null or empty lists, what other servers take, and any unknown field", () => {
    const harmless = {
      command: null,
      checkpoint: null,
      interrupt_before: [],
      interrupt_after: "*",
      after_seconds: 0.5,
      webhook: null,
      multitask_strategy: "rollback",
      durability: "exit",
      checkpoint_during: false,
      langsmith_tracer: { project_name: "x" },
      feedback_keys: ["good"],
      foo: 1,
    };
    expect(RunCreate.safeParse({ assistant_id: "g", ...harmless }).success).toBe(true);
  });

  it.each([
    [{ config: [] }],
    [{ metadata: "x" }],
    [{ context: 1 }],
    [{ stream_mode: 7 }],
    [{ stream_mode: [] }],
    [{ if_not_exists: "maybe" }],
    [{ interrupt_before: "approve" }],
    [{ interrupt_after: [1] }],
    [{ after_seconds: -1 }],
    [{ after_seconds: "5" }],
    [{ multitask_strategy: "queue" }],
    [{ on_completion: 1 }],
    [{ durability: "never" }],
    [{ checkpoint_during: "yes" }],
  ])("like %j does not pass the schema", (body) => {
    expect(RunCreate.safeParse({ assistant_id: "g", ...body }).success).toBe(false);
  });

  it("hands on the input as it came", () => {
    const input: unknown = JSON.parse('{"__proto__":{"a":1}}');
    expect(parse({ input }).input).toBe(input);
  });
});

describe("stream modes", () => {
  it("are `values` when none is asked for, each once otherwise", () => {
    expect(toStreamModes(undefined)).toEqual(["values"]);
    expect(toStreamModes("updates")).toEqual(["updates"]);
    expect(toStreamModes(["updates", "values", "updates"])).toEqual(["updates", "values"]);
  });
  it("that there are not are refused, naming those that there are", () => {
    expect(() => toStreamModes(["values", "debag"])).toThrow(/"debag".*values, updates, messages, messages-tuple/);
  });
  it.each([
    [
      ["values", "updates"],
      ["values", "updates"],
    ],
    [['["values","custom"]'], ["values", "custom"]],
    [["tasks"], ["tasks"]],
    [[], undefined],
  ])("in a query come as %j", (values, modes) => {
    expect(queriedStreamModes(values)).toEqual(modes);
  });
  it.each(["[", '["nope"]', "[1]", ""])("in a query as %j are refused", (value) => {
    expect(() => queriedStreamModes([value])).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});
