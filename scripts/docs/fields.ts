import { z } from "zod";
import { isJsonObject } from "../../src/base/json.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";

/** One field of a node, as its page shows it. */
export interface Field {
  /** With the way to it: `retry.attempts`, `cases[].when`. */
  readonly name: string;
  readonly type: string;
  /** JSON, "required", or nothing. */
  readonly initial: string;
  readonly meaning: string;
}

/** The fields that a schema of a mapping names, in its order, each followed by those within it. */
export function fieldsOf(schema: z.ZodType): readonly Field[] {
  const document = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }))) as Json;
  return within(document, "");
}

function within(schema: Json | undefined, prefix: string): readonly Field[] {
  if (!isJsonObject(schema)) return [];
  const { properties, items, required, additionalProperties } = schema;
  const inBranches = branchesOf(schema).flatMap((branch) => within(branch, prefix));
  const inItems = within(items, `${prefix.replace(/\.$/, "")}[].`);
  const inValues = within(additionalProperties, `${prefix}<name>.`);
  const needed = new Set(Array.isArray(required) ? (required as readonly Json[]) : []);
  const own = Object.entries(isJsonObject(properties) ? properties : {}).flatMap(([name, field]): readonly Field[] => {
    if (!isJsonObject(field)) return [];
    const initial = field["default"] === undefined ? (needed.has(name) ? "required" : "") : code(field["default"]);
    const meaning = typeof field["description"] === "string" ? field["description"] : "";
    return [
      { name: `${prefix}${name}`, type: typeOf(field), initial, meaning },
      ...within({ ...field, items: field["items"] ?? null }, `${prefix}${name}.`),
    ];
  });
  return [...own, ...inItems, ...inValues, ...inBranches];
}

function branchesOf({ anyOf }: JsonObject): readonly JsonObject[] {
  return (Array.isArray(anyOf) ? (anyOf as readonly Json[]) : []).filter(isJsonObject);
}

/** A field's type in words. */
export function typeOf(schema: Json | undefined): string {
  if (!isJsonObject(schema)) return "anything";
  if (typeof schema["title"] === "string") return schema["title"];
  const branches = branchesOf(schema);
  if (branches.length > 0) return [...new Set(branches.map(typeOf))].join(" or ");
  if (schema["const"] !== undefined) return code(schema["const"]);
  if (Array.isArray(schema["enum"])) return (schema["enum"] as readonly Json[]).map(code).join(", ");
  const { type, items } = schema;
  if (type === "integer" || type === "number") return `${NAMES[type]}${boundsOf(schema)}`;
  if (type === "array") return `list of ${plural(typeOf(items))}`;
  if (type === "object") return typeOfMapping(schema);
  return (typeof type === "string" && NAMES[type]) || "anything";
}

const NAMES: Readonly<Record<string, string>> = {
  string: "text",
  boolean: "true or false",
  integer: "whole number",
  number: "number",
};

function typeOfMapping({ properties, additionalProperties }: JsonObject): string {
  if (isJsonObject(properties)) return `\`{${Object.keys(properties).join(", ")}}\``;
  const values = typeOf(additionalProperties);
  return values === "anything" ? "mapping" : `mapping to ${values}`;
}

function plural(type: string): string {
  if (type === "text" || type === "status") return type === "text" ? "texts" : "statuses";
  return type.replace(/^(whole )?number/, "$1numbers");
}

function boundsOf({ minimum, maximum }: JsonObject): string {
  // what a whole number of JavaScript is bounded by is nobody's choice
  const upper = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const lower = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  if (lower === undefined && upper === undefined) return "";
  if (upper === undefined) return `, at least ${shown(lower)}`;
  return lower === undefined ? `, at most ${shown(upper)}` : `, ${shown(lower)} to ${shown(upper)}`;
}

function shown(bound: Json | undefined): string {
  return typeof bound === "number" ? bound.toLocaleString("en-US") : "";
}

function code(value: Json): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}
