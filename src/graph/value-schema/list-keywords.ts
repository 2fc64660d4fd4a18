import type { Json } from "../../base/json.ts";
import { identity } from "./equality.ts";
import type { Identity } from "./equality.ts";
import { apply, spend } from "./judging.ts";
import type { Check, Fault, Judge, Judging, Place, Seen } from "./judging.ts";
import { countOf, flagOf, judgeOf, judgesOf, keyword } from "./reading.ts";
import type { Source } from "./reading.ts";

/** minItems, maxItems, uniqueItems, prefixItems, items (a list of schemas, too, as before 2020), additionalItems, contains. */
export function listKeywords(source: Source): Check[] {
  const checks = [sizeCheck(source), uniqueCheck(source), itemsCheck(source), containsCheck(source)];
  return checks.filter((check) => check !== undefined);
}

function sizeCheck(source: Source): Check | undefined {
  const least = countOf(source, "minItems");
  const most = countOf(source, "maxItems");
  if (least === undefined && most === undefined) return undefined;
  return (_judging, value, place) => {
    if (!Array.isArray(value)) return undefined;
    if (least !== undefined && value.length < least)
      return { place, message: `it must be of at least as many items as ${least}` };
    if (most !== undefined && value.length > most)
      return { place, message: `it must be of at most as many items as ${most}` };
    return undefined;
  };
}

function uniqueCheck(source: Source): Check | undefined {
  if (!flagOf(source, "uniqueItems")) return undefined;
  return (judging, value, place) => {
    if (!Array.isArray(value)) return undefined;
    const known = new Map<Identity, number>();
    for (const [index, item] of (value as readonly Json[]).entries()) {
      spend(judging, 1);
      const name = identity(judging, item);
      const twin = known.get(name);
      if (twin !== undefined) return { place, message: `its items must differ: items ${twin} and ${index} are equal` };
      known.set(name, index);
    }
    return undefined;
  };
}

function itemsCheck(source: Source): Check | undefined {
  const old = Array.isArray(keyword(source, "items"));
  const prefix = judgesOf(source, old ? "items" : "prefixItems") ?? [];
  const rest = judgeOf(source, old ? "additionalItems" : "items");
  if (prefix.length === 0 && rest === undefined) return undefined;
  return (judging, value, place, seen) => {
    if (!Array.isArray(value)) return undefined;
    const end = rest === undefined ? Math.min(prefix.length, value.length) : value.length;
    for (let index = 0; index < end; index += 1) {
      const judge = prefix[index] ?? rest;
      const fault = judge && item(judging, judge, value, index, place);
      if (fault !== undefined) return fault;
    }
    if (seen !== undefined) seen.itemsUpTo = Math.max(seen.itemsUpTo, end);
    return undefined;
  };
}

function item(
  judging: Judging,
  judge: Judge,
  list: readonly Json[],
  index: number,
  around: Place | undefined,
): Fault | undefined {
  return apply(judging, judge, list[index] ?? null, { around, key: index }, undefined);
}

function containsCheck(source: Source): Check | undefined {
  const judge = judgeOf(source, "contains");
  const least = countOf(source, "minContains") ?? 1;
  const most = countOf(source, "maxContains") ?? Number.POSITIVE_INFINITY;
  if (judge === undefined) return undefined;
  return (judging, value, place, seen) => {
    if (!Array.isArray(value)) return undefined;
    let found = 0;
    for (let index = 0; index < value.length; index += 1) {
      if (seen === undefined && found >= least && most === Number.POSITIVE_INFINITY) break;
      if (item(judging, judge, value, index, place) !== undefined) continue;
      found += 1;
      seen?.items.add(index);
    }
    if (found < least)
      return { place, message: `at least ${least} of its items must fit the schema of "contains", not ${found}` };
    if (found > most)
      return { place, message: `at most ${most} of its items may fit the schema of "contains", not ${found}` };
    return undefined;
  };
}

/** Judges the items that no other keyword has looked at. */
export function unevaluatedItems(source: Source): Check | undefined {
  const judge = judgeOf(source, "unevaluatedItems");
  if (judge === undefined) return undefined;
  return (judging, value, place, seen: Seen | undefined) => {
    if (!Array.isArray(value) || seen === undefined) return undefined;
    for (let index = seen.itemsUpTo; index < value.length; index += 1) {
      if (seen.items.has(index)) continue;
      const fault = item(judging, judge, value, index, place);
      if (fault !== undefined) return fault;
    }
    seen.itemsUpTo = value.length;
    return undefined;
  };
}
