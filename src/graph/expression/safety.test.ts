import { describe, expect, it } from "vitest";
import { EdgewiseError } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";
import type { Scope } from "../plan.ts";
import { compileExpression } from "./compile.ts";
import { FUEL } from "./frame.ts";
import { createLanguage } from "./language.ts";

const LANGUAGE = createLanguage({
  channels: ["big", "text", "data"].map((name) => ({ name, reducer: "last", conflict: "error" })),
});
const BIG = Array.from({ length: 1_000 }, (_, index) => index);
const STATE = new Map<string, Json>([
  ["big", BIG],
  ["text", "a".repeat(100_000)],
  ["data", JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"plain":1}') as Json],
]);
const scope: Scope = { read: (channel) => STATE.get(channel) };

function run(source: string): Json {
  const compiled = compileExpression(source, LANGUAGE);
  expect(compiled.mistakes).toEqual([]);
  return compiled.expression.evaluate(scope);
}

const NESTED_BIND = Array.from({ length: 25 }, (_, index) => `cel.bind(v${index + 1}, v${index} + v${index}, `).join(
  "",
);

describe("[property 15] fuel", () => {
  it.each([
    ["a loop in a loop", "state.big.all(a, state.big.all(b, a + b >= 0))"],
    ["a text that doubles", `cel.bind(v0, 'aaaa', ${NESTED_BIND}size(v25)${")".repeat(26)}`],
    ["a list that doubles", `cel.bind(v0, [1, 2], ${NESTED_BIND}size(v25)${")".repeat(26)}`],
    ["a text built in a loop", "size(state.big.map(x, state.text + 'b').join())"],
    ["a pattern over a long text", "state.text.matches('(\\\\w{0,10}){0,90}!')"],
    ["a long pattern in a loop", "state.big.all(x, !state.text.matches('(a*)*b'))"],
    ["a hostile search", "state.text.contains(state.text.substring(1) + 'b')"],
    ["a replacement that grows", "size(state.text.replace('a', state.text))"],
    ["equality in a loop", "state.big.all(x, state.big == state.big.map(y, y))"],
    ["JSON text in a loop", "state.big.all(x, size(json(state.big)) > 0)"],
  ])("%s runs out of it, and no || hides that", (_, source) => {
    for (const each of [source, `(${source}) == null || true`]) {
      expect(() => run(each)).toThrow(new RegExp(`failed: it takes more than ${FUEL} steps`));
    }
  });

  it("is enough for a thousand items", () => {
    expect(run("state.big.filter(x, x % 2 == 0).map(x, {'n': x, 'text': string(x)}).size()")).toBe(500);
    expect(run("state.text.contains('b') || state.text.matches('^a+$')")).toBe(true);
  });
});

describe("a result that shares its parts", () => {
  const doubled = Array.from({ length: 25 }, (_, index) => `cel.bind(v${index + 1}, [v${index}, v${index}], `);

  it.each([
    ["a list of lists of lists", `cel.bind(v0, [1], ${doubled.join("")}v25${")".repeat(26)}`],
    ["a long list for each item", "state.big.map(x, state.big.map(y, 'a'))"],
    ["a long text for each item", "state.big.map(x, state.text)"],
    ["a long text in maps", "state.big.map(x, {'a': state.text, 'b': [state.text]})"],
  ])("%s is refused before it is written out", (_, source) => {
    expect(() => run(source)).toThrow(/larger than 16 MB|more than 100000 steps/);
  });
});

describe("nothing of the host is reachable", () => {
  it.each([
    "state.data.__proto__.polluted",
    "state.data.constructor.prototype.polluted",
    "{'__proto__': {'polluted': 1}}.polluted",
    "[1].constructor",
    "'a'.constructor",
    "state.data.plain.constructor",
    "state.data.hasOwnProperty",
    "state.data.toString",
    "state.big.length",
    "state.text.length",
    "state.data['valueOf']",
  ])("%s is data or a failure", (source) => {
    const compiled = compileExpression(source, LANGUAGE);
    if (compiled.mistakes.length === 0) {
      try {
        expect(JSON.parse(JSON.stringify(compiled.expression.evaluate(scope)))).toBe(1);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(EdgewiseError);
      }
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("a key __proto__ is a key like any other", () => {
    const value = run("{'__proto__': {'x': 1}, 'a': 2}");
    expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1},"a":2}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(run("'__proto__' in state.data && !('toString' in state.data)")).toBe(true);
    expect(run("has(state.data.__proto__) && !has(state.data.valueOf)")).toBe(true);
  });

  it.each([
    "(() => 1)()",
    "`${1}`",
    "new Date()",
    "state.data = 1",
    "async x",
    "this",
    "eval('1')",
    "import('x')",
    "[...state.big]",
    "a => a",
    "{}.x`y`",
  ])("%s is no expression", (source) => {
    expect(compileExpression(source, LANGUAGE).mistakes.length).toBeGreaterThan(0);
  });
});
