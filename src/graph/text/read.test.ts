import { describe, expect, it } from "vitest";
import { Problems } from "../problems.ts";
import type { Problem } from "../problems.ts";
import { readSource, textOf } from "./read.ts";
import type { GraphSource } from "./read.ts";

function read(source: GraphSource): { value: unknown; problems: Problem[] } {
  const problems = new Problems();
  const found = readSource(source, problems);
  return { value: found?.value, problems: problems.list(textOf(source), found?.root) };
}

function codes(source: GraphSource): string[] {
  return read(source).problems.map(({ code }) => code);
}

const json = (text: string): GraphSource => ({ text, type: "json" });
const yaml = (text: string): GraphSource => ({ text, type: "yaml" });

describe("JSON text", () => {
  it.each([
    '{"a":[1,-2.5e3,true,false,null,"x\\n\\u00e9\\ud83d\\ude00\\/"],"b":{"c":{}},"":[]}',
    " [ ] ",
    '"only a text"',
    "0.5",
    '\t{\n"tab": [\t1\t]\r\n}',
    '{"constructor":1,"toString":{"valueOf":2}}',
  ])("%s is what JSON.parse makes of it", (text) => {
    expect(read(json(text))).toEqual({ value: JSON.parse(text), problems: [] });
  });

  it.each([
    ["", 1, 1],
    ["{", 1, 2],
    ['{"a":1,}', 1, 8],
    ["[1,]", 1, 4],
    ["[1 2]", 1, 4],
    ["{'a':1}", 1, 2],
    ["[01]", 1, 3],
    ["[1.]", 1, 3],
    ["[+1]", 1, 2],
    ["[NaN]", 1, 2],
    ['{"a":\n  tru}', 2, 3],
    ['["open', 1, 2],
    ['["a\nb"]', 1, 4],
    ['["\\x"]', 1, 3],
    ['["\\u12"]', 1, 3],
    ["[1] [2]", 1, 5],
    ["// no\n1", 1, 1],
    ['{"a" 1}', 1, 6],
    ["{1:2}", 1, 2],
  ])("%j is refused with its place", (text, line, column) => {
    const { value, problems } = read(json(text));
    expect(value).toBeUndefined();
    expect(problems).toEqual([expect.objectContaining({ code: "invalid_json", path: "", line, column })]);
  });

  it("a key that comes twice is a problem at its second place", () => {
    const { problems } = read(json('{"a":\n {"k":1,\n  "k":2}}'));
    expect(problems).toMatchObject([{ code: "duplicate_key", path: "/a/k", line: 3, column: 3 }]);
    expect(codes(json('{"__proto__":1,"__proto__":2}'))).toContain("duplicate_key");
  });
});

describe("YAML text", () => {
  it.each<[string, unknown]>([
    [
      "a: 1\nb: [x, 'y', \"z\\n\"]\nc:\n  - ~\n  - yes\n  - 0x10\n  - 1e3",
      { a: 1, b: ["x", "y", "z\n"], c: [null, "yes", 16, 1000] },
    ],
    ["text: |\n  two\n  lines\nfolded: >\n  one\n  line\n", { text: "two\nlines\n", folded: "one line\n" }],
    ["base: &b { x: 1 }\nuse: *b\n", { base: { x: 1 }, use: { x: 1 } }],
    ["when: 2026-01-01\n", { when: "2026-01-01" }],
    ['{"json": [1, {"is": "YAML"}]}', { json: [1, { is: "YAML" }] }],
    ["empty:\n", { empty: null }],
  ])("%j is %j", (text, value) => {
    expect(read(yaml(text))).toEqual({ value, problems: [] });
  });

  it.each([
    ["a: [1", "invalid_yaml", 1],
    ["a: 1\n\tb: 2", "invalid_yaml", 2],
    ["a: b: c", "invalid_yaml", 1],
    ["--- 1\n--- 2", "invalid_yaml", 2],
    ["a: 1\na: 2", "duplicate_key", 2],
    ["a: !!js/function x", "yaml_tag", 1],
    ["a: !own 1", "yaml_tag", 1],
    ["a: *nowhere", "invalid_yaml", 1],
    ["b: &b {x: 1}\nc: { <<: *b }", "merge_key", 2],
    ["1: a", "key_not_text", 1],
    ["? [a]\n: b", "key_not_text", 1],
    ["null: a", "key_not_text", 1],
    ["a: .inf", "number_too_large", 1],
    ["a: .nan", "number_too_large", 1],
    ["\n__proto__: { x: 1 }", "forbidden_key", 2],
    ["a: &a [*a]", "alias_bomb", 1],
    ['a: 1\nb: "x\\q"', "invalid_yaml", 2],
    ['a: "\\UFFFFFFFF"', "invalid_yaml", 1],
    ["%YAML 1.2\n%YAML 1.2\n---\na: 1", "invalid_yaml", 2],
  ])("%j is refused: %s", (text, code, line) => {
    const { problems } = read(yaml(text));
    expect(problems[0]).toMatchObject({ code, line });
  });
});

describe("size", () => {
  const bomb = Array.from(
    { length: 12 },
    (_, n) => `a${n}: &a${n} [${Array.from({ length: 10 }, () => (n === 0 ? "x" : `*a${n - 1}`)).join(",")}]`,
  ).join("\n");

  it.each<[string, GraphSource, string]>([
    ["a JSON text of brackets", json("[".repeat(500_000)), "too_deep"],
    ["a JSON text of objects", json('{"a":'.repeat(100_000)), "too_deep"],
    ["a YAML text of brackets", yaml("[".repeat(500_000)), "too_deep"],
    ["a YAML text of lists", yaml("- ".repeat(400_000)), "too_deep"],
    ["a YAML text of keys", yaml(Array.from({ length: 300 }, (_, n) => `${" ".repeat(n)}a:`).join("\n")), "too_deep"],
    ["a YAML text of commas", yaml(`[${",".repeat(300_000)}]`), "too_large"],
    ["a YAML text of anchors", yaml("&a ".repeat(100_000)), "too_large"],
    ["an alias bomb", yaml(bomb), "alias_bomb"],
    ["one long text aliased often", yaml(`[&a ${"a".repeat(1000)},${"*a ,".repeat(2000)}]`), "alias_bomb"],
    ["a YAML text of escapes there are not", yaml(`"${"\\q".repeat(100_000)}"`), "invalid_yaml"],
    ["a JSON text of values", json(`[${"[],".repeat(200_000)}1]`), "too_large"],
    ["a text above the limit", json(" ".repeat(1024 * 1024 + 1)), "too_large"],
  ])("%s is refused", (_, source, code) => {
    expect(codes(source)).toEqual([code]);
  });

  it("as many keys as fit are read without comparing each with each", () => {
    const keys = Array.from({ length: 12_000 }, (_, n) => `k${n}: 1`).join("\n");
    const { value, problems } = read(yaml(keys));
    expect([Object.keys(value as object).length, problems]).toEqual([12_000, []]);
  });

  it("what is not JSON is refused, a circle too", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    for (const value of [circle, { a: undefined }, { a: 1n }, { a: () => 1 }, { a: Number.NaN }]) {
      expect(codes({ document: value as never })).toEqual([expect.stringMatching(/^(?:too_deep|not_json)$/)]);
    }
  });

  it("many mistakes are cut short", () => {
    const { problems } = read(json(`{${Array.from({ length: 1_000 }, () => '"a":1').join(",")}}`));
    expect(problems).toHaveLength(201);
    expect(problems.at(-1)).toMatchObject({ code: "more_problems", message: expect.stringContaining("may be more") });
  });
});
