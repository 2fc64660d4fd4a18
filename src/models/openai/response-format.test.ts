import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import { isStrict, toResponseFormat } from "./response-format.ts";

function closed(properties: JsonObject, more: JsonObject = {}): JsonObject {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false, ...more };
}

function nested(levels: number): JsonObject {
  return levels === 1 ? closed({ end: { type: "string" } }) : closed({ below: nested(levels - 1) });
}

describe("a response format of chat completions", () => {
  it.each<[string, JsonObject]>([
    ["closed, all required", closed({ a: { type: "string", description: "x" }, b: { type: ["number", "null"] } })],
    [
      "bounds and formats it lists",
      closed({ a: { type: "integer", minimum: 1 }, b: { type: "string", format: "date" } }),
    ],
    ["choices within", closed({ a: { anyOf: [{ type: "null" }, closed({ b: { type: "boolean" } })] } })],
    ["lists", closed({ a: { type: "array", items: { type: "string", enum: ["x", "y"] }, minItems: 2 } })],
    ["recursion", closed({ a: { $ref: "#/$defs/b" } }, { $defs: { b: closed({ c: { $ref: "#" } }) } })],
    ["four levels of objects", nested(4)],
  ])("is strict for %s", (_, schema) => {
    expect(isStrict(schema)).toBe(true);
  });

  it.each<[string, JsonObject]>([
    ["an optional property", closed({ a: { type: "string" } }, { required: [] })],
    ["an open object", closed({ a: { type: "string" } }, { additionalProperties: true })],
    ["an open object within", closed({ a: { type: "object", properties: {}, required: [] } })],
    ["an open definition", closed({ a: { $ref: "#/$defs/b" } }, { $defs: { b: { type: "object" } } })],
    ["a default", closed({ a: { type: "string", default: "x" } })],
    ["a keyword of another kind", closed({ a: { oneOf: [{ type: "string" }] } })],
    ["a format it does not list", closed({ a: { type: "string", format: "uri" } })],
    ["a value of any type", closed({ a: {} })],
    ["a boolean schema", closed({ a: true })],
    ["a list of anything", closed({ a: { type: "array" } })],
    ["choices at the root", closed({}, { anyOf: [{ type: "object" }] })],
    ["another document", closed({ a: { $ref: "https://example.com/a.json" } })],
    ["more levels than it takes", nested(6)],
    ["more values than it takes", closed({ a: { type: "integer", enum: Array.from({ length: 1_001 }, (_, n) => n) } })],
    ["more text than it takes", closed({ a: { type: "string", description: "x".repeat(120_000) } })],
    ["properties that are none", { type: "object", properties: [], additionalProperties: false }],
  ])("is not strict for %s", (_, schema) => {
    expect(isStrict(schema)).toBe(false);
  });

  it("hands the schema on as it is, and is none where the root is not an object", () => {
    const schema = closed({ a: { type: "string", minLength: 3 } });
    expect(toResponseFormat({ name: "x", schema })?.json_schema).toEqual({ name: "x", schema, strict: false });
    expect(toResponseFormat({ name: "x", schema: { anyOf: [schema] } })).toBeUndefined();
  });
});
