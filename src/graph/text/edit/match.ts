import { canonicalJson, isJsonObject, sameJson } from "../../../base/json.ts";
import type { Json, JsonObject } from "../../../base/json.ts";
import type { Part } from "./parts.ts";

/** Mappings whose order is part of a graph's content (identity.ts). */
const ORDERED: ReadonlySet<string> = new Set(["channels", "nodes"]);
/** Pairs of list items compared at most; longer lists are compared by their beginnings, ends and ids. */
const MOST_PAIRS = 250_000;

/** One entry of what a part is to become: an old one with another value, or a new one. */
export interface Wanted {
  readonly old: number | undefined;
  readonly name: string | undefined;
  readonly value: Json;
}

/** Whether two values are the same content: `lead` is the key that they stand under. */
export function sameContent(one: Json, other: Json, lead?: string): boolean {
  if (Array.isArray(one)) {
    const list = one as readonly Json[];
    if (!Array.isArray(other) || other.length !== list.length) return false;
    return list.every((item, index) => sameContent(item, (other as readonly Json[])[index] ?? null));
  }
  if (!isJsonObject(one)) return one === other || (typeof one === typeof other && sameJson(one, other));
  if (!isJsonObject(other)) return false;
  const keys = Object.keys(one);
  const others = Object.keys(other);
  if (keys.length !== others.length) return false;
  if (lead !== undefined && ORDERED.has(lead) && keys.some((key, index) => key !== others[index])) return false;
  return keys.every((key) => Object.hasOwn(other, key) && sameContent(one[key] ?? null, other[key] ?? null, key));
}

/** A map's entries as they are to be. Where order is no content, what stays keeps its place. */
export function wantedEntries(part: Part, value: JsonObject, lead: string | undefined): readonly Wanted[] {
  const places = new Map(part.entries.map(({ name }, index) => [name ?? "", index]));
  const renamed = renames(part, value, places);
  const asGiven = Object.entries(value).map(
    ([name, item]): Wanted => ({ old: places.get(name) ?? renamed.get(name), name, value: item }),
  );
  const orderCounts = lead !== undefined && ORDERED.has(lead);
  if (orderCounts && !sameOrder(part.value, value)) return asGiven;
  return inOldOrder(asGiven);
}

function sameOrder(old: Json, value: JsonObject): boolean {
  const common = Object.keys(isJsonObject(old) ? old : {}).filter((key) => Object.hasOwn(value, key));
  const kept = new Set(common);
  return Object.keys(value)
    .filter((key) => kept.has(key))
    .every((key, index) => key === common[index]);
}

/** Keys that are new for a value that is there: by the place of the key that went away. */
function renames(part: Part, value: JsonObject, places: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const gone = part.entries.flatMap(({ name, part: { value: old } }, index) =>
    name !== undefined && !Object.hasOwn(value, name) ? [{ index, text: canonicalJson(old) }] : [],
  );
  const free = new Map<string, number[]>();
  for (const { index, text } of gone.toReversed()) {
    const same = free.get(text);
    if (same === undefined) free.set(text, [index]);
    else same.push(index);
  }
  const found = new Map<string, number>();
  if (free.size === 0) return found;
  for (const [name, item] of Object.entries(value)) {
    if (places.has(name)) continue;
    const index = free.get(canonicalJson(item))?.pop();
    if (index !== undefined) found.set(name, index);
  }
  return found;
}

/** Old entries in the order they have; each new one behind the one it was given behind. */
function inOldOrder(asGiven: readonly Wanted[]): readonly Wanted[] {
  const behind = new Map<number, Wanted[]>();
  let last = -1;
  for (const wanted of asGiven) {
    if (wanted.old !== undefined) last = wanted.old;
    else if (behind.has(last)) behind.get(last)?.push(wanted);
    else behind.set(last, [wanted]);
  }
  const old = asGiven.filter((wanted) => wanted.old !== undefined);
  old.sort((one, other) => (one.old ?? 0) - (other.old ?? 0));
  return [...(behind.get(-1) ?? []), ...old.flatMap((wanted) => [wanted, ...(behind.get(wanted.old ?? 0) ?? [])])];
}

