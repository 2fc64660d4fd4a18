import type { Json } from "../../../src/base/json.ts";
import { aroundYaml, type DocumentCase, type Expected, REFUSED, refused, yamlCase } from "./case.ts";

/** Plain scalars of YAML 1.2's core schema, and what they are. */
const PLAIN: readonly (readonly [string, Json])[] = [
  ...["null", "Null", "NULL", "~", ""].map((text) => [text, null] as const),
  ...["true", "True", "TRUE"].map((text) => [text, true] as const),
  ...["false", "False", "FALSE"].map((text) => [text, false] as const),
  ...["0", "1", "-1", "+1", "12", "007", "-0", "1.5", "-1.5", ".5", "1.", "1e3", "1E-2", "+1.5e+3"].map(
    (text) => [text, Number(text)] as const,
  ),
  ["0x1F", 31],
  ["0o17", 15],
  // YAML 1.1 read these as something else: Norway's problem, sexagesimals, dates, underscores, octals
  ...["yes", "no", "Yes", "NO", "on", "off", "y", "n", "1:30", "190:20:30", "2001-12-14", "1_000", "0b101", "nULL"].map(
    (text) => [text, text] as const,
  ),
  ...[
    "a b",
    "a:b",
    "a#b",
    "-a",
    "?a",
    ":a",
    "a, b",
    "a'b",
    'a"b',
    "é",
    "😀",
    "1 2",
    "0x",
    "0o8",
    "e3",
    "--",
    "a\\nb",
  ].map((text) => [text, text] as const),
];

const TEXTS = [
  "",
  " ",
  "a",
  "a b",
  "a: b",
  "# a",
  "- a",
  "it's",
  'say "x"',
  "{{ state.x }}",
  "[1]",
  "*a",
  "&a",
  "!a",
  "%a",
  "@a",
  "`a`",
  "|",
  ">",
  "null",
  "1",
  "true",
  "<<",
  "a\nb",
  "a\n\nb",
  "a\n",
  "a\n\n",
  " a\n b",
  "\ta",
  "é😀",
  "\\",
  "\\n",
  "---",
  "...",
  "a\u2028b",
];

const TREES: readonly Json[] = [
  [],
  {},
  [1],
  [[]],
  [{}],
  [[1, 2], [3]],
  [null, true, 1.5, "a"],
  { a: 1 },
  { a: { b: { c: 1 } } },
  { a: [], b: {} },
  { a: [1, { b: 2 }], c: [[3]] },
  [{ a: 1, b: 2 }, { a: 3 }],
  { "a b": 1, "": 2, "1": 3 },
  { constructor: 1, toString: 2 },
  { a: "x: y", b: "- z", c: "#" },
  [[[[1]]]],
];

/** Written by rules of our own, not by the library that reads it. */
const STYLES: readonly ((value: Json) => string)[] = [
  (value) => ` ${JSON.stringify(value)}\n`,
  (value) => ` ${flow(value)}\n`,
  (value) => ` # a comment\n      ${flow(value)} # another\n`,
  (value) => block(value, 6),
  (value) => ` &anchor${block(value, 8)}`,
  (value) => block(value, 6).replaceAll("\n", "\r\n"),
];

export function yamlTextCases(): DocumentCase[] {
  const scalars = PLAIN.flatMap(([text, value]) => [
    accepted(`plain ${text}`, ` ${text}\n`, value),
    accepted(`a list with ${text}`, `\n      - ${text}\n      - 1\n`, [value, 1]),
    accepted(`a mapping with ${text}`, `\n      k: ${text}\n      l: 1\n`, { k: value, l: 1 }),
  ]);
  const texts = TEXTS.flatMap((text) => [
    accepted(`double quotes ${JSON.stringify(text)}`, ` ${JSON.stringify(text)}\n`, text),
    ...(text.includes("\n") ? [] : [accepted(`quotes ${text}`, ` '${text.replaceAll("'", "''")}'\n`, text)]),
    ...(/^[\s]|^$|\u2028/.test(text) ? [] : [accepted(`a literal block ${JSON.stringify(text)}`, literal(text), text)]),
  ]);
  const trees = TREES.flatMap((tree) =>
    STYLES.map((style, index) => accepted(`style ${index} of ${JSON.stringify(tree)}`, style(tree), tree)),
  );
  return [...scalars, ...texts, ...trees, ...BROKEN.map(([text, expected]) => broken(text, expected))];
}

