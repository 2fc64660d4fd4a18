import { describe, expect, it } from "vitest";
import type { Json } from "../base/json.ts";
import { type Channel, REDUCERS, type ReducerName } from "../graph/channels.ts";
import { checkWrite, openFold } from "./reducers.ts";

const channel = (reducer: ReducerName): Channel => ({ name: "c", reducer, conflict: "error" });
const fold = (reducer: ReducerName, writes: readonly Json[], base?: Json) =>
  openFold(channel(reducer), base).with(writes).value();

describe("reducers", () => {
  it.each<[ReducerName, Json | undefined, readonly Json[], Json]>([
    ["last", 1, [2, 3], 3],
    ["append", ["a"], ["b", ["c", "d"], [["e"]]], ["a", "b", "c", "d", ["e"]]],
    ["append", undefined, [[]], []],
    ["merge", { a: 1, b: { c: 1 } }, [{ b: { d: 2 } }, { e: null }], { a: 1, b: { d: 2 }, e: null }],
    ["sum", undefined, [1, 2, 3.5], 6.5],
    ["min", 2, [3, 1, 2], 1],
    ["max", undefined, [-3, -1, -2], -1],
    ["union", ["b"], ["a", ["b", { x: 1, y: 2 }], { y: 2, x: 1 }], ["b", "a", { x: 1, y: 2 }]],
  ])("[R5] %s folds from %j over %j", (reducer, base, writes, expected) => {
    expect(fold(reducer, writes, base)).toEqual(expected);
  });

  it.each(REDUCERS)("[R5] %s is absent until written, or its default", (reducer) => {
    expect(fold(reducer, [])).toBeUndefined();
    const value: Json = reducer === "merge" ? { a: 1 } : ["append", "union", "messages"].includes(reducer) ? [] : 7;
    expect(openFold({ ...channel(reducer), default: value }, undefined).value()).toEqual(value);
  });

  it.each(["append", "union"] as const)(
    "[R5] two folds that grow from one %s list do not disturb each other",
    (reducer) => {
      const start = openFold(channel(reducer), ["a"]).with(["b"]);
      const [one, other] = [start.with(["c"]), start.with(["d"])];
      expect([start.value(), one.value(), other.value()]).toEqual([
        ["a", "b"],
        ["a", "b", "c"],
        ["a", "b", "d"],
      ]);
      expect(other.with(["c"]).value()).toEqual(["a", "b", "d", "c"]);
    },
  );

  it("[R5] merge keeps a key called __proto__ as a key, and pollutes nothing", () => {
    const hostile = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as Json;
    const merged = fold("merge", [{ a: 1 }, hostile]);
    expect(JSON.stringify(merged)).toBe('{"a":1,"__proto__":{"polluted":true},"constructor":1}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(JSON.stringify(fold("merge", [{ b: 2 }], merged))).toContain('"__proto__":{"polluted":true}');
  });

  it.each<[ReducerName, Json, string]>([
    ["sum", "1", 'takes a number; got "1"'],
    ["min", null, "takes a number; got null"],
    ["max", [1], "takes a number; got an array"],
    ["merge", [1], "takes an object; got an array"],
    ["messages", "hello", "takes messages"],
    ["messages", [{ type: "human" }, { id: 1, type: "ai" }], "ids are strings"],
    ["messages", { type: "remove" }, 'with their "id"'],
  ])("[R5] %s refuses %j, and changes nothing if it is written all the same", (reducer, value, text) => {
    const record = checkWrite(channel(reducer), value);
    expect(record).toMatchObject({ code: "invalid_write", retryable: false });
    expect(record?.message).toContain(text);
    expect(record?.message).toContain(`Channel "c" (reducer ${reducer})`);
    if (reducer !== "messages") expect(fold(reducer, [value])).toBeUndefined();
  });

  it.each(REDUCERS)("[R5] %s is total: any value over any other", (reducer) => {
    const values: Json[] = [
      null,
      true,
      1,
      "text",
      [],
      [1],
      {},
      { id: "a", type: "human" },
      [{ type: "remove", id: "a" }],
    ];
    for (const base of values)
      for (const value of values) expect(() => fold(reducer, [value, value], base)).not.toThrow();
  });
});