/** A list's items as they are to be: equal ones stay, those with one id or in one place are changed. */
export function wantedItems(part: Part, value: readonly Json[]): readonly Wanted[] {
  const before = part.entries.map((entry) => canonicalJson(entry.part.value));
  const after = value.map((item) => canonicalJson(item));
  const pairs = new Map<number, number>();
  for (const [old, now] of equalItems(before, after)) pairs.set(now, old);
  pairChanged(part, value, pairs);
  return value.map((item, index): Wanted => ({ old: pairs.get(index), name: undefined, value: item }));
}

/** A longest common subsequence, as pairs of places. */
function equalItems(before: readonly string[], after: readonly string[]): readonly (readonly [number, number])[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const shorter = Math.min(before.length, after.length) - head;
  while (tail < shorter && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const pairs: (readonly [number, number])[] = [];
  for (let index = 0; index < head; index += 1) pairs.push([index, index]);
  const middle = commonSubsequence(before.slice(head, before.length - tail), after.slice(head, after.length - tail));
  for (const [old, now] of middle) pairs.push([old + head, now + head]);
  for (let back = tail; back > 0; back -= 1) pairs.push([before.length - back, after.length - back]);
  return pairs;
}

function commonSubsequence(
  before: readonly string[],
  after: readonly string[],
): readonly (readonly [number, number])[] {
  if (before.length * after.length > MOST_PAIRS) return [];
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  let [row, column] = [0, 0];
  while (row < before.length && column < after.length) {
    if (before[row] === after[column]) {
      pairs.push([row, column]);
      row += 1;
      column += 1;
    } else if (at(row + 1, column) >= at(row, column + 1)) row += 1;
    else column += 1;
  }
  return pairs;
}

/** Pairs what is left: by id, then by place where as many went as came. */
function pairChanged(part: Part, value: readonly Json[], pairs: Map<number, number>): void {
  const taken = new Set(pairs.values());
  const byId = new Map<string, number>();
  for (const [index, entry] of part.entries.entries()) {
    const id = idOf(entry.part.value);
    if (id !== undefined && !taken.has(index) && !byId.has(id)) byId.set(id, index);
  }
  for (const [index, item] of value.entries()) {
    const id = pairs.has(index) ? undefined : idOf(item);
    const old = id === undefined ? undefined : byId.get(id);
    if (id === undefined || old === undefined) continue;
    pairs.set(index, old);
    taken.add(old);
    byId.delete(id);
  }
  const left = part.entries.flatMap((_, index) => (taken.has(index) ? [] : [index]));
  const open = value.flatMap((_, index) => (pairs.has(index) ? [] : [index]));
  if (left.length !== open.length) return;
  for (const [place, index] of open.entries()) {
    const old = left[place];
    if (old !== undefined) pairs.set(index, old);
  }
}

function idOf(item: Json): string | undefined {
  const id = isJsonObject(item) ? item["id"] : undefined;
  return typeof id === "string" ? id : undefined;
}

/** Of the old entries those that need not move: a longest run of them that keeps its order. */
export function stationary(wanted: readonly Wanted[]): ReadonlySet<number> {
  const olds = wanted.flatMap(({ old }) => (old === undefined ? [] : [old]));
  const ends: number[] = [];
  const before = new Map<number, number>();
  for (const old of olds) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] ?? 0) < old) low = middle + 1;
      else high = middle;
    }
    const previous = ends[low - 1];
    if (previous !== undefined) before.set(old, previous);
    ends[low] = old;
  }
  const found = new Set<number>();
  for (let old = ends.at(-1); old !== undefined; old = before.get(old)) found.add(old);
  return found;
}
