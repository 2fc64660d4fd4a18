import { type Json, type JsonObject, isJsonObject } from "../../../src/base/json.ts";
import { Random } from "../../../src/engine/testing/random.ts";
import { type DocumentCase, EITHER, REFUSED } from "./case.ts";
import { corpus } from "./corpus.ts";

const STRANGE: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e21,
  -1e300,
  "",
  "start",
  "end",
  "__proto__",
  "constructor",
  "state",
  "state.a",
  "state.b.map(x, x)",
  "size(state.c) > 1",
  "{{",
  "{{ state.a }}",
  "{{{{",
  "(((",
  "'",
  "1 +",
  "99h",
  "<<",
  "~",
  "\u0000",
  "\ud800",
  "\u202e",
  "a".repeat(300),
  [],
  {},
  [[]],
  { kind: "model" },
  { kind: "transform" },
  { from: "start", to: "ask" },
  { kind: "subgraph", graph: "inner" },
  { kind: "map", over: "[1]", graph: { nodes: { n: { kind: "transform" } }, edges: [{ from: "start", to: "n" }] } },
  { kind: "switch", on: "1", cases: { "1": "end" } },
  { id: "step", kind: "wait", for: "1s", depends_on: ["facts"] },
  { type: "integer", $ref: "#" },
  { $defs: { a: { $ref: "#/$defs/a" } }, allOf: [{ $ref: "#/$defs/a" }] },
  { pattern: "(a+)+$", patternProperties: { "(a|a)*": false } },
  { ttl: "1s", key: "params.p" },
  "inner",
  "inner@2",
  "unsafe",
  "vars.v",
  "params.p",
  "config.__proto__",
  "context.who",
  "item",
  "timestamp(run.started_at) + duration('1h')",
  "parseJson('[')",
  "https://{{ state.a }}.example/",
];

const PIECES = [
  "&a ",
  "*a",
  "!x ",
  "<<: ",
  "\t",
  "]",
  "[",
  "{",
  "}",
  "{{",
  "'",
  '"',
  "\n- ",
  "|\n",
  ">",
  ": ",
  "#",
  "\\",
  ",",
  "---\n",
  "\u0000",
  "\ufeff",
  "?",
  "1e999",
  "\r",
  "%",
  "\n",
];

/** Each fuzzed document depends on the seed and its number alone: a finding can be made again. */
export function fuzzed(seed: number, number: number): DocumentCase {
  const random = new Random("documents", seed, number);
  const name = `fuzzed ${number} of seed ${seed}`;
  const written = random.pick(corpus());
  if (written === undefined) throw new Error("There is nothing to begin with.");
  // comments, anchors and styles are in the texts alone
  if (random.chance(0.15)) return { name, type: "yaml", body: damaged(written.text, random), expected: EITHER };
  const document = mutated(written.document, random);
  const type = random.chance(0.5) ? "json" : "yaml";
  const text =
    type === "json" || random.chance(0.3) ? JSON.stringify(document, null, random.below(3)) : blockOf(document, 0);
  if (random.chance(0.65)) return { name, type, body: text, expected: isJsonObject(document) ? EITHER : REFUSED };
  return { name, type, body: damaged(text, random), expected: EITHER };
}

/** A few mutations, one after the other; often only one, so that some stay graphs. */
export function mutated(document: Json, random: Random): Json {
  let mutant = document;
  const change = random.chance(0.4) ? exchange : mutate;
  for (let left = random.chance(0.5) ? 0 : random.below(4); left >= 0; left -= 1) mutant = change(mutant, random, 5);
  return mutant;
}

/** Puts what stands under some key in another document in its place: most of these stay graphs. */
function exchange(value: Json, random: Random, depth: number): Json {
  if (Array.isArray(value) && value.length > 0) {
    const index = random.below(value.length);
    return value.with(index, exchange(value[index] as Json, random, depth - 1)) as Json;
  }
  if (!isJsonObject(value)) return value;
  const [key, child] = random.pick(Object.entries(value)) ?? [];
  if (key === undefined || child === undefined) return value;
  const deeper = depth > 0 && typeof child === "object" && child !== null && random.chance(0.9);
  return { ...value, [key]: deeper ? exchange(child, random, depth - 1) : donated(key, random) };
}

