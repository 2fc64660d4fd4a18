import { describe, expect, it } from "vitest";
import type { Json } from "../../base/json.ts";
import { compileExpression } from "./compile.ts";
import { createLanguage } from "./language.ts";

const STATE: Readonly<Record<string, Json>> = {
  rows: [{ n: 2 }, { n: 1 }, { n: 2 }],
  user: { name: "Ada", nothing: null },
  text: "a😀b",
  long: "[".repeat(50_000),
};
const LANGUAGE = createLanguage({
  channels: ["rows", "user", "text", "long", "missing"].map((name) => ({ name, reducer: "last", conflict: "error" })),
});

function evaluate(source: string): Json {
  const { expression, mistakes } = compileExpression(source, LANGUAGE);
  expect([source, mistakes]).toEqual([source, []]);
  return expression.evaluate({ read: (name) => STATE[name] });
}

describe("lists, maps and texts", () => {
  it.each<[string, Json]>([
    ["[3, 1, 3, 2].distinct()", [3, 1, 2]],
    ["[1, '1', true, null, [1], ['1'], {'a': 1}].distinct().size()", 7],
    ["state.rows.distinct()", [{ n: 2 }, { n: 1 }]],
    ["state.rows.distinct().map(row, row.n + 1)", [3, 2]],
    ["[[1], [2, [3]], 4].flatten()", [1, 2, [3], 4]],
    ["[[1], [2, [3]]].flatten(2)", [1, 2, 3]],
    ["[[1]].flatten(0)", [[1]]],
    ["[1, 2, 3].reverse()", [3, 2, 1]],
    ["state.text.reverse()", "b😀a"],
    ["['b', 'a', 'C'].sort()", ["C", "a", "b"]],
    ["[10, 9, 1].sort()", [1, 9, 10]],
    ["[1, 2, 3].slice(1, 3)", [2, 3]],
    ["[1, 2, 3].slice(3, 3)", []],
    ["[1, 2, 3].first() + [1, 2, 3].last()", 4],
    ["range(3)", [0, 1, 2]],
    ["range(0)", []],
    ["state.text.charAt(1) + state.text.charAt(3)", "😀"],
    ["keys({'b': 1, 'a': 2})", ["b", "a"]],
    ["values({'b': 1, 'a': 'x'})", [1, "x"]],
    ["merge({'a': 1, 'b': 1}, {'b': 2})", { a: 1, b: 2 }],
    ["json(merge({'__proto__': 1}, {'b': 2}))", '{"__proto__":1,"b":2}'],
    ["getOr(state.user, 'name', 'x') + getOr(state.user, 'toString', 'x')", "Adax"],
    ["getOr(state.user, 'nothing', 1)", null],
    ['parseJson(\'{"a": [1, "x", null]}\')', { a: [1, "x", null] }],
    ["parseJson('2').n == 1 || true", true],
    ['json(parseJson(\'{"__proto__": {"x": 1}}\'))', '{"__proto__":{"x":1}}'],
    ["default(state.missing, 0) + 1", 1],
    ["default(state.missing.deep.er, [])", []],
    ["default(state.user.name, 'x')", "Ada"],
    ["default(state.user.nothing, 'x')", null],
    ["default(state.user.toString, 'none')", "none"],
    ["default(state.rows[0].n, -1) + default(state.rows[9].n, -1)", 1],
    ["default(state.user['na' + 'me'], 'x')", "Ada"],
    ["default(payload.id, 'none')", "none"],
    ["default(state.user.name, 1 / 0)", "Ada"],
    ["has(state.rows[0]) && !has(state.rows[3]) && !has(state.rows[-1])", true],
  ])("%s is %j", (source, value) => {
    expect(evaluate(source)).toStrictEqual(value);
  });

  it.each([
    ["[].first()", "first() of an empty list"],
    ["[1, 'a'].sort()", "have no order"],
    ["[{}, {}].sort()", "have no order"],
    ["[1].slice(0, 2)", "outside of a list of 1"],
    ["[1].slice(-1, 1)", "outside of a list of 1"],
    ["[1].flatten(11)", "0 to 10"],
    ["range(-1)", "0 or more"],
    ["range(1.5)", "whole number"],
    ["range(1000000)", "more than 100000 steps"],
    ["range(90000).map(x, range(90000))", "more than 100000 steps"],
    ["range(30000).sort().sort().sort()", "more than 100000 steps"],
    ["'ab'.charAt(3)", "outside of a text of 2"],
    ["merge(dyn([1]), {})", "merge() takes a map, not list"],
    ["keys(dyn('a'))", "takes a map, not string"],
    ["getOr(dyn(1), 'a', 2)", "takes a map, not number"],
    ["parseJson('{')", "is no JSON"],
    ["parseJson('undefined')", "is no JSON"],
    ["parseJson('[1e999]')", "too large"],
    ["parseJson(state.long)", "nested more than 100 deep"],
    ["default(state.missing, 1 / 0)", "division by zero"],
  ])("%s fails: %s", (source, cause) => {
    expect(() => evaluate(source)).toThrow(cause);
  });

  it.each([
    ["range('3')", "type_mismatch"],
    ["'a'.distinct()", "type_mismatch"],
    ["['a'].first() + 1", "type_mismatch"],
    ["keys([1])", "type_mismatch"],
    ["merge({}, 1)", "type_mismatch"],
    ["parseJson(1)", "type_mismatch"],
    ["'a'.charAt('b')", "type_mismatch"],
    ["default(1 + 1, 2)", "wrong_arguments"],
    ["default(state.rows)", "wrong_arguments"],
    ["default(state.nope, 1)", "unknown_channel"],
    ["default(state.missing, nope)", "unknown_variable"],
    ["[1].sorted()", "unknown_function"],
  ])("%s is refused: %s", (source, code) => {
    expect(compileExpression(source, LANGUAGE).mistakes[0]?.code).toBe(code);
  });
});
