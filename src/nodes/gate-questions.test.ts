import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import type { GivenAnswer, NodeContext } from "./contract.ts";
import { problemsOf, runOne } from "./testing/one-node.ts";

const HOUR = 3_600_000;
const since = Date.UTC(2027, 0, 31, 9);
const answer = (key: string, value: Json): GivenAnswer => ({ key, by: "ada", value });

const NODE: JsonObject = {
  kind: "gate",
  deadline: "2h",
  questions: [
    { ask: "name of {{ state.x }}?", answer: { type: "string" }, write: "out" },
    { when: "answers[0] == 'Ada'", ask: { again: "{{ answers[0] }}" } },
    { ask: "{{ answers }}", write: "last" },
  ],
};
const at = (hours: number, given: Partial<NodeContext> = {}, node = NODE) =>
  runOne(node, { x: "whom", last: null }, { since, now: since + hours * HOUR, ...given });

describe("gate, questions [R8]", () => {
  it("are asked one after the other, each under a key of its own, and know the answers before them", async () => {
    const waitUntil = since + 2 * HOUR;
    expect(await at(0)).toEqual({
      waitUntil,
      ask: { key: "0", value: "name of whom?", schema: { type: "string" } },
    });
    const first = answer("0", "Ada");
    expect(await at(1, { answers: [first] })).toEqual({ waitUntil, ask: { key: "1", value: { again: "Ada" } } });
    const second = answer("1", 5);
    expect(await at(1, { answers: [first, second] })).toEqual({ waitUntil, ask: { key: "2", value: ["Ada", 5] } });
    expect(await at(1, { answers: [first, second, answer("2", null)] })).toEqual({
      writes: [
        { channel: "out", value: "Ada" },
        { channel: "last", value: null },
      ],
    });
  });

  it("that are not asked keep their places, and write nothing", async () => {
    const first = answer("0", "Eve");
    expect(await at(1, { answers: [first] })).toMatchObject({ ask: { key: "2", value: ["Eve", null] } });
  });

  it("that were answered count, whatever their condition says by then", async () => {
    const questions = [{ when: "state.x == 'else'", ask: 1, write: "out" }];
    const answers = [answer("0", "yes")];
    expect(await at(1, { answers }, { kind: "gate", questions })).toEqual({
      writes: [{ channel: "out", value: "yes" }],
    });
    expect(await at(1, {}, { kind: "gate", questions })).toEqual({ writes: [] });
  });

  it("are over with their deadline, with the answers so far", async () => {
    const expected = { record: { code: "wait_expired", details: { answers: [{ by: "ada", value: "Ada" }] } } };
    await expect(at(2, { answers: [answer("0", "Ada")] })).rejects.toMatchObject(expected);
    await expect(at(1.99, { expired: 1 })).rejects.toMatchObject({ code: "wait_expired" });
    const all = ["0", "1", "2"].map((key) => answer(key, "Ada"));
    expect(await at(3, { answers: all })).toHaveProperty("writes");
  });

  it("with a condition that is neither true nor false fail", async () => {
    const questions = [{ when: "state.x", ask: 1 }];
    await expect(at(1, {}, { kind: "gate", questions })).rejects.toMatchObject({ code: "condition_failed" });
  });

  it.each<[JsonObject, string]>([
    [{ ask: 1 }, "/ask"],
    [{ write: "out" }, "/write"],
    [{ approvers: {} }, "/approvers"],
    [{ answer: {} }, "/answer"],
    [{ questions: [] }, "/questions"],
    [{ questions: [{ ask: "{{ answer }}" }] }, "/questions/0/ask"],
    [{ questions: [{ ask: 1, when: "size(answers[0].x) > 'a'" }] }, "/questions/0/when"],
  ])("with %j are refused", (more, path) => {
    const found = problemsOf({ ...NODE, ...more }, { out: {}, last: {}, x: {} });
    expect(found.map(([, at]) => at)).toEqual([`/nodes/n${path}`]);
  });

  it("`answers` is known in questions, and nowhere else", () => {
    const elsewhere = problemsOf({ kind: "transform", set: { out: "answers[0]" } });
    expect(elsewhere).toEqual([["unknown_variable", "/nodes/n/set/out"]]);
  });
});

describe("gate, when", () => {
  const node = { kind: "gate", when: "state.x == 'whom'", ask: 1, write: "out" };

  it("asks while it holds, and else goes on at once and writes nothing", async () => {
    expect(await at(0, {}, node)).toHaveProperty("ask");
    expect(await at(0, {}, { ...node, when: "state.x != 'whom'" })).toEqual({ writes: [] });
  });

  it("has no say any more once the question has been answered", async () => {
    const given = { answers: [answer("", 7)] };
    expect(await at(1, given, { ...node, when: "false" })).toEqual({ writes: [{ channel: "out", value: 7 }] });
  });
});
