import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { toPointer } from "../base/pointer.ts";

/** One operation of a JSON Patch (RFC 6902); `before` is ours, what was there. */
export type PatchOperation =
  | { readonly op: "add"; readonly path: string; readonly value: Json }
  | { readonly op: "remove"; readonly path: string; readonly before: Json }
  | { readonly op: "replace"; readonly path: string; readonly before: Json; readonly value: Json };

type Path = readonly (string | number)[];

/**
 * What makes `after` of `before`, applied in this order; made one by one, so that whoever has enough stops. Lists are
 * compared from both ends: what was appended or cut out in one place shows as just that.
 */
export function* patchOf(before: Json, after: Json, path: Path = []): Generator<PatchOperation> {
  if (Array.isArray(before) && Array.isArray(after)) return yield* listPatch(before, after, path);
  if (isJsonObject(before) && isJsonObject(after)) return yield* objectPatch(before, after, path);
  if (!isEqual(before, after)) yield { op: "replace", path: toPointer(path), before, value: after };
}

function* objectPatch(before: JsonObject, after: JsonObject, path: Path): Generator<PatchOperation> {
  for (const [key, value] of Object.entries(before)) {
    const place = [...path, key];
    const next = Object.hasOwn(after, key) ? after[key] : undefined;
    if (next === undefined) yield { op: "remove", path: toPointer(place), before: value };
    else yield* patchOf(value, next, place);
  }
  for (const [key, value] of Object.entries(after)) {
    if (!Object.hasOwn(before, key)) yield { op: "add", path: toPointer([...path, key]), value };
  }
}

function* listPatch(before: readonly Json[], after: readonly Json[], path: Path): Generator<PatchOperation> {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSame(before, start, after, start)) start += 1;
  let end = 0;
  while (end < shorter - start && isSame(before, before.length - 1 - end, after, after.length - 1 - end)) end += 1;
  const common = shorter - end;
  for (let index = start; index < common; index += 1) {
    yield* patchOf(before[index] ?? null, after[index] ?? null, [...path, index]);
  }
  for (let index = common; index < after.length - end; index += 1) {
    yield { op: "add", path: toPointer([...path, index]), value: after[index] ?? null };
  }
  // From the last: what is before it keeps its index.
  for (let index = before.length - end - 1; index >= common; index -= 1) {
    yield { op: "remove", path: toPointer([...path, index]), before: before[index] ?? null };
  }
}

function isSame(before: readonly Json[], at: number, after: readonly Json[], other: number): boolean {
  return isEqual(before[at] ?? null, after[other] ?? null);
}

/** Deep equality without making texts of large states; the order of keys does not count. */
function isEqual(one: Json, other: Json): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) && one.length === other.length && one.every((each, at) => isEqual(each, other[at] ?? null))
    );
  }
  if (!isJsonObject(one) || !isJsonObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && isEqual(one[key] ?? null, other[key] ?? null))
  );
}
