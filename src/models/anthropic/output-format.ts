import type Anthropic from "@anthropic-ai/sdk";
import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";

/**
 * Structured outputs (platform.claude.com, "Structured outputs"): a subset of JSON Schema, in which every object is closed.
 * What the subset lacks goes into descriptions, as the SDK's own `transformJSONSchema` does; references are written out,
 * because recursive ones are refused. Undefined for a schema that this would bend into another: an object open to any key, a
 * recursion, a type left open. Such a schema has to be said in words.
 */
export function toOutputFormat(schema: JsonObject): Anthropic.JSONOutputFormat | undefined {
  try {
    const written = new Writer(schema).write(schema, 0);
    return written["type"] === "object" ? { type: "json_schema", schema: written } : undefined;
  } catch (thrown) {
    if (thrown instanceof Inexpressible) return undefined;
    throw thrown;
  }
}

class Inexpressible extends Error {}

const FORMATS: ReadonlySet<Json> = new Set("date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" "));
/** Said by their meaning, not repeated in a description. */
const READ: ReadonlySet<string> = new Set(
  "$schema $id $ref $defs definitions title description type enum const anyOf oneOf properties required additionalProperties items".split(
    " ",
  ),
);
/** Enough for any schema that people write; a recursion ends at the first, a bomb of references at the second. */
const DEEPEST = 32;
const MOST_SCHEMAS = 2_000;

class Writer {
  readonly #root: JsonObject;
  #count = 0;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  write(schema: Json | undefined, depth: number): JsonObject {
    this.#count += 1;
    if (schema === undefined || !isJsonObject(schema)) throw new Inexpressible();
    if (depth > DEEPEST || this.#count > MOST_SCHEMAS) throw new Inexpressible();
    const { $ref: reference, title, description } = schema;
    if (reference !== undefined) return this.write(this.#target(reference), depth + 1);
    return {
      ...(title !== undefined && { title }),
      ...this.#meaning(schema, depth),
      ...describe(schema, description),
    };
  }

  #meaning(schema: JsonObject, depth: number): JsonObject {
    const { type, enum: values, const: value, anyOf, oneOf } = schema;
    const choices = anyOf ?? oneOf;
    if (schema["allOf"] !== undefined || ![...listOf(values), ...(value === undefined ? [] : [value])].every(isScalar))
      throw new Inexpressible();
    if (values !== undefined) return { enum: values };
    if (value !== undefined) return { const: value };
    if (Array.isArray(choices)) {
      // beside its choices an object's own properties would be lost
      if (schema["properties"] !== undefined) throw new Inexpressible();
      return { anyOf: choices.map((choice: Json) => this.write(choice, depth + 1)) };
    }
    if (Array.isArray(type)) {
      return { anyOf: type.map((each: Json) => this.#typed(each, schema, depth)) };
    }
    return this.#typed(type, schema, depth);
  }

  #typed(type: Json | undefined, schema: JsonObject, depth: number): JsonObject {
    if (type === "object") return { type, ...this.#object(schema, depth) };
    if (type === "array") return { type, items: this.write(schema["items"], depth + 1), ...fewest(schema) };
    if (type === "string") return { type, ...(hasFormat(schema) && { format: schema["format"] ?? null }) };
    if (type === "number" || type === "integer" || type === "boolean" || type === "null") return { type };
    throw new Inexpressible();
  }

  /** Closed, which narrows what the document left open: such an answer still fits the schema. */
  #object(schema: JsonObject, depth: number): JsonObject {
    const { properties, required = [], additionalProperties = false } = schema;
    const isOpen = additionalProperties !== false || schema["patternProperties"] !== undefined;
    if (isOpen || properties === undefined || !isJsonObject(properties) || !Array.isArray(required))
      throw new Inexpressible();
    if (!required.every((name: Json) => typeof name === "string" && Object.hasOwn(properties, name)))
      throw new Inexpressible();
    const written = Object.entries(properties).map(([name, property]) => [name, this.write(property, depth + 1)]);
    return { properties: Object.fromEntries(written) as JsonObject, required, additionalProperties: false };
  }

  /** Of `#/$defs/name`, the form in which everybody writes references. */
  #target(reference: Json): Json | undefined {
    const [, group = "", name = ""] =
      /^#\/(\$defs|definitions)\/([\w.-]+)$/.exec(typeof reference === "string" ? reference : "") ?? [];
    const named = this.#root[group];
    if (named === undefined || !isJsonObject(named) || !Object.hasOwn(named, name)) throw new Inexpressible();
    return named[name];
  }
}

function describe(schema: JsonObject, description: Json | undefined): { readonly description?: string } {
  const rest = Object.entries(schema)
    .filter(([keyword]) => !READ.has(keyword) && !(keyword === "format" && hasFormat(schema)))
    .map(([keyword, value]) => `${keyword}: ${JSON.stringify(value)}`);
  const said = [typeof description === "string" ? description : "", rest.length > 0 ? `{${rest.join(", ")}}` : ""];
  const text = said.filter((part) => part !== "").join("\n\n");
  return text === "" ? {} : { description: text };
}

function hasFormat({ format }: JsonObject): boolean {
  return format !== undefined && FORMATS.has(format);
}

/** Of a list's bounds the only two that there are. */
function fewest({ minItems }: JsonObject): { readonly minItems?: number } {
  return minItems === 0 || minItems === 1 ? { minItems } : {};
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function isScalar(value: Json): boolean {
  return value === null || typeof value !== "object";
}
