import { describe, expect, it } from "vitest";
import { isJson } from "./json.ts";

describe("isJson", () => {
  it.each([
    null,
    true,
    -1.5,
    "",
    "\ud800",
    [],
    [[null]],
    {},
    { a: [{ b: "c" }] },
    Object.create(null),
    JSON.parse('{"__proto__": 1}'),
  ])("%j is what its JSON text says", (value: unknown) => {
    expect(isJson(value)).toBe(true);
    expect(JSON.stringify(JSON.parse(JSON.stringify(value)))).toBe(JSON.stringify(value));
  });

  it.each([
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["a bigint", 1n],
    ["a symbol", Symbol("s")],
    ["a function", () => 1],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["an instance", new (class Own {})()],
    ["a list with undefined", [undefined]],
    ["a list with a hole", Array.from({ length: 2 }).concat(1)],
    ["an object with undefined", { a: undefined }],
    ["something deep inside", { a: [{ b: Number.POSITIVE_INFINITY }] }],
  ])("%s is not", (_, value) => {
    expect(isJson(value)).toBe(false);
  });
});
