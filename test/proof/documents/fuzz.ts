import { type Json, type JsonObject, isJsonObject } from "../../../src/base/json.ts";
import { Random } from "../../../src/engine/testing/random.ts";
import { type DocumentCase, EITHER, REFUSED } from "./case.ts";
import { FULL } from "./fields.ts";

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
  let document: Json = FULL;
  for (let left = random.below(4); left >= 0; left -= 1) document = mutate(document, random, 5);
  const type = random.chance(0.5) ? "json" : "yaml";
  const name = `fuzzed ${number} of seed ${seed}`;
  const text =
    type === "json" || random.chance(0.3) ? JSON.stringify(document, null, random.below(3)) : blockOf(document, 0);
  if (random.chance(0.5)) return { name, type, body: text, expected: isJsonObject(document) ? EITHER : REFUSED };
  return { name, type, body: damaged(text, random), expected: EITHER };
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
  const others = entries.toSpliced(at, 1);
  if (deeper && entries.length > 0)
    return Object.fromEntries(entries.with(at, [key, mutate(child, random, depth - 1)]));
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

function damaged(text: string, random: Random): string {
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
