import { describe, expect, it } from "vitest";
import { RunCreate, queriedStreamModes, refuseContinuation, refuseUnsupported, toStreamModes } from "./run-request.ts";

const ID = "1ef4a9b8-0000-6000-8000-000000000001";
const parse = (body: object) => RunCreate.parse({ assistant_id: "g", ...body });

describe("a run's body", () => {
  it.each([
    ["interrupt_before", ["a"]],
    ["interrupt_after", "*"],
    ["after_seconds", 5],
    ["webhook", "https://example.com"],
    ["multitask_strategy", "enqueue"],
    ["on_completion", "delete"],
  ])("that gives %s is refused, not ignored", (field, value) => {
    expect(() => refuseUnsupported(parse({ [field]: value }))).toThrow(
      expect.objectContaining({ record: expect.objectContaining({ code: "unsupported", pointer: `/${field}` }) }),
    );
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

  it("may hold null or empty lists for what is not supported, and any unknown field", () => {
    const harmless = {
      command: null,
      checkpoint: null,
      interrupt_before: [],
      multitask_strategy: "reject",
      durability: "exit",
      foo: 1,
    };
    expect(() => refuseUnsupported(parse(harmless))).not.toThrow();
  });

  it.each([
    [{ config: [] }],
    [{ metadata: "x" }],
    [{ context: 1 }],
    [{ stream_mode: 7 }],
    [{ stream_mode: [] }],
    [{ if_not_exists: "maybe" }],
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
  it("that are not offered are refused, naming those that are", () => {
    expect(() => toStreamModes(["values", "debug"])).toThrow(/"debug".*values, updates, messages-tuple, custom, tasks/);
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
    expect(() => queriedStreamModes([value])).toThrow(expect.objectContaining({ code: "unsupported" }));
  });
});
