import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Document, Scalar, visit } from "yaml";
import { isJsonObject } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";
import { Problems } from "../problems.ts";
import { sameContent } from "./edit/match.ts";
import { applyEdits, editText } from "./edit.ts";
import type { TextType } from "./edit.ts";
import { spanAt } from "./located.ts";
import { readSource } from "./read.ts";

const RUNS = { numRuns: 400 };

const key = fc
  .oneof(
    fc.constantFrom(
      "nodes",
      "channels",
      "edges",
      "a",
      "b",
      "c",
      "kind",
      "true",
      "1",
      "- x",
      "a: b",
      "#c",
      "é😀",
      "x y",
    ),
    fc.string({ maxLength: 6 }),
  )
  .filter((name) => name !== "__proto__");

const words = fc.oneof(
  fc.constantFrom(
    "",
    "text",
    "two words",
    "true",
    "null",
    "1e3",
    "~",
    "a: b",
    "a #b",
    "- a",
    "*a",
    "&a",
    "{{ state.x }}",
  ),
  fc.constantFrom(
    "a\nb",
    "a\nb\n",
    "a\n\nb\n\n",
    "\n",
    " lead\nb",
    "a\n  b\n",
    "tab\there",
    "a\r\nb",
    "end \n",
    "é😀\nü",
    "'",
    '"',
    "\\",
  ),
  fc.constantFrom(
    "a\n   ",
    "  ",
    "a\n#b\n",
    "---\na",
    "...\n",
    "long ".repeat(40),
    "x,y]",
    "}",
    "\u2028",
    "\ud800",
    "%a",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);

const { value: json } = fc.letrec<{ value: Json; map: Json; list: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: "json" },
    words,
    fc.constantFrom<Json>(0, 1, -2.5, 1e30, null, true, false, {}, []),
    tie("map"),
    tie("list"),
  ),
  list: fc.array(tie("value"), { maxLength: 4, depthIdentifier: "json" }),
  map: fc
    .array(fc.tuple(key, tie("value")), { maxLength: 4, depthIdentifier: "json" })
    .map((entries) => Object.fromEntries(entries)),
}));
const document = fc.array(fc.tuple(key, json), { maxLength: 5 }).map((entries): Json => Object.fromEntries(entries));

/** Choices made from a list of numbers, so that a failing case shrinks. */
function choices(seeds: readonly number[]): (most: number) => number {
  let at = 0;
  return (most) => {
    const seed = seeds[at % seeds.length] ?? 0;
    at += 1;
    return (seed + at) % (most + 1);
  };
}
const seeds = fc.array(fc.nat(1000), { minLength: 3, maxLength: 40 });

/** The document with some of its parts changed, taken away, added, renamed or moved. */
function mutated(value: Json, pick: (most: number) => number, other: Json): Json {
  const turn = pick(9);
  if (turn === 0) return other;
  if (Array.isArray(value)) {
    const list = (value as readonly Json[]).map((item) => (pick(2) === 0 ? mutated(item, pick, other) : item));
    if (turn === 1) return list.slice(1);
    if (turn === 2) return [...list, other];
    if (turn === 3) return list.toReversed();
    return turn === 4 ? [other, ...list.slice(0, -1)] : list;
  }
  if (!isJsonObject(value)) return turn < 3 ? other : value;
  const entries = Object.entries(value).map(([name, item]): [string, Json] => [
    name,
    pick(2) === 0 ? mutated(item, pick, other) : item,
  ]);
  if (turn === 1) return Object.fromEntries(entries.slice(1));
  if (turn === 2) return Object.fromEntries([...entries, ["added", other]]);
  if (turn === 3) return Object.fromEntries(entries.toReversed());
  if (turn === 4)
    return Object.fromEntries(entries.map(([name, item], index) => [index === 0 ? `${name}2` : name, item]));
  return turn === 5 ? Object.fromEntries(entries.slice(0, -1)) : Object.fromEntries(entries);
}

const NOTATIONS = ["PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE", "BLOCK_LITERAL", "BLOCK_FOLDED"] as const;

