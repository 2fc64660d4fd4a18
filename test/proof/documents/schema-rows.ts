import type { Json, JsonObject } from "../../../src/base/json.ts";
import { ACCEPTED, type Expected, refused, times } from "./case.ts";
import type { Row } from "./rows.ts";

const channel = (schema: JsonObject, value?: Json): JsonObject => ({
  channels: { x: { schema, ...(value === undefined ? {} : { default: value }) } },
  nodes: { n: { kind: "transform", set: { x: "state.x" } } },
});
const NO_SCHEMA: Expected = { verdict: "refused", code: "invalid_schema" };
const NO_DEFAULT = refused("invalid_default", "/channels/x/default");

/** A definition that names the next one so often, and the last a plain one. */
function chained(length: number, link: (to: JsonObject) => JsonObject): JsonObject {
  const definitions = times(length, (index): [string, JsonObject] => {
    return [`d${index}`, index === length - 1 ? { type: "object" } : link({ $ref: `#/$defs/d${index + 1}` })];
  });
  return { $defs: Object.fromEntries(definitions), $ref: "#/$defs/d0" };
}

function within(depth: number, wrap: (schema: JsonObject) => JsonObject): JsonObject {
  let schema: JsonObject = { type: "object" };
  for (let left = depth; left > 0; left -= 1) schema = wrap(schema);
  return schema;
}

const rowsOf = (name: string, schema: JsonObject, expected: Expected): Row[] => [
  [`a channel: ${name}`, channel(schema, { a: 1 }), expected],
  [
    `a parameter: ${name}`,
    { parameters: { p: { schema, default: { a: 1 } } } },
    { ...expected, ...elsewhere(expected) },
  ],
];

/** The same mistake, in another place. */
function elsewhere(expected: Expected): JsonObject {
  return expected.verdict === "refused" && expected.pointer !== undefined
    ? { pointer: expected.pointer.replace("/channels/x", "/parameters/p") }
    : {};
}

/** Schemas that cost, loop or lie. */
export const SCHEMAS: readonly Row[] = [
  ...rowsOf(
    "allOf that doubles 60 times",
    chained(60, (to) => ({ allOf: [to, to] })),
    NO_DEFAULT,
  ),
  ...rowsOf(
    "anyOf of what refuses, doubled 60 times",
    { ...chained(60, (to) => ({ anyOf: [{ not: to }, { not: to }] })) },
    NO_DEFAULT,
  ),
  ...rowsOf("a definition of itself", { $ref: "#" }, NO_DEFAULT),
  ...rowsOf(
    "two definitions of each other",
    { $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" },
    NO_DEFAULT,
  ),
  ...rowsOf("$dynamicRef to itself", { $dynamicAnchor: "a", $dynamicRef: "#a" }, NO_DEFAULT),
  ...rowsOf("not of itself", { not: { $ref: "#" } }, NO_DEFAULT),
  ...rowsOf(
    "40 schemas within each other",
    within(40, (schema) => ({ allOf: [schema] })),
    ACCEPTED,
  ),
  ...rowsOf("a list of 50,000 values", { enum: times(50_000, (index) => ({ k: index })) }, NO_DEFAULT),
  ...rowsOf(
    "20,000 values, asked 5,000 times",
    { $defs: { e: { enum: times(20_000, (index) => index) } }, allOf: times(5_000, () => ({ $ref: "#/$defs/e" })) },
    NO_DEFAULT,
  ),
  ...rowsOf(
    "patterns that others take for ever",
    { patternProperties: { "^(a+)+$": {}, "(a|a)*b": {}, "(.*)*$": {} } },
    ACCEPTED,
  ),
  ...rowsOf("a pattern that is too large", { pattern: "((a{1,200}){1,200}){1,200}" }, NO_SCHEMA),
  ...rowsOf(
    "3,000 patterns",
    { patternProperties: Object.fromEntries(times(3_000, (index) => [`(a|b|c){1,50}x${index}`, {}])) },
    NO_SCHEMA,
  ),
  ...rowsOf("a pattern that looks back", { pattern: "(a)\\1" }, NO_SCHEMA),
  ...rowsOf("another document", { $ref: "https://json-schema.org/draft/2020-12/schema" }, NO_SCHEMA),
  ...rowsOf("a file", { $ref: "file:///etc/passwd" }, NO_SCHEMA),
  ...rowsOf("a definition that is not there", { $ref: "#/$defs/a" }, NO_SCHEMA),
  ...rowsOf("the definition __proto__", { $ref: "#/$defs/__proto__", $defs: {} }, NO_SCHEMA),
  ...rowsOf("the definition constructor", { $ref: "#/constructor" }, NO_SCHEMA),
  ...rowsOf("properties that every object has", { required: ["constructor"] }, NO_DEFAULT),
  ...rowsOf("a negative length", { minLength: -1 }, NO_SCHEMA),
  ...rowsOf("a type that is none", { type: ["constructor"] }, NO_SCHEMA),
  ...rowsOf("items that are a number", { items: 1 }, NO_SCHEMA),
  ...rowsOf("multiples of 0", { multipleOf: 0 }, NO_SCHEMA),
  ...rowsOf("multiples of next to nothing", { properties: { a: { multipleOf: 5e-324 } } }, ACCEPTED),
  ...rowsOf("25,000 schemas", { allOf: times(25_000, () => ({})) }, NO_SCHEMA),
  [
    "100,000 items that must differ",
    channel(
      { uniqueItems: true },
      times(100_000, (index) => index),
    ),
    ACCEPTED,
  ],
  [
    "60,000 mappings that must differ",
    channel(
      { uniqueItems: true },
      times(60_000, (index) => ({ index: index % 59_999 })),
    ),
    { verdict: "refused", pointer: "/channels/x/default", below: true },
  ],
  [
    "1,000 items that must fit 1,000 times",
    channel(
      { contains: { const: 1_001 } },
      times(1_000, (index) => index),
    ),
    NO_DEFAULT,
  ],
  [
    "a text of 100,000 characters and an evil pattern",
    channel({ pattern: "^(a|aa)+$" }, `${"a".repeat(100_000)}b`),
    NO_DEFAULT,
  ],
  [
    "config: a schema that is none",
    { config: { type: 1 } },
    { verdict: "refused", code: "invalid_schema", pointer: "/config", below: true },
  ],
  [
    "context: a schema that is none",
    { context: { properties: [] } },
    { verdict: "refused", code: "invalid_schema", pointer: "/context", below: true },
  ],
  [
    "input: a schema that is none",
    { input: { properties: { x: { type: "x" } } } },
    { verdict: "refused", code: "invalid_schema", pointer: "/input", below: true },
  ],
  [
    "input: a property that is no channel",
    { input: { properties: { y: {} } } },
    { verdict: "refused", pointer: "/input/properties/y" },
  ],
  [
    "output: a property that is no channel",
    { output: { properties: { constructor: {} } } },
    { verdict: "refused", pointer: "/output/properties/constructor" },
  ],
  [
    "context.__proto__",
    { context: { properties: { a: {} } }, nodes: { n: { kind: "transform", set: { x: "context.__proto__" } } } },
    { verdict: "refused", pointer: "/nodes/n/set/x" },
  ],
  ["a required parameter with a default", { parameters: { p: { required: true, default: 1 } } }, { verdict: "either" }],
];
