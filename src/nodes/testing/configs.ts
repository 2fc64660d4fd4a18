import fc from "fast-check";
import type { Json } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";

const TEXTS = [
  "",
  "x",
  "out",
  "a",
  "end",
  "__proto__",
  "constructor",
  "state.x",
  "((",
  "{{",
  "{{ state.x }}",
  "{{ (( }}",
  "https://a.example/{{ state.x }}",
  "99999999999d",
  "\0",
  "\ud800",
  "x".repeat(5000),
];

const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string());
const anything = fc.oneof(
  text,
  fc.constantFrom<Json>(null, true, 0, -1, 1e308, [], {}, [[]]),
  fc.jsonValue({ maxDepth: 3 }).map((value) => value as Json),
);

/** Values of about the shape that a JSON Schema describes: mostly as it says, sometimes something else. */
export function valuesLike(schema: Json | undefined, depth = 4): fc.Arbitrary<Json> {
  if (!isJsonObject(schema) || depth === 0) return anything;
  return fc.oneof({ arbitrary: shaped(schema, depth), weight: 6 }, { arbitrary: anything, weight: 1 });
}

function shaped(schema: { readonly [key: string]: Json }, depth: number): fc.Arbitrary<Json> {
  const { type, anyOf, items, properties, additionalProperties } = schema;
  if (schema["const"] !== undefined) return fc.constant(schema["const"]);
  if (Array.isArray(schema["enum"])) return fc.constantFrom(...(schema["enum"] as readonly Json[]));
  const branches = (Array.isArray(anyOf) ? anyOf : []) as readonly Json[];
  if (branches.length > 0) return fc.oneof(...branches.map((branch) => valuesLike(branch, depth)));
  if (type === "string") return text;
  if (type === "boolean") return fc.boolean();
  if (type === "integer" || type === "number")
    return fc.oneof(fc.integer(), fc.double({ noNaN: true }).filter(Number.isFinite));
  if (type === "array") return fc.array(valuesLike(items, depth - 1), { maxLength: 3 });
  if (type !== "object") return anything;
  const fields = isJsonObject(properties) ? Object.entries(properties) : [];
  if (fields.length === 0) return fc.dictionary(text, valuesLike(additionalProperties, depth - 1), { maxKeys: 3 });
  const shapes = Object.fromEntries(fields.map(([name, field]) => [name, valuesLike(field, depth - 1)]));
  return fc.record(shapes, { requiredKeys: [] }) as fc.Arbitrary<{ [name: string]: Json }>; // no key is undefined
}