/** What stands under a key in one of the documents that people have written: it fits, or nearly. */
function donated(key: string, random: Random): Json {
  if (donors === undefined) {
    donors = new Map();
    for (const { document } of corpus()) gather(document, donors);
  }
  return random.pick(donors.get(key) ?? STRANGE) ?? null;
}

let donors: Map<string, Json[]> | undefined;

function gather(value: Json, into: Map<string, Json[]>): void {
  if (Array.isArray(value)) for (const item of value as readonly Json[]) gather(item, into);
  if (!isJsonObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    into.set(key, [...(into.get(key) ?? []), item]);
    gather(item, into);
  }
}

/** Replaces, removes, renames, doubles or moves something anywhere. */
function mutate(value: Json, random: Random, depth: number): Json {
  const change = (): Json => random.pick(STRANGE) ?? null;
  const deeper = depth > 0 && random.chance(0.75);
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    const index = random.below(list.length);
    const item = list[index];
    if (item === undefined) return [change()];
    if (deeper) return list.with(index, mutate(item, random, depth - 1));
    return (
      random.pick([list.toSpliced(index, 1), [...list, item], [...list, change()], list.toReversed(), change()]) ?? null
    );
  }
  if (!isJsonObject(value)) return change();
  const entries = Object.entries(value);
  const at = random.below(entries.length);
  const [key, child] = entries[at] ?? ["", null];
  if (entries.length === 0) return { [String(random.pick(["a", "constructor", ""]))]: change() };
  const others = entries.toSpliced(at, 1);
  if (random.chance(0.2)) return Object.fromEntries(entries.with(at, [key, donated(key, random)]));
  if (deeper) return Object.fromEntries(entries.with(at, [key, mutate(child, random, depth - 1)]));
  const other = random.pick(others)?.[1] ?? null;
  const renamed = String(random.pick(["", "start", "constructor", "<<", `${key}x`, key.toUpperCase(), "a/b~c", "1"]));
  return (
    random.pick<JsonObject>([
      Object.fromEntries(others),
      Object.fromEntries([...others, [key, change()]]),
      Object.fromEntries([...others, [renamed, child]]),
      Object.fromEntries([...others, [key, other]]),
      Object.fromEntries([...entries, ["__proto__", change()]]),
    ]) ?? null
  );
}

/** Cuts, doubles and puts in pieces of syntax. */
export function damaged(text: string, random: Random): string {
  let damage = text;
  for (let left = random.below(4); left >= 0; left -= 1) {
    const at = random.below(damage.length + 1);
    const cut = random.below(random.chance(0.1) ? 200 : 4);
    const piece = random.chance(0.3)
      ? damage.slice(at, at + random.below(100)).repeat(random.below(20))
      : (random.pick(PIECES) ?? "");
    damage = damage.slice(0, at) + piece + damage.slice(at + cut);
  }
  return damage;
}

/** Block YAML, as people write it; scalars that may be plain are. */
function blockOf(value: Json, indent: number): string {
  const lead = `\n${" ".repeat(indent)}`;
  if (Array.isArray(value) && value.length > 0)
    return value.map((item: Json) => `${lead}- ${blockOf(item, indent + 2)}`).join("");
  if (isJsonObject(value) && Object.keys(value).length > 0) {
    return Object.entries(value)
      .map(
        ([key, child]) => `${lead}${/^[a-z_]+$/.test(key) ? key : JSON.stringify(key)}: ${blockOf(child, indent + 2)}`,
      )
      .join("");
  }
  return typeof value === "string" && /^[a-z][a-z. ]*$/.test(value) ? value : JSON.stringify(value);
}
