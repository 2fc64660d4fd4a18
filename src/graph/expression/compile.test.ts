import { describe, expect, it } from "vitest";
import { EdgewiseError } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";
import type { Channel } from "../channels.ts";
import type { Scope } from "../plan.ts";
import { compileExpression } from "./compile.ts";
import { createLanguage } from "./language.ts";

const STATE: Readonly<Record<string, Json>> = {
  count: 2,
  ratio: 2.5,
  name: "Ada",
  emoji: "a😀b",
  flag: true,
  tags: ["x", "y", "z"],
  rows: [{ n: 1, ok: true }, { n: 2.5, ok: false }, { n: 3 }],
  user: JSON.parse('{"name":"Ada","age":36,"__proto__":"data","constructor":"mine"}') as Json,
  nothing: null,
  any: { deep: [1, { x: "found" }] },
  "with-dash": "dashed",
};

function channel(name: string, schema?: Channel["schema"]): Channel {
  return { name, reducer: "last", conflict: "error", ...(schema === undefined ? {} : { schema }) };
}

const LANGUAGE = createLanguage({
  channels: [
    channel("count", { type: "integer" }),
    channel("ratio", { type: "number" }),
    channel("name", { type: "string" }),
    channel("emoji", { type: "string" }),
    channel("flag", { type: "boolean" }),
    channel("tags", { type: "array", items: { type: "string" } }),
    channel("rows", { type: "array", items: { type: "object" } }),
    channel("user", { type: "object" }),
    channel("nothing"),
    channel("any"),
    channel("missing"),
    channel("with-dash"),
  ],
});

const scope: Scope = {
  read: (name) => (Object.hasOwn(STATE, name) ? STATE[name] : undefined),
  payload: { id: 7 },
};

function evaluate(source: string, where: Scope = scope): Json {
  const compiled = compileExpression(source, LANGUAGE);
  expect(compiled.mistakes).toEqual([]);
  return compiled.expression.evaluate(where);
}

function fault(source: string, where: Scope = scope): string {
  try {
    return `gave ${JSON.stringify(evaluate(source, where))}`;
  } catch (thrown) {
    if (!(thrown instanceof EdgewiseError)) throw thrown;
    expect(thrown.code).toBe("expression_failed");
    expect(thrown.retryable).toBe(false);
    return thrown.message;
  }
}

describe("numbers are JSON's", () => {
  it.each<[string, Json]>([
    ["state.count + 1", 3],
    ["state.ratio + 1", 3.5],
    ["state.count + 1.5", 3.5],
    ["state.count * state.ratio", 5],
    ["7 / 2", 3.5],
    ["int(7 / 2)", 3],
    ["int(-3.9)", -3],
    ["-7 % 3", -1],
    ["5.5 % 2", 1.5],
    ["1 == 1.0", true],
    ["size(state.tags) + 0.5", 3.5],
    ["size(state.tags) / 2", 1.5],
    ["state.flag ? 1 : 2.5", 1],
    ["state.count < 2.5", true],
    ["[1, 2.5, state.count]", [1, 2.5, 2]],
    ["double('2.50') + int('1')", 3.5],
    ["0x10", 16],
    ["-state.count", -2],
    ["-0.0", 0],
    ["round(2.5) + floor(1.9) + ceil(1.1) + abs(-1)", 7],
    ["min([3, 1, 2]) + max([3, 1, 2]) + sum([0.5, 1])", 5.5],
  ])("%s is %j", (source, value) => {
    expect(evaluate(source)).toStrictEqual(value);
  });

  it.each([
    ["1 / 0", "division by zero"],
    ["state.count % 0", "division by zero"],
    ["1e308 * 10.0", "not a number that JSON has"],
    ["int('4x')", '"4x" is not a number'],
    ["double('NaN')", '"NaN" is not a number'],
    ["double('Infinity')", "is not a number"],
    ["state.any + 1", "map + number is not defined"],
  ])("%s fails: %s", (source, cause) => {
    expect(fault(source)).toContain(cause);
  });
});

