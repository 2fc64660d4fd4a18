import type { Json } from "../../../src/base/json.ts";
import { aroundJson, type DocumentCase, type Expected, REFUSED, refused, times } from "./case.ts";

const NUMBERS = [
  "0 -0 1 -1 10 0.5 -0.5 1e5 1E5 1e+5 1E-5 0e1 0e+1 123456789 1.5e300 0.1e-7 20e1 -1.25 9007199254740993 1e-400 0.00",
  "01 -01 1. -1. .5 -.5 +1 1e 1e+ 1E- 1e1.5 0x1 1_000 Infinity -Infinity NaN -NaN - --1 1.e1 １ 1a 0.1.2 00 0e 0.e1",
  "2.e+3 .-1 1eE2 ++12 1e٣ 0b1 0o7 1n 1f -a 1,000 -Inf 1e999 -1e999 1E+400",
].flatMap((line) => line.split(" "));

const ESCAPED = [
  ...Array.from('"\\/bfnrt', (letter) => `"\\${letter}"`),
  ...Array.from("aAvx0'`NRTeU(;1", (letter) => `"\\${letter}"`),
  ...["0000", "001f", "00e9", "2028", "d83d\\ude00", "d800", "dc00", "d800\\u0041", "dbff\\udfff", "fdd0", "ffff"].map(
    (digits) => `"\\u${digits}"`,
  ),
  ...["", "0", "00", "000", "00g0", "{41}", "+041", " 041", "-041"].map((digits) => `"\\u${digits}"`),
];

const STRINGS = [
  ...times(32, (code) => `"a${String.fromCharCode(code)}b"`),
  ...[0x7f, 0x80, 0xa0, 0xe9, 0x2028, 0x2029, 0xfeff, 0xfffe, 0x1f600, 0x10ffff].map(
    (point) => `"${String.fromCodePoint(point)}"`,
  ),
  '""',
  '"',
  '"a',
  'a"',
  '"\\',
  '"\\"',
  "'a'",
  "`a`",
  "a",
  '"a""b"',
  '"a" "b"',
  "\u201ca\u201d",
  '"a\\\nb"',
];

const LITERALS = "true false null True TRUE False NULL nul truee fals undefined none ~ yes on True() tru\u0435".split(
  " ",
);

const STRUCTURES = [
  "[] [ [[] [1] [1,2] [1,] [,1] [,] [1,,2] [1:2] [1;2] [1}2] [1 ] ] [1]] [[]]] [1][2] [[[[[1]]]]] [null] [{}] (1) <1>",
  '{} { } {{}} {"a":1} {"a":1,} {,"a":1} {"a"} {"a":} {"a",1} {"a"=1} {"a"::1} {a:1} {1:1} {\'a\':1} {"a":1 {"a":1}}',
  '{"a":1,,"b":2} {"a":1;"b":2} {"a":1"b":2} {"":0} {"a":{"b":[{"c":null}]}} {"a":[} {"a":1]} {null:1} {"a":1,"b"}',
  '[1]/**/ /**/[1] [1/**/] //1 [1]// #1 [1]#x [1,//\n2] {"a":/*x*/1} ...1 [...[1]] new(Date) () 1,2 1]2 *a &a !!int 1;',
]
  .flatMap((line) => line.split(" "))
  .concat(['{"a":1 "b":2}', '{"a" "b"}', '{"a":1}\u0000', "[1\n]", "\n[\r\n1\t]\n", "", " ", "\n", "\ufeff1", "1 2"]);

const WHITE = ["\t", "\n", "\r", " ", "\f", "\v", "\u0085", "\u00a0", "\u2028", "\u3000", "\ufeff", "\u200b"].flatMap(
  (white) => [`${white}1`, `1${white}`, `[1${white},2]`, `{"a"${white}:1}`],
);

const REPEATED = ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"a":{"b":1,"b":2}}', '{"":1,"":2}', '[{"k":1,"k":1}]'];
const FORBIDDEN = ['{"__proto__":1}', '{"\\u005f_proto__":{}}', '[{"a":{"__proto__":null}}]'];

/** Texts over JSON's grammar and around its edges; `JSON.parse` says which of them are JSON. */
export function jsonTexts(): readonly string[] {
  const nested = [10, 95, 96, 97, 98, 99, 100, 101, 1000, 100_000];
  return [
    ...NUMBERS,
    ...ESCAPED,
    ...STRINGS,
    ...LITERALS,
    ...STRUCTURES,
    ...WHITE,
    ...REPEATED,
    ...FORBIDDEN,
    ...nested.flatMap((depth) => [`${"[".repeat(depth)}${"]".repeat(depth)}`, "[".repeat(depth)]),
    ...nested.map((depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`),
  ];
}

/** Each text as a whole body, where it is no graph, and as a part of a sound graph. */
export function jsonTextCases(texts: readonly string[]): DocumentCase[] {
  return texts.flatMap((text, index): DocumentCase[] => {
    const name = `JSON ${index} ${JSON.stringify(text.slice(0, 30))}`;
    return [
      { name, type: "json", body: text, expected: REFUSED },
      { name: `${name} as a default`, type: "json", body: aroundJson(text), expected: expectedOf(text) },
    ];
  });
}

/** What a graph may hold: what JSON.parse reads, without keys that stand twice, infinite numbers, `__proto__`, great depth. */
function expectedOf(text: string): Expected {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return REFUSED;
  }
  if (REPEATED.includes(text)) return refused("duplicate_key");
  if (FORBIDDEN.includes(text)) return refused("forbidden_key");
  if (/^[-\d]/.test(text) && !Number.isFinite(value)) return refused("number_too_large", "/channels/x/default");
  if (/^\[+\]+$|^(?:\{"a":)+1\}+$/.test(text)) {
    const depth = text.split(/[[{]/).length - 1;
    return depth > 97 ? refused("too_deep") : { verdict: "accepted", holds: value };
  }
  return { verdict: "accepted", holds: value };
}
