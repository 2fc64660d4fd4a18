import {
  aroundJson,
  aroundYaml,
  type DocumentCase,
  EITHER,
  type Expected,
  REFUSED,
  refused,
  SOUND,
  times,
  yamlCase,
} from "./case.ts";

const SOUND_TEXT = JSON.stringify(SOUND);
const json = (name: string, body: string | Uint8Array, expected: Expected): DocumentCase => ({
  name,
  type: "json",
  body,
  expected,
});
const inside = (name: string, text: string, expected: Expected): DocumentCase => json(name, aroundJson(text), expected);
const behind = (name: string, text: string, expected: Expected): DocumentCase =>
  yamlCase(name, aroundYaml(text), expected);

/** Ten levels of nine aliases each: a billion values from a few lines. */
const LAUGHS = `\n      - &l0 [lol]\n${times(10, (n) => `      - &l${n + 1} [${times(9, () => `*l${n}`).join(", ")}]\n`).join("")}`;

const BOMBS: readonly DocumentCase[] = [
  behind("a billion laughs", LAUGHS, refused("alias_bomb")),
  behind(
    "a quadratic bomb",
    `\n      - &a ${JSON.stringify("a".repeat(1000))}\n      - [${times(20_000, () => "*a").join(",")}]\n`,
    EITHER,
  ),
  behind(
    "aliases as deep as they are long",
    `\n${times(200, (n) => `      - &d${n} [${n === 0 ? "1" : `*d${n - 1}`}]\n`).join("")}`,
    refused("alias_bomb"),
  ),
  behind(
    "10,000 anchors and as many aliases",
    `\n${times(10_000, (n) => `      - [&a${n} ${n}, *a${n}]\n`).join("")}`,
    EITHER,
  ),
  behind("anchors of one name", ` [${times(10_000, (n) => `&a ${n}`).join(", ")}, *a]\n`, EITHER),
  behind("an alias as a key", " {&k a: 1, *k : 2}\n", REFUSED),
  behind("an alias of what is around it", " &a {b: [*a]}\n", REFUSED),
  behind("an anchor of 100,000 characters", ` &${"a".repeat(100_000)} 1\n`, EITHER),
  ...[
    ["[", "]"],
    ["{a: ", "}"],
    ["- ", ""],
    ["? ", ""],
    ["[{a: ", "}]"],
    ["!!str ", ""],
    ["&a ", ""],
    ["a: ", ""],
  ].flatMap(([open = "", close = ""]) =>
    [99, 1_000, 100_000].map((depth) =>
      behind(`${open}${depth} times`, ` ${open.repeat(depth)}1${close.repeat(depth)}\n`, depth > 99 ? REFUSED : EITHER),
    ),
  ),
  behind(
    "a mapping indented 1,000 times",
    `\n${times(1_000, (n) => `${" ".repeat(6 + n)}a:\n`).join("")}`,
    refused("too_deep"),
  ),
  behind(
    "a list indented 700 times",
    `\n${times(700, (n) => `${" ".repeat(6 + n)}-\n`).join("")}`,
    refused("too_deep"),
  ),
  behind("300,000 commas", ` [${",".repeat(300_000)}]\n`, REFUSED),
  behind("100,000 items", ` [${"1,".repeat(100_000)}]\n`, EITHER),
  behind("100,000 lines", `\n${"      - a\n".repeat(40_000)}`, EITHER),
  behind("100,000 comments", `\n${"# a\n".repeat(100_000)}`, EITHER),
  behind("100,000 tabs", ` ${"\t".repeat(100_000)}1\n`, EITHER),
  behind("100,000 spaces", `${" ".repeat(100_000)}1\n`, EITHER),
  behind("100,000 line ends", `${"\n".repeat(100_000)}`, EITHER),
  behind("100,000 colons", ` ${":".repeat(100_000)}\n`, EITHER),
  behind("100,000 colons and spaces", ` ${": ".repeat(100_000)}\n`, REFUSED),
  behind("100,000 quotes", ` ${"'".repeat(100_001)}\n`, REFUSED),
  behind("50,000 quotes of quotes", ` ${"''''".repeat(25_000)}\n`, EITHER),
  behind("100,000 backslashes", ` "${"\\".repeat(100_000)}"\n`, EITHER),
  behind("100,000 bad escapes", ` "${"\\q".repeat(100_000)}"\n`, REFUSED),
  behind("100,000 words", ` ${"word ".repeat(100_000)}\n`, EITHER),
  behind("50,000 lines of a text", `\n${"      word\n".repeat(50_000)}`, EITHER),
  behind("50,000 lines of a quoted text", ` "${"word\n      ".repeat(50_000)}"\n`, EITHER),
  behind("50,000 lines of a folded text", ` >\n${"      word\n".repeat(50_000)}`, EITHER),
  behind("50,000 empty lines of a literal text", ` |+\n${"\n".repeat(50_000)}      a\n`, EITHER),
  behind("20,000 keys", `\n${times(10_000, (n) => `      k${n}: 1\n`).join("")}`, EITHER),
  behind("10,000 equal keys", `\n${times(10_000, () => "      k: 1\n").join("")}`, refused("duplicate_key")),
  behind("a number of 100,000 digits", ` ${"9".repeat(100_000)}\n`, REFUSED),
  behind("a hexadecimal number of 100,000 digits", ` 0x${"f".repeat(100_000)}\n`, REFUSED),
  behind("a fraction of 100,000 digits", ` 0.${"1".repeat(100_000)}\n`, EITHER),
  behind("10,000 tags", ` [${times(10_000, (n) => `!t${n} a`).join(", ")}]\n`, REFUSED),
  behind("a tag of 100,000 characters", ` !${"a".repeat(100_000)} 1\n`, REFUSED),
  behind("100,000 percents in a tag", ` !<${"%41".repeat(30_000)}> 1\n`, REFUSED),
  yamlCase("10,000 documents", "---\n".repeat(10_000), REFUSED),
  yamlCase("10,000 directives", `${"%TAG ! tag:a,2000:\n".repeat(10_000)}---\n${SOUND_TEXT}`, EITHER),
  yamlCase("an unknown directive", `%FOO bar\n---\n${SOUND_TEXT}`, EITHER),
  yamlCase("a version of the past", `%YAML 1.1\n---\n${SOUND_TEXT}`, EITHER),
  yamlCase("nothing", "", REFUSED),
  yamlCase("only comments", "# a\n# b\n", REFUSED),
  yamlCase("only a document's beginning", "---\n", REFUSED),
  yamlCase("JSON", SOUND_TEXT, { verdict: "accepted" }),
  yamlCase("JSON behind a byte order mark", `\ufeff${SOUND_TEXT}`, { verdict: "accepted" }),
  yamlCase("a NUL", "a: \u0000", REFUSED),
  yamlCase("a NUL in a text", aroundYaml(' "a\u0000b"\n'), EITHER),
  yamlCase("a bell in a plain text", aroundYaml(" a\u0007b\n"), EITHER),
  yamlCase("half a surrogate pair", aroundYaml(' "\\ud800"\n'), EITHER),
  yamlCase("1.1 million characters", aroundYaml(` ${"a".repeat(1_100_000)}\n`), refused("too_large")),
];

