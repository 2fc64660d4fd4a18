import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { namesOf, ordersInside } from "../graphs-inside.ts";
import type { Path } from "../problems.ts";

/** A value that may be missing where another document has one. */
export type Maybe = Json | undefined;

/**
 * Equality as the hash of a document sees it: the order of keys does not count, -0 is 0.
 * With a stack of its own, so that no depth of a document ends the call stack.
 */
export function same(one: Maybe, other: Maybe): boolean {
  const pairs: [Maybe, Maybe][] = [[one, other]];
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const [left, right] = pair;
    if (left === right) continue;
    if (Array.isArray(left) && Array.isArray(right)) {
      if (left.length !== right.length) return false;
      for (const [index, item] of left.entries()) pairs.push([item, right[index]]);
    } else if (isJsonObject(left) && isJsonObject(right)) {
      const keys = Object.keys(left);
      if (keys.length !== Object.keys(right).length) return false;
      for (const key of keys) {
        if (!Object.hasOwn(right, key)) return false;
        pairs.push([left[key], right[key]]);
      }
    } else {
      return false;
    }
  }
  return true;
}

/**
 * Equal, with the order of the channels and nodes of every graph in it, which decides how writes fold (R5). `path` is from
 * the graph around the value to it.
 */
export function sameInOrder(path: Path, one: Maybe, other: Maybe): boolean {
  if (!same(one, other)) return false;
  if (!isJsonObject(one) || !isJsonObject(other) || !ORDERED.has(path[0])) return true;
  const [left, right] = [one, other].map((value): Maybe => orders(around(path, value)));
  return same(left, right);
}

const ORDERED: ReadonlySet<Path[number] | undefined> = new Set([undefined, "channels", "nodes", "graphs"]);

function orders(graph: JsonObject): Json {
  return [...namesOf(graph), ...ordersInside(graph)];
}

/** The value where it stands in its graph, and nothing else. */
function around(path: Path, value: JsonObject): JsonObject {
  return path.reduceRight<JsonObject>((inner, key) => ({ [key]: inner }), value);
}

/** A value's own entry; what an object inherits is not part of a document. */
export function entryOf(value: Maybe, key: string): Maybe {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
