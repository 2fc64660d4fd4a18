import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { SchemaPath } from "./reading.ts";

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const ONE = [
  "not",
  "if",
  "then",
  "else",
  "items",
  "additionalItems",
  "contains",
  "unevaluatedItems",
  "additionalProperties",
  "propertyNames",
  "unevaluatedProperties",
  "contentSchema",
];
const LIST = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
const BY_NAME = ["properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions"];

export interface Part {
  readonly value: JsonObject;
  readonly path: SchemaPath;
}

/** The schemas directly within a schema that are objects; what is of the wrong kind is found when its keyword is compiled. */
export function* partsOf({ value, path }: Part): Generator<Part> {
  for (const name of ONE) yield* objects([[[name], own(value, name)]], path);
  for (const name of LIST) {
    const list = own(value, name);
    if (Array.isArray(list))
      yield* objects(
        list.map((part: Json, index) => [[name, index], part] as const),
        path,
      );
  }
  for (const name of BY_NAME) {
    const map = own(value, name);
    if (isJsonObject(map))
      yield* objects(
        Object.entries(map).map(([key, part]) => [[name, key], part] as const),
        path,
      );
  }
}

function* objects(
  parts: readonly (readonly [keys: SchemaPath, value: Json | undefined])[],
  path: SchemaPath,
): Generator<Part> {
  for (const [keys, value] of parts) if (isJsonObject(value)) yield { value, path: [...path, ...keys] };
}

export function own(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
