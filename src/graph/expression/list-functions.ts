import { canonicalJson } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";
import { burn, Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { points } from "./text-functions.ts";
import type { Implementation } from "./text-functions.ts";
import { isTime } from "./times.ts";
import { asIndex, asList, asNumber, charge, compare, isList } from "./values.ts";

const DEEPEST_FLATTEN = 10;

function listOf(values: readonly Json[], name: string): readonly Json[] {
  return asList(values[0] ?? null, `what ${name}() is called on`);
}

const distinct: Implementation = (frame, values) => {
  const list = listOf(values, "distinct");
  const known = new Set<string>();
  return list.filter((item) => {
    const name = nameOf(frame, item);
    if (known.has(name)) return false;
    known.add(name);
    return true;
  });
};

/** One text for equal values, another for different ones. */
function nameOf(frame: Frame, item: Json): string {
  burn(frame, 1);
  charge(frame, item);
  return isTime(item) ? `${item.kind} ${item.ms}` : canonicalJson(item);
}

const flatten: Implementation = (frame, values) => {
  const depth = values.length > 1 ? asIndex(values[1] ?? null, "the depth of flatten()") : 1;
  if (depth < 0 || depth > DEEPEST_FLATTEN) throw new Fault(`the depth of flatten() is 0 to ${DEEPEST_FLATTEN}`);
  let list = listOf(values, "flatten");
  for (let level = 0; level < depth; level += 1) {
    const size = list.reduce<number>((sum, item) => sum + (isList(item) ? item.length : 1), 0);
    burn(frame, list.length + size);
    list = list.flatMap((item) => (isList(item) ? item : [item]));
  }
  return list;
};

const reverse: Implementation = (frame, [value = null]) => {
  if (typeof value === "string") return points(frame, value).reverse().join("");
  const list = asList(value, "what reverse() is called on");
  burn(frame, list.length);
  return list.toReversed();
};

const sort: Implementation = (frame, values) => {
  const list = listOf(values, "sort");
  burn(frame, Math.ceil((list.length * Math.log2(list.length + 2)) / 4));
  return list.toSorted((one, other) => compare(frame, one, other));
};

const slice: Implementation = (frame, values) => {
  const list = listOf(values, "slice");
  const start = asIndex(values[1] ?? null, "the start");
  const end = asIndex(values[2] ?? null, "the end");
  if (start < 0 || end > list.length || start > end)
    throw new Fault(`slice(${start}, ${end}) is outside of a list of ${list.length}`);
  burn(frame, (end - start) >> 2);
  return list.slice(start, end);
};

function end(name: string, at: 0 | -1): Implementation {
  return (_frame, values) => {
    const item = listOf(values, name).at(at);
    if (item === undefined) throw new Fault(`${name}() of an empty list`);
    return item;
  };
}

const range: Implementation = (frame, [value = null]) => {
  const count = asIndex(asNumber(value, "the argument of range()"), "the argument of range()");
  if (count < 0) throw new Fault("range() counts to 0 or more");
  burn(frame, count);
  return Array.from({ length: count }, (_each, index) => index);
};

export const LIST_METHODS: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["distinct/0", distinct],
  ["flatten/0", flatten],
  ["flatten/1", flatten],
  ["reverse/0", reverse],
  ["sort/0", sort],
  ["slice/2", slice],
  ["first/0", end("first", 0)],
  ["last/0", end("last", -1)],
]);

export const LIST_FUNCTIONS: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["range/1", range],
]);
