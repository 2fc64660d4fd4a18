import { canonicalJson, isJsonObject, sameJson } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Path } from "./problems.ts";

export interface SchemaFault {
  readonly path: Path;
  readonly message: string;
}

/**
 * The first way in which a value breaks a JSON Schema, by the keywords that say most: type, enum, const, properties,
 * required, additionalProperties, items, minItems, maxItems, minimum, maximum, minLength, maxLength.
 * Other keywords are not looked at: what passes here may still be refused by a full validator.
 */
export function schemaFault(schema: Json | undefined, value: Json, path: Path): SchemaFault | undefined {
  return fault(schema, value, path, new Map());
}

/** Texts of the values of each `enum` met: a long list is compared with each item of another long one by look-up. */
type Enums = Map<readonly Json[], ReadonlySet<string>>;

function fault(schema: Json | undefined, value: Json, path: Path, enums: Enums): SchemaFault | undefined {
  if (schema === false) return { path, message: "nothing is allowed here" };
  if (!isJsonObject(schema)) return undefined;
  return (
    typeFault(schema, value, path, enums) ?? boundFault(schema, value, path) ?? partFault(schema, value, path, enums)
  );
}

function typeFault(schema: JsonObject, value: Json, path: Path, enums: Enums): SchemaFault | undefined {
  const { type } = schema;
  const types = typeof type === "string" ? [type] : Array.isArray(type) ? type : undefined;
  if (types !== undefined && !types.some((each) => typeof each === "string" && isOfType(each, value))) {
    return { path, message: `it must be of type ${types.join(" or ")}` };
  }
  const values = schema["enum"];
  if (Array.isArray(values) && !isAmong(values, value, enums)) {
    return { path, message: `it must be one of ${JSON.stringify(values).slice(0, 200)}` };
  }
  const only = schema["const"];
  if (only !== undefined && !sameJson(only, value))
    return { path, message: `it must be ${JSON.stringify(only).slice(0, 200)}` };
  return undefined;
}

function isAmong(values: readonly Json[], value: Json, enums: Enums): boolean {
  const known = enums.get(values) ?? new Set(values.map(canonicalJson));
  enums.set(values, known);
  return known.has(canonicalJson(value));
}

function isOfType(type: string, value: Json): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "object":
      return isJsonObject(value);
    case "integer":
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

const BOUNDS: readonly (readonly [
  keyword: string,
  measured: (value: Json) => number | undefined,
  lower: boolean,
  what: string,
])[] = [
  ["minimum", asNumber, true, "at least"],
  ["maximum", asNumber, false, "at most"],
  ["minLength", textLength, true, "at least as long as"],
  ["maxLength", textLength, false, "at most as long as"],
  ["minItems", listLength, true, "of at least as many items as"],
  ["maxItems", listLength, false, "of at most as many items as"],
];

function boundFault(schema: JsonObject, value: Json, path: Path): SchemaFault | undefined {
  for (const [keyword, measure, lower, what] of BOUNDS) {
    const bound = schema[keyword];
    const measured = measure(value);
    if (typeof bound !== "number" || measured === undefined) continue;
    if (lower ? measured < bound : measured > bound) return { path, message: `it must be ${what} ${bound}` };
  }
  return undefined;
}

function asNumber(value: Json): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function textLength(value: Json): number | undefined {
  return typeof value === "string" ? Array.from(value).length : undefined;
}

function listLength(value: Json): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

function partFault(schema: JsonObject, value: Json, path: Path, enums: Enums): SchemaFault | undefined {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = fault(schema["items"], item as Json, [...path, index], enums);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const required = schema["required"];
  for (const key of Array.isArray(required) ? required : []) {
    if (typeof key === "string" && !Object.hasOwn(value, key)) return { path, message: `"${key}" is missing` };
  }
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  for (const [key, item] of Object.entries(value)) {
    const own = Object.hasOwn(properties, key);
    const found = fault(own ? properties[key] : schema["additionalProperties"], item, [...path, key], enums);
    if (found !== undefined) return found;
  }
  return undefined;
}
