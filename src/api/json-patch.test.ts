import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject, type Json } from "../base/json.ts";
import { type PatchOperation, patchOf } from "./json-patch.ts";

/** RFC 6902, section 4, as one would write it down; `before` must be what is there. */
function apply(target: Json, operation: PatchOperation): Json {
  const path = operation.path
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return change(target, path, operation);
}

function change(target: Json, [key, ...rest]: readonly string[], operation: PatchOperation): Json {
  if (key === undefined) return "value" in operation ? operation.value : null;
  if (rest.length > 0) return put(target, key, change(at(target, key), rest, operation));
  if (operation.op !== "add") expect(at(target, key)).toEqual(operation.before);
  if (operation.op === "remove") return without(target, key);
  if (operation.op === "replace") return put(target, key, operation.value);
  return Array.isArray(target) ? target.toSpliced(Number(key), 0, operation.value) : put(target, key, operation.value);
}
const at = (target: Json, key: string) => (Array.isArray(target) ? target[Number(key)] : entry(target, key)) ?? null;
const entry = (target: Json, key: string) => new Map(Object.entries(isJsonObject(target) ? target : {})).get(key);
const without = (target: Json, key: string): Json =>
  Array.isArray(target)
    ? target.toSpliced(Number(key), 1)
    : Object.fromEntries(Object.entries(target as object).filter(([name]) => name !== key));
const put = (target: Json, key: string, value: Json): Json =>
  Array.isArray(target)
    ? target.with(Number(key), value)
    : Object.fromEntries([...Object.entries(target as object).filter(([name]) => name !== key), [key, value]]);

const patch = (before: Json, after: Json) => [...patchOf(before, after)];
const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
/** Values that have most in common: what a diff mostly meets. */
const lists = fc.array(fc.constantFrom<Json>(1, 2, { a: 1 }, { a: 1, b: [1] }, [1, 2], null), { maxLength: 6 });

describe("a patch", () => {
  it.each([
    ["any values", json],
    ["lists with much in common", lists],
  ])("of %s, applied, makes the one of the other", (_, values) => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        expect(patch(before, after).reduce(apply, before)).toEqual(after);
      }),
    );
  });

  it("is empty exactly for equal values, whatever the order of their keys", () => {
    expect(patch({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toEqual([]);
    fc.assert(
      fc.property(json, (value) => {
        expect(patch(value, structuredClone(value))).toEqual([]);
      }),
    );
  });

  it("shows what was appended, cut out or changed in a list as just that", () => {
    expect(patch([1, 2], [1, 2, 3])).toEqual([{ op: "add", path: "/2", value: 3 }]);
    expect(patch([1, 2, 3], [1, 3])).toEqual([{ op: "remove", path: "/1", before: 2 }]);
    expect(patch([{ a: 1 }, 2], [{ a: 5 }, 2])).toEqual([{ op: "replace", path: "/0/a", before: 1, value: 5 }]);
  });

  it("escapes its pointers, and takes `__proto__` for a name", () => {
    expect(patch({}, JSON.parse('{"a/b~":1,"__proto__":2}') as Json).map(({ path }) => path)).toEqual([
      "/a~1b~0",
      "/__proto__",
    ]);
  });
});