describe("reading", () => {
  it.each<[string, Json]>([
    ["state.name", "Ada"],
    ['state["with-dash"]', "dashed"],
    ["state.any.deep[1].x", "found"],
    ['state.any["deep"][0]', 1],
    ["payload.id", 7],
    ["has(state.name)", true],
    ["has(state.missing)", false],
    ["has(state.missing.deeper)", false],
    ["has(state.user.name) && !has(state.user.nope)", true],
    ["has(state.name.length)", false],
    ['has(state["with-dash"])', true],
    ["'name' in state.user && !('nope' in state.user)", true],
    ["state.nothing == null", true],
    ["state.name == null", false],
    ["state.any.nope || true", true],
    ["true || state.any.nope", true],
    ["state.any.nope && false", false],
  ])("%s is %j", (source, value) => {
    expect(evaluate(source)).toStrictEqual(value);
  });

  it.each([
    ["state.missing", "state.missing is absent"],
    ["state.missing == 1", "has(state.missing)"],
    ["state.user.nope", 'there is no field "nope"'],
    ["state.tags[3]", "the index 3 is outside of a list of 3"],
    ["state.tags[-1]", "outside of a list"],
    ["state.any[0]", 'there is no field "0"'],
    ["state.any.deep.x", 'list has no field "x"'],
    ["state.any.nope || false", 'no field "nope"'],
  ])("%s fails: %s", (source, cause) => {
    expect(fault(source)).toContain(cause);
  });

  it("a failure repeats the expression without the blanks around it", () => {
    expect(fault(" 1 / 0 ")).toContain('The expression "1 / 0" failed');
  });

  it("an absent payload fails, and can be asked for", () => {
    const without: Scope = { read: () => undefined };
    expect(fault("payload", without)).toContain("no send activated this task");
    expect(evaluate("has(payload.id)", without)).toBe(false);
  });

  it("reads only the channels it comes to, and tells all it may read", () => {
    const read: string[] = [];
    const noting: Scope = { read: (name) => (read.push(name), STATE[name]) };
    const { expression, reads } = compileExpression("state.flag ? state.name : state.emoji", LANGUAGE);
    expect(read).toEqual([]);
    expect(expression.evaluate(noting)).toBe("Ada");
    expect(read).toEqual(["flag", "name"]);
    expect([...reads].sort()).toEqual(["emoji", "flag", "name"]);
  });

  it("a conflict of writes is passed on as it is, and no || hides it", () => {
    const conflict = new EdgewiseError({ code: "conflicting_write", message: "two wrote it", retryable: false });
    const conflicting: Scope = {
      read: () => {
        throw conflict;
      },
    };
    expect(() => evaluate("state.any == 1 || true", conflicting)).toThrow(conflict);
  });
});

describe("texts, lists and macros", () => {
  it.each<[string, Json]>([
    ["'a' + 'b' + state.name", "abAda"],
    ["size('a😀b')", 3],
    ["state.emoji.substring(1, 2)", "😀"],
    ["state.emoji.indexOf('b')", 2],
    ["'hello'.substring(1)", "ello"],
    ["'a,b,,c'.split(',')", ["a", "b", "", "c"]],
    ["'a,b,c'.split(',', 2)", ["a", "b,c"]],
    ["'ab'.split('')", ["a", "b"]],
    ["state.tags.join('-') + state.tags.join()", "x-y-zxyz"],
    ["'aXbX'.replace('X', '$&')", "a$&b$&"],
    ["'ab'.replace('', '-')", "-a-b-"],
    ["'  x '.trim()", "x"],
    ["'aÄB'.lowerAscii() + 'aäB'.upperAscii()", "aÄbAäB"],
    ["'hello'.contains('ell') && 'hello'.startsWith('he') && 'hello'.endsWith('lo')", true],
    ["'x2024y'.matches('[0-9]{4}') && !'abc'.matches('^b')", true],
    ["'a.c'.matches(state.name + '|a\\\\.c')", true],
    ["string(2.5) + string(true) + string('s')", "2.5trues"],
    ["json(state.user)", '{"name":"Ada","age":36,"__proto__":"data","constructor":"mine"}'],
    ["bool('true') && !bool('false')", true],
    ["[1] + ['a'] + state.tags", [1, "a", "x", "y", "z"]],
    ["2 in [1, 2.0]", true],
    ["{'a': 1, 'b': [state.count]}", { a: 1, b: [2] }],
    ["{'a': 1} == {'a': 1.0}", true],
    ["[1, [2]] == [1, [2]] && [1] != [2]", true],
    ["state.flag ? state.name : null", "Ada"],
    ["dyn(1) == dyn('1')", false],
    ["state.rows.all(row, row.n > 0)", true],
    ["state.rows.exists(row, row.n == 2.5)", true],
    ["state.rows.exists(row, row.ok)", true],
    ["state.rows.exists_one(row, row.n > 2.7)", true],
    ["state.rows.filter(row, row.n > 1).map(row, row.n * 2)", [5, 6]],
    ["state.tags.map(tag, tag != 'y', tag + '!')", ["x!", "z!"]],
    ["state.tags.map(a, state.tags.filter(b, b > a).size())", [2, 1, 0]],
    ["state.user.filter(key, key.startsWith('n'))", ["name"]],
    ["[].map(x, x)", []],
    ["cel.bind(x, state.count + 1, x * x)", 9],
    ["[[1, 2], [3]].map(x, x.map(x, x + 1))", [[2, 3], [4]]],
    // what is empty says nothing of the types that could be in it
    ["[].exists(x, 1 < x) || [].all(x, !x && x.a == 1)", true],
    ["([] + [2]).map(x, x * 2) + [].map(x, -x)", [4]],
    ["{}.all(key, key < 'a')", true],
  ])("%s is %j", (source, value) => {
    expect(evaluate(source)).toStrictEqual(value);
  });

  it.each([
    ["state.rows.filter(row, row.ok)", 'no field "ok"'],
    ["state.nothing.map(x, x)", "a macro goes over a list or a map, not null"],
    ["string(state.any)", "string() takes no map; json() makes text of anything"],
    ["min([])", "min() of an empty list"],
    ["'abc'.substring(2, 9)", "outside of a text of 3 characters"],
    ["dyn('a') < dyn(1)", "string and number have no order"],
    ["dyn(1) ? 1 : 2", "must be true or false"],
    ["'a'.matches(state.name + '(')", "the pattern has"],
  ])("%s fails: %s", (source, cause) => {
    expect(fault(source)).toContain(cause);
  });
});

