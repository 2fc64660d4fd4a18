import type OpenAI from "openai";
import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { ResponseSchema } from "../contract.ts";

/**
 * Structured Outputs (developers.openai.com, "Structured model outputs"). The root has to say `type: object`, in strict mode
 * or not: for another schema there is no format, and it has to be said in words.
 */
export function toResponseFormat({ name, schema }: ResponseSchema): OpenAI.ResponseFormatJSONSchema | undefined {
  if (schema["type"] !== "object") return undefined;
  return { type: "json_schema", json_schema: { name, schema, strict: isStrict(schema) } };
}

/** What strict mode takes; it refuses a schema with any other keyword, `default` and `oneOf` among them. */
const KEYWORDS: ReadonlySet<string> = new Set(
  [
    "$schema $ref $defs definitions title description type enum const anyOf properties required additionalProperties",
    "items minItems maxItems pattern format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf",
  ].flatMap((line) => line.split(" ")),
);
const FORMATS: ReadonlySet<Json> = new Set("date-time time date duration email hostname ipv4 ipv6 uuid".split(" "));

/**
 * At or below the documented limits (10 levels, of old 5; 5,000 properties; 1,000 enum values; 120,000 characters): a
 * schema that is refused fails its node, one that is sent without `strict` only loses the provider's guarantee.
 */
const DEEPEST = 5;
const MOST_PROPERTIES = 5_000;
const MOST_VALUES = 1_000;
const MOST_CHARACTERS = 120_000;

interface Count {
  properties: number;
  values: number;
}

/** Whether strict mode takes the schema as it is. */
export function isStrict(schema: JsonObject): boolean {
  if (schema["anyOf"] !== undefined || JSON.stringify(schema).length > MOST_CHARACTERS) return false;
  const count: Count = { properties: 0, values: 0 };
  return isTaken(schema, 1, count) && count.properties <= MOST_PROPERTIES && count.values <= MOST_VALUES;
}

function isTaken(schema: Json | undefined, depth: number, count: Count): boolean {
  if (schema === undefined || !isJsonObject(schema) || depth > DEEPEST) return false;
  if (!Object.keys(schema).every((keyword) => KEYWORDS.has(keyword))) return false;
  if (["type", "anyOf", "$ref"].every((keyword) => schema[keyword] === undefined)) return false;
  const { enum: values, format, $ref: reference, $defs, definitions } = schema;
  if (Array.isArray(values)) count.values += values.length;
  if (format !== undefined && !FORMATS.has(format)) return false;
  if (reference !== undefined && !(typeof reference === "string" && reference.startsWith("#"))) return false;
  const isBelowTaken = (below: Json) => isTaken(below, depth, count);
  return (
    [$defs, definitions].every((named) => Object.values(named ?? {}).every(isBelowTaken)) &&
    listOf(schema["anyOf"]).every(isBelowTaken) &&
    isObjectTaken(schema, depth, count) &&
    isArrayTaken(schema, depth, count)
  );
}

/** An object is closed, and every property of it required. */
function isObjectTaken(schema: JsonObject, depth: number, count: Count): boolean {
  if (!listOf(schema["type"]).includes("object") && schema["properties"] === undefined) return true;
  const { properties = {}, additionalProperties } = schema;
  if (additionalProperties !== false || !isJsonObject(properties)) return false;
  const required = new Set(listOf(schema["required"]));
  const entries = Object.entries(properties);
  count.properties += entries.length;
  return entries.every(([name, property]) => required.has(name) && isTaken(property, depth + 1, count));
}

function isArrayTaken(schema: JsonObject, depth: number, count: Count): boolean {
  if (!listOf(schema["type"]).includes("array") && schema["items"] === undefined) return true;
  return isTaken(schema["items"], depth + 1, count);
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
