import { isJsonObject } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";
import { identity } from "./equality.ts";
import type { Check } from "./judging.ts";
import { keyword, listOf, mistake } from "./reading.ts";
import type { Source } from "./reading.ts";

const IS: Readonly<Record<string, (value: Json) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  array: (value) => Array.isArray(value),
  object: isJsonObject,
};
const TYPES = Object.keys(IS).join(", ");

/** type, enum, const. */
export function anyKeywords(source: Source): Check[] {
  return [typeCheck(source), enumCheck(source), constCheck(source)].filter((check) => check !== undefined);
}

function typeCheck(source: Source): Check | undefined {
  const type = keyword(source, "type");
  if (type === undefined) return undefined;
  const names = (Array.isArray(type) ? type : [type]).map((name: Json) => {
    if (typeof name === "string" && Object.hasOwn(IS, name)) return name;
    throw mistake(source, "type", `one of ${TYPES}, or a list of them`);
  });
  const tests = names.map((name) => IS[name] ?? (() => false));
  const [first] = tests;
  if (first === undefined) throw mistake(source, "type", "a list of at least one type");
  const message = `it must be of type ${names.join(" or ")}`;
  const fits = tests.length === 1 ? first : (value: Json) => tests.some((test) => test(value));
  return (_judging, value, place) => (fits(value) ? undefined : { place, message });
}

function enumCheck(source: Source): Check | undefined {
  const values = listOf(source, "enum");
  if (values === undefined) return undefined;
  const path = [...source.path, "enum"];
  const known = new Set(values.map((value) => source.identity(value, path)));
  const composite = values.some((value) => typeof value === "object" && value !== null);
  const message = `it must be one of ${shown(values)}`;
  return (judging, value, place) => {
    if (!composite && typeof value === "object" && value !== null) return { place, message };
    return known.has(identity(judging, value)) ? undefined : { place, message };
  };
}

function constCheck(source: Source): Check | undefined {
  const only = keyword(source, "const");
  if (only === undefined) return undefined;
  const known = source.identity(only, [...source.path, "const"]);
  const message = `it must be ${shown(only)}`;
  return (judging, value, place) => {
    if (typeof only !== typeof value) return { place, message };
    return identity(judging, value) === known ? undefined : { place, message };
  };
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
