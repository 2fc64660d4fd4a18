import { describe, expect, it } from "vitest";
import { BudgetBody, CommandBody, toBudget, toRunCommand } from "./run-command.ts";

const ID = "0123456789abcdef0123456789abcdef";
const OTHER_ID = "f".repeat(32);
const commandOf = (command: object) => toRunCommand(CommandBody.parse(command));

describe("a command", () => {
  it.each([
    [true, { value: true }],
    [false, { value: false }],
    ["", { value: "" }],
    [0, { value: 0 }],
    [[1, 2], { value: [1, 2] }],
    [{}, { value: {} }],
    [{ approved: true }, { value: { approved: true } }],
    [{ [ID]: 1 }, { byId: { [ID]: 1 } }],
    [{ [ID]: null, [OTHER_ID]: {} }, { byId: { [ID]: null, [OTHER_ID]: {} } }],
    [{ [ID]: 1, other: 2 }, { value: { [ID]: 1, other: 2 } }],
    [{ [ID.toUpperCase()]: 1 }, { value: { [ID.toUpperCase()]: 1 } }],
  ])("answers with %j: the one question, unless all keys are interrupt ids (G9)", (resume, expected) => {
    expect(commandOf({ resume })).toEqual({ resume: expected });
  });

  it("that says null for a part says nothing", () => {
    expect(commandOf({ resume: null, update: null, goto: null, by: null })).toEqual({});
  });

  it("hands a resume on as it came", () => {
    const resume: unknown = JSON.parse('{"__proto__":{"a":1}}');
    expect(commandOf({ resume }).resume).toEqual({ value: resume });
  });

  it.each([
    [{ a: 1, b: [2] }],
    [
      [
        ["a", 1],
        ["b", [2]],
      ],
    ],
  ])("updates with %j, in order", (update) => {
    expect(commandOf({ update })).toEqual({
      update: [
        ["a", 1],
        ["b", [2]],
      ],
    });
  });

  it.each([
    ["publish", [{ node: "publish" }]],
    ["__end__", []],
    [["a", "__end__"], [{ node: "a" }]],
    [
      ["a", "b"],
      [{ node: "a" }, { node: "b" }],
    ],
    [{ node: "a", input: null }, [{ node: "a", input: null }]],
    [{ lg_name: "Send", node: "a", args: { n: 1 } }, [{ node: "a", input: { n: 1 } }]],
    [
      ["a", { node: "b", input: 1 }],
      [{ node: "a" }, { node: "b", input: 1 }],
    ],
    [[], []],
  ])("goes to %j", (goto, expected) => {
    expect(commandOf({ goto })).toEqual({ goto: expected });
  });

  it.each([
    ["update", { update: 7 }],
    ["update", { update: [["a"]] }],
    ["goto", { goto: 7 }],
    ["goto", { goto: [{ input: 1 }] }],
    ["by", { by: "" }],
  ])("with a bad %s is refused there", (field, command) => {
    expect(CommandBody.safeParse(command).error?.issues[0]?.path[0]).toBe(field);
  });
});

describe("a budget (G12)", () => {
  it("is in tokens, dollars and milliseconds", () => {
    expect(toBudget(BudgetBody.parse({ tokens: 5, cost_usd: 0.5, time: "2h" }))).toEqual({
      tokens: 5,
      costUsd: 0.5,
      timeMs: 7_200_000,
    });
    expect(toBudget(BudgetBody.parse({ time: 250 }))).toEqual({ timeMs: 250 });
  });

  it.each([
    [{ tokens: "5" }, "tokens"],
    [{ tokens: 0 }, "tokens"],
    [{ tokens: 1.5 }, "tokens"],
    [{ cost_usd: -1 }, "cost_usd"],
    [{ time: "soon" }, "time"],
    [{ time: 0 }, "time"],
  ])("of %j is refused at its place", (budget, field) => {
    expect(BudgetBody.safeParse(budget).error?.issues[0]?.path).toEqual([field]);
  });

  it("of a kind that there is not is refused: it would hold nothing", () => {
    expect(BudgetBody.safeParse({ token: 5 }).success).toBe(false);
  });
});