function accepted(name: string, text: string, holds: Json): DocumentCase {
  return yamlCase(`YAML ${name}`, aroundYaml(text), { verdict: "accepted", holds });
}

function broken(text: string, expected: Expected): DocumentCase {
  return yamlCase(`YAML broken ${JSON.stringify(text.slice(0, 40))}`, aroundYaml(text), expected);
}

function literal(text: string): string {
  const chomp = text.endsWith("\n\n") ? "+" : text.endsWith("\n") ? "" : "-";
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  return ` |${chomp}\n${lines.map((line) => (line === "" ? "" : `      ${line}`)).join("\n")}\n`;
}

function flow(value: Json): string {
  if (Array.isArray(value)) return `[ ${value.map(flow).join(" , ")} ]`;
  if (typeof value === "object" && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, child]) => `${JSON.stringify(key)} : ${flow(child)}`)
      .join(" , ")} }`;
  }
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

function block(value: Json, indent: number): string {
  const lead = `\n${" ".repeat(indent)}`;
  if (Array.isArray(value) && value.length > 0)
    return value
      .map((item) => `${lead}-${block(item, indent + 2)}`)
      .join("")
      .concat("\n");
  if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
    return Object.entries(value)
      .map(([key, child]) => `${lead}${JSON.stringify(key)}:${block(child, indent + 2)}`)
      .join("")
      .concat("\n");
  }
  return ` ${flow(value)}`;
}

const NO_YAML = [
  ..." [1; {a: 1; 'a; [1]]; {a: 1}}; [1}; {a: 1]; @a; `a`; %a; [a, b]c; {a: b}c; 'a'b; a: b: c; &; *; [,]; {,}".split(
    ";",
  ),
  ..." - a; ? a; : a; &a &b c; &a *a; *a b".split(";"),
  ' "a',
  ' "\\q"',
  ' "\\u12"',
  ' "\\UFFFFFFFF"',
  ' "\\U00110000"',
  ' "\\x4"',
  ' "a\\',
  " |\n   a",
  " |0\n      a",
  " |10\n      a",
  "\n      a: 1\n     b: 2",
  "\n      - 1\n     - 2",
  "\n      a\n      b: 1",
  "\n\t  a: 1",
  "\n      a: 1\n      - 2",
  " 1\n--- 2",
  " 1\n---\n1: 2",
  " 1\n%YAML 1.2\n---\n1",
];

/** No YAML, or YAML that JSON cannot say. */
const BROKEN: readonly (readonly [string, Expected])[] = NO_YAML.map((text) => [text, REFUSED] as const).concat([
  [" .inf\n", refused("number_too_large", "/channels/x/default")],
  [" -.Inf\n", refused("number_too_large", "/channels/x/default")],
  [" .nan\n", refused("number_too_large", "/channels/x/default")],
  [" 1e999\n", refused("number_too_large", "/channels/x/default")],
  [" {1: a}\n", refused("key_not_text")],
  [" {null: a}\n", refused("key_not_text")],
  [" {true: a}\n", refused("key_not_text")],
  [" {[a]: b}\n", refused("key_not_text")],
  [" {{a: b}: c}\n", refused("key_not_text")],
  ["\n      ? [a]\n      : b\n", refused("key_not_text")],
  [" {a: 1, a: 2}\n", refused("duplicate_key", "/channels/x/default/a")],
  ["\n      a: 1\n      'a': 2\n", refused("duplicate_key", "/channels/x/default/a")],
  [" {__proto__: 1}\n", refused("forbidden_key", "/channels/x/default/__proto__")],
  [" *nowhere\n", refused("invalid_yaml")],
  [" &a [*a]\n", REFUSED],
  [" {<<: {a: 1}}\n", refused("merge_key")],
  ["\n      <<: &m {a: 1}\n", refused("merge_key")],
  ...[
    "!x 1",
    "!!binary aGk=",
    "!!js/function 'x'",
    "!!python/object:os.system x",
    "!<tag:a,2000:b> c",
    "!!set {a}",
    "!!omap [a: 1]",
  ].map((text) => [` ${text}\n`, refused("yaml_tag")] as const),
]);