const JSON_TEXTS: readonly DocumentCase[] = [
  ...["[", '{"a":', '[{"a":', " [", "[1,"].map((open) =>
    inside(`${open} 100,000 times`, open.repeat(100_000), REFUSED),
  ),
  inside("100,000 closed lists", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, refused("too_deep")),
  json("depth 100,000 as a body", `${"[".repeat(100_000)}${"]".repeat(100_000)}`, refused("too_deep")),
  inside("100,000 keys", `{${times(60_000, (n) => `"k${n}":1`).join(",")}}`, EITHER),
  inside("30,000 equal keys", `{${times(30_000, () => '"k":1').join(",")}}`, refused("duplicate_key")),
  inside("500,000 numbers", `[${"1,".repeat(500_000)}1]`, EITHER),
  inside("300,000 empty texts", `[${'"",'.repeat(300_000)}1]`, EITHER),
  inside("300,000 empty lists", `[${"[],".repeat(300_000)}1]`, EITHER),
  inside("200,000 small mappings", `[${'{"":1},'.repeat(130_000)}1]`, EITHER),
  inside("a megabyte 99 deep", `${"[".repeat(95)}${"1,".repeat(500_000)}1${"]".repeat(95)}`, EITHER),
  inside(
    "many mistakes below a key of 500,000 characters",
    `{"${"k".repeat(500_000)}":[${'{"__proto__":1},'.repeat(300)}1]}`,
    refused("forbidden_key"),
  ),
  inside("200,000 numbers", `[${"1,".repeat(199_999)}1]`, EITHER),
  inside("a number of 100,000 digits", "9".repeat(100_000), refused("number_too_large", "/channels/x/default")),
  inside("a small number of 100,000 digits", `0.${"0".repeat(100_000)}1`, EITHER),
  inside(
    "an exponent of 100,000 digits",
    `1e${"9".repeat(100_000)}`,
    refused("number_too_large", "/channels/x/default"),
  ),
  inside("a text of 100,000 escapes", `"${"\\u0041".repeat(80_000)}"`, EITHER),
  inside("a text of 100,000 backslashes", `"${"\\\\".repeat(100_000)}"`, EITHER),
  inside("a text that does not end", `"${"a".repeat(100_000)}`, REFUSED),
  inside("100,000 spaces", `${" ".repeat(100_000)}1${" ".repeat(100_000)}`, { verdict: "accepted", holds: 1 }),
  inside(
    "50,000 keys nobody can keep",
    `[${times(30_000, () => '{"__proto__":1}').join(",")}]`,
    refused("forbidden_key"),
  ),
  ...["__proto__", "\\u005f\\u005fproto\\u005f\\u005f"].flatMap((key) =>
    ["", '"channels":', '"nodes":', '"limits":'].map((place) =>
      json(
        `${key} in ${place === "" ? "the document" : place}`,
        `{"edgewise":1,${place === "" ? "" : `${place}{`}"${key}":{"polluted":1}${place === "" ? "" : "}"}}`,
        refused("forbidden_key"),
      ),
    ),
  ),
  json(
    "100,000 nodes",
    `{"edgewise":1,"id":"g","edges":[],"nodes":{${times(85_000, (n) => `"n${n}":1`).join(",")}}}`,
    REFUSED,
  ),
  json("a byte order mark", `\ufeff${SOUND_TEXT}`, { verdict: "accepted" }),
  // as bytes: a server takes one mark with the encoding, which compiling here does not
  json("two byte order marks", new TextEncoder().encode(`\ufeff\ufeff${SOUND_TEXT}`), { verdict: "either" }),
  json("twice", `${SOUND_TEXT}${SOUND_TEXT}`, REFUSED),
  json("a NUL behind it", `${SOUND_TEXT}\u0000`, REFUSED),
  json("1.1 million spaces", `${" ".repeat(1_100_000)}${SOUND_TEXT}`, refused("too_large")),
  ...[
    [0xff],
    [0xfe, 0xff, 0, 0x7b],
    [0xff, 0xfe, 0x7b, 0],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xe2, 0x82],
    [0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
  ].map((bytes) =>
    json(`bytes ${bytes.map((byte) => byte.toString(16)).join(" ")}`, Uint8Array.of(0x22, ...bytes, 0x22), REFUSED),
  ),
];

/** Texts that are made to cost, to hide or to break. */
export const HOSTILE: readonly DocumentCase[] = [...BOMBS, ...JSON_TEXTS];
