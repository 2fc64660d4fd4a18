import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { Pattern } from "../expression/pattern.ts";
import { apply, spend } from "./judging.ts";
import type { Check, Fault, Judge, Judging, Place, Seen } from "./judging.ts";
import { countOf, judgeOf, judgesByName, keyword, mapOf, namesIn } from "./reading.ts";
import type { Source } from "./reading.ts";
import { occurs } from "./text-keywords.ts";

/** required, min- and maxProperties, propertyNames, the dependent ones, properties, patternProperties, additionalProperties. */
export function objectKeywords(source: Source): Check[] {
  return [requiredCheck(source), sizeCheck(source), namesCheck(source), propertiesCheck(source)]
    .filter((check) => check !== undefined)
    .concat(dependentChecks(source));
}

function keysOf(judging: Judging, value: JsonObject): readonly string[] {
  const keys = Object.keys(value);
  spend(judging, 1 + keys.length);
  return keys;
}

function requiredCheck(source: Source): Check | undefined {
  const value = keyword(source, "required");
  if (value === undefined) return undefined;
  const names = namesIn(value, [...source.path, "required"], '"required"');
  return (judging, value, place) => (isJsonObject(value) ? missing(judging, names, value, place, "") : undefined);
}

function missing(
  judging: Judging,
  names: readonly string[],
  value: JsonObject,
  place: Place | undefined,
  why: string,
): Fault | undefined {
  spend(judging, names.length >> 2);
  const name = names.find((each) => !Object.hasOwn(value, each));
  return name === undefined ? undefined : { place, message: `"${shortName(name)}" is missing${why}` };
}

function sizeCheck(source: Source): Check | undefined {
  const least = countOf(source, "minProperties");
  const most = countOf(source, "maxProperties");
  if (least === undefined && most === undefined) return undefined;
  return (judging, value, place) => {
    if (!isJsonObject(value)) return undefined;
    const { length } = keysOf(judging, value);
    if (least !== undefined && length < least) return { place, message: `it must have at least ${least} properties` };
    if (most !== undefined && length > most) return { place, message: `it must have at most ${most} properties` };
    return undefined;
  };
}

function namesCheck(source: Source): Check | undefined {
  const judge = judgeOf(source, "propertyNames");
  if (judge === undefined) return undefined;
  return (judging, value, place) => {
    if (!isJsonObject(value)) return undefined;
    for (const name of keysOf(judging, value)) {
      const fault = apply(judging, judge, name, place, undefined);
      if (fault !== undefined)
        return { place, message: `the name "${shortName(name)}" does not fit: ${fault.message}` };
    }
    return undefined;
  };
}

function propertiesCheck(source: Source): Check | undefined {
  const properties = judgesByName(source, "properties") ?? new Map<string, Judge>();
  const patterns: readonly (readonly [Pattern, Judge])[] = [...(judgesByName(source, "patternProperties") ?? [])].map(
    ([pattern, judge]) => [source.pattern(pattern, [...source.path, "patternProperties", pattern]), judge],
  );
  const rest = judgeOf(source, "additionalProperties");
  if (properties.size === 0 && patterns.length === 0 && rest === undefined) return undefined;
  const closed = keyword(source, "additionalProperties") === false ? closedMessage([...properties.keys()]) : undefined;
  return (judging, value, place, seen) => {
    if (!isJsonObject(value)) return undefined;
    for (const key of keysOf(judging, value)) {
      const at = { around: place, key };
      const item = value[key] ?? null;
      const judge = properties.get(key);
      let known = judge !== undefined;
      let fault = judge && apply(judging, judge, item, at, undefined);
      for (const [pattern, patterned] of patterns) {
        if (fault !== undefined || !occurs(judging, pattern, key)) continue;
        known = true;
        fault = apply(judging, patterned, item, at, undefined);
      }
      if (!known && closed !== undefined) return { place: at, message: closed(key) };
      if (!known && rest !== undefined) fault = apply(judging, rest, item, at, undefined);
      if (fault !== undefined) return fault;
      if (known) seen?.properties.add(key);
    }
    if (seen !== undefined && rest !== undefined) seen.everyProperty = true;
    return undefined;
  };
}

function closedMessage(names: readonly string[]): (name: string) => string {
  const some = names.slice(0, 10).map(shortName).join(", ") + (names.length > 10 ? ", …" : "");
  const known = names.length === 0 ? "" : `; it knows ${some}`;
  return (name) => `the property "${shortName(name)}" is not allowed${known}`;
}

export function shortName(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}

/** dependentRequired, dependentSchemas, and the older dependencies, which are either. */
function dependentChecks(source: Source): Check[] {
  const checks: Check[] = [];
  for (const name of ["dependentRequired", "dependentSchemas", "dependencies"]) {
    for (const [property, part] of Object.entries(mapOf(source, name) ?? {})) {
      checks.push(dependentCheck(source, name, property, part));
    }
  }
  return checks;
}

function dependentCheck(source: Source, name: string, property: string, part: Json): Check {
  const path = [...source.path, name, property];
  if (name === "dependentRequired" || (name === "dependencies" && Array.isArray(part))) {
    const names = namesIn(part, path, `"${name}"`);
    return (judging, value, place) => {
      if (!isJsonObject(value) || !Object.hasOwn(value, property)) return undefined;
      return missing(judging, names, value, place, `, which "${shortName(property)}" asks for`);
    };
  }
  const judge = source.judge(part, path);
  return (judging, value, place, seen) => {
    if (!isJsonObject(value) || !Object.hasOwn(value, property)) return undefined;
    return apply(judging, judge, value, place, seen);
  };
}

/** Judges the properties that no other keyword has looked at. */
export function unevaluatedProperties(source: Source): Check | undefined {
  const judge = judgeOf(source, "unevaluatedProperties");
  if (judge === undefined) return undefined;
  const closed = keyword(source, "unevaluatedProperties") === false ? closedMessage([]) : undefined;
  return (judging, value, place, seen: Seen | undefined) => {
    if (!isJsonObject(value) || seen === undefined || seen.everyProperty) return undefined;
    for (const key of keysOf(judging, value)) {
      if (seen.properties.has(key)) continue;
      const at = { around: place, key };
      if (closed !== undefined) return { place: at, message: closed(key) };
      const fault = apply(judging, judge, value[key] ?? null, at, undefined);
      if (fault !== undefined) return fault;
    }
    seen.everyProperty = true;
    return undefined;
  };
}