describe("mistakes are found before anything runs", () => {
  it.each<[source: string, code: string, at: string, message: string]>([
    ["", "invalid_expression", "", "empty"],
    ["1 +", "invalid_expression", "", "EOF"],
    ["'open", "invalid_expression", "'open", "Unterminated"],
    ["state.naem == 'x'", "unknown_channel", "state.naem", '"naem"'],
    ['state["nope"]', "unknown_channel", 'state["nope"]', '"nope"'],
    ["state.constructor", "unknown_channel", "state.constructor", "constructor"],
    ["state.__proto__", "unknown_channel", "state.__proto__", "__proto__"],
    ["state", "invalid_state_access", "state", "name a channel"],
    ["json(state)", "invalid_state_access", "state", "name a channel"],
    ["state[state.name]", "invalid_state_access", "state", "name a channel"],
    ["name", "unknown_variable", "name", '"name"'],
    ["1 + constructor", "unknown_variable", "constructor", '"constructor"'],
    ["foo(1)", "unknown_function", "foo(1)", "foo()"],
    ["now()", "unknown_function", "now()", "now"],
    ["state.name.toString()", "unknown_function", "state.name.toString()", "toString"],
    ["size(1, 2)", "wrong_arguments", "size(1, 2)", "takes 1"],
    ["has(1 + 1)", "wrong_arguments", "1 + 1", "has()"],
    ["state.name + 1", "type_mismatch", "state.name + 1", "string + number"],
    ["state.count > 'a'", "type_mismatch", "state.count > 'a'", "number > string"],
    ["1.5 + 'a'", "type_mismatch", "1.5 + 'a'", "number + string"],
    ["state.tags.exists(tag, tag > 1)", "type_mismatch", "tag > 1", "string > number"],
    ["size(state.count)", "type_mismatch", "size(state.count)", "size(number)"],
    ["state.name ? 1 : 2", "type_mismatch", "state.name", "must be bool"],
    ["state.count.startsWith('a')", "type_mismatch", "state.count.startsWith('a')", "startsWith"],
    ["b'bytes'", "unsupported_expression", "'bytes'", "bytes"],
    ["1u", "unsupported_expression", "1u", "unsigned"],
    ["9007199254740993", "number_too_large", "9007199254740993", "exact integers"],
    ["'a'.matches('(a')", "invalid_pattern", "'(a'", '"("'],
    ["'a'.matches('(?=a)')", "invalid_pattern", "'(?=a)'", "look-around"],
    ["[1].map(1, 2)", "invalid_expression", "1", "variable"],
    ["state.tags.map(state, state.x)", "invalid_macro", "state", "names its variable"],
  ])("%s: %s", (source, code, at, message) => {
    const [mistake] = compileExpression(source, LANGUAGE).mistakes;
    expect(mistake).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(source.slice(mistake?.start, mistake?.end)).toContain(at);
  });

  it("several unknown names are several mistakes", () => {
    const { mistakes } = compileExpression("state.a + state.b + foo(c)", LANGUAGE);
    expect(mistakes.map(({ code }) => code)).toEqual([
      "unknown_channel",
      "unknown_channel",
      "unknown_variable",
      "unknown_function",
    ]);
  });

  it.each([
    ["a text of signs", "-".repeat(9_999)],
    ["a text of brackets", "[".repeat(9_999)],
    ["a text of calls", "size(".repeat(1_900)],
    ["a long sum", Array.from({ length: 2_000 }, () => "1").join("+")],
    ["a chain of fields", `state.any${".a".repeat(4_000)}`],
    ["a chain of conditions", "true?1:".repeat(1_000)],
    ["more text than is read", `'${"a".repeat(10_001)}'`],
  ])("%s is refused, not overflowed by", (_, source) => {
    expect(compileExpression(source, LANGUAGE).mistakes).toHaveLength(1);
  });
});