/** The document as some author might write it. */
function yamlBy(value: Json, pick: (most: number) => number): string {
  const written = new Document(value, { aliasDuplicateObjects: pick(1) === 0 });
  visit(written, {
    Scalar: (_, node) => {
      if (pick(3) === 0 && typeof node.value === "string") node.type = NOTATIONS[pick(4)] as Scalar.Type;
      if (pick(6) === 0) node.comment = " behind";
    },
    Collection: (_, node) => {
      if (pick(3) === 0) node.flow = true;
      if (pick(5) === 0) node.commentBefore = " above\n more";
      if (pick(5) === 0) node.comment = " below";
    },
    Pair: (_, pair) => {
      if (!(pair.key instanceof Scalar)) return;
      if (pick(4) === 0) pair.key.commentBefore = " about it";
      if (pick(4) === 0) pair.key.spaceBefore = true;
    },
  });
  const text = written.toString({
    lineWidth: [0, 20, 80][pick(2)] ?? 0,
    indent: [2, 3, 4][pick(2)] ?? 2,
    indentSeq: pick(1) === 0,
    flowCollectionPadding: pick(1) === 0,
  });
  const ended = pick(5) === 0 ? text.trimEnd() : text;
  return pick(3) === 0 ? ended.replaceAll("\n", "\r\n") : ended;
}

/** The way to some text, number or the like that is not empty. */
function leafOf(value: Json, pick: (most: number) => number): (string | number)[] | undefined {
  const below: (readonly [string | number, Json])[] = Array.isArray(value)
    ? [...(value as readonly Json[]).entries()]
    : Object.entries(isJsonObject(value) ? value : {});
  const next = below[pick(Math.max(below.length - 1, 0))];
  if (next === undefined) return typeof value === "string" && value.length > 1 ? [] : undefined;
  const rest = leafOf(next[1], pick);
  return rest === undefined ? undefined : [next[0], ...rest];
}

function read(text: string, type: TextType): Json | undefined {
  const problems = new Problems();
  const value = readSource({ text, type }, problems)?.value;
  return problems.failed ? undefined : value;
}

function says(text: string, type: TextType, wanted: Json): void {
  const after = read(text, type);
  expect(after).toEqual(wanted);
  expect(after !== undefined && sameContent(after, wanted)).toBe(true);
}

describe("editText", () => {
  it("gives a YAML text that says the document, whatever the text was", () => {
    fc.assert(
      fc.property(document, document, json, seeds, (before, other, part, numbers) => {
        const pick = choices(numbers);
        const text = yamlBy(before, pick);
        const old = read(text, "yaml");
        if (old !== undefined) expect(editText(text, "yaml", old)).toBe(text);
        const wanted = pick(9) === 0 ? other : mutated(old ?? before, pick, part);
        says(editText(text, "yaml", wanted), "yaml", wanted);
      }),
      RUNS,
    );
  });

  it("changes one value and no byte around it", () => {
    fc.assert(
      fc.property(document, seeds, fc.constantFrom<TextType>("yaml", "json"), (before, numbers, type) => {
        const pick = choices(numbers);
        const text = type === "yaml" ? yamlBy(before, pick) : JSON.stringify(before, null, pick(3));
        const source = readSource({ text, type }, new Problems());
        const path = source === undefined ? undefined : leafOf(source.value, pick);
        if (source?.root === undefined || path === undefined || text.includes("*a")) return;
        const { start, end } = spanAt(source.root, path, false);
        const after = applyEdits(text, type, [{ path, value: "changed" }]);
        expect(after.slice(0, start)).toBe(text.slice(0, start));
        expect(after.endsWith(text.slice(end))).toBe(true);
      }),
      RUNS,
    );
  });

  it("gives the bytes back when what was added is taken away", () => {
    fc.assert(
      fc.property(document, json, seeds, fc.constantFrom<TextType>("yaml", "json"), (before, part, numbers, type) => {
        const pick = choices(numbers);
        const text = type === "yaml" ? yamlBy(before, pick) : JSON.stringify(before, null, pick(3));
        const old = read(text, type);
        if (!isJsonObject(old) || Object.keys(old).length === 0 || "added" in old) return;
        const longer = editText(text, type, { ...old, added: part });
        expect(longer).not.toBe(text);
        expect(applyEdits(longer, type, [{ path: ["added"] }])).toBe(text);
      }),
      RUNS,
    );
  });

  it("gives a JSON text that says the document, whatever the text was", () => {
    fc.assert(
      fc.property(document, json, seeds, (before, part, numbers) => {
        const pick = choices(numbers);
        const text = JSON.stringify(before, null, [0, 2, "\t"][pick(2)]);
        expect(editText(text, "json", before)).toBe(text);
        const wanted = mutated(before, pick, part);
        says(editText(text, "json", wanted), "json", wanted);
      }),
      RUNS,
    );
  });
});
