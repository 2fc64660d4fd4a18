import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../base/json.ts";
import { toOutputFormat } from "./output-format.ts";

const of = (property: Json): JsonObject => ({ type: "object", properties: { a: property } });
const written = (property: Json): unknown => {
  const format = toOutputFormat(of(property));
  return (format?.schema["properties"] as JsonObject | undefined)?.["a"];
};

describe("an output format of the Messages API", () => {
  it("closes every object, and keeps what is required", () => {
    expect(toOutputFormat({ ...of({ ...of({ type: "null" }), required: ["a"] }), title: "T" })).toEqual({
      type: "json_schema",
      schema: {
        title: "T",
        type: "object",
        properties: {
          a: { type: "object", properties: { a: { type: "null" } }, required: ["a"], additionalProperties: false },
        },
        required: [],
        additionalProperties: false,
      },
    });
  });

  it.each<[string, Json, unknown]>([
    ["a bound", { type: "integer", minimum: 1 }, { type: "integer", description: "{minimum: 1}" }],
    [
      "a bound beside a description",
      { type: "string", maxLength: 9, description: "A name" },
      { type: "string", description: "A name\n\n{maxLength: 9}" },
    ],
    ["a format it lacks", { type: "string", format: "iri" }, { type: "string", description: '{format: "iri"}' }],
    ["a format it has", { type: "string", format: "uri" }, { type: "string", format: "uri" }],
    ["an enum", { type: "string", enum: ["x", null] }, { enum: ["x", null] }],
    ["a constant", { const: 1 }, { const: 1 }],
    ["several types", { type: ["string", "null"] }, { anyOf: [{ type: "string" }, { type: "null" }] }],
    ["one of several", { oneOf: [{ type: "string" }] }, { anyOf: [{ type: "string" }] }],
    ["a list", { type: "array", items: { type: "number" }, minItems: 1 }, expect.objectContaining({ minItems: 1 })],
    [
      "a longer list",
      { type: "array", items: { type: "number" }, minItems: 2 },
      expect.not.objectContaining({ minItems: 2 }),
    ],
  ])("says %s as it can", (_, property, expected) => {
    expect(written(property)).toEqual(expected);
  });

  it("writes references out", () => {
    const schema = { ...of({ $ref: "#/$defs/n" }), $defs: { n: { type: "number" } } };
    expect(toOutputFormat(schema)?.schema).toMatchObject({ properties: { a: { type: "number" } } });
    const atRoot = { $ref: "#/$defs/n", $defs: { n: of({ type: "null" }) } };
    expect(toOutputFormat(atRoot)?.schema).toMatchObject({ type: "object", properties: { a: { type: "null" } } });
  });

  it.each<[string, JsonObject]>([
    ["a root that is no object", { type: "array", items: { type: "string" } }],
    ["an object open to any key", of({ type: "object", additionalProperties: { type: "string" } })],
    ["an object without properties", of({ type: "object" })],
    ["keys by pattern", { ...of({ type: "string" }), patternProperties: { "^x": {} } }],
    ["a required key nobody describes", { ...of({ type: "string" }), required: ["b"] }],
    ["a value of any type", of({})],
    ["a boolean schema", of(true)],
    ["a list of anything", of({ type: "array" })],
    ["all of several", of({ allOf: [{ type: "string" }] })],
    ["values that are not scalar", of({ enum: [["x"]] })],
    ["a recursion", { ...of({ $ref: "#/$defs/b" }), $defs: { b: of({ $ref: "#/$defs/b" }) } }],
    ["a reference to nothing", of({ $ref: "#/$defs/__proto__" })],
    ["a reference elsewhere", of({ $ref: "https://example.com/a.json" })],
  ])("is none for %s", (_, schema) => {
    expect(toOutputFormat(schema)).toBeUndefined();
  });

  it("is one or none, whatever the schema", () => {
    const keywords =
      "type properties required items enum const anyOf allOf $ref $defs description format minItems".split(" ");
    const { schema } = fc.letrec<{ schema: unknown }>((tie) => ({
      schema: fc.dictionary(
        fc.constantFrom(...keywords),
        fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom("object", "array", "string", "#/$defs/type", "uri", 1, null, ["a", "items"]),
          tie("schema"),
          fc.array(tie("schema"), { maxLength: 2 }),
        ),
      ),
    }));
    fc.assert(
      fc.property(schema, (given) => {
        const format = toOutputFormat({ type: "object", properties: {}, ...(given as JsonObject) });
        expect(format === undefined || format.schema["additionalProperties"] === false).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("is none for references that double at every step", () => {
    const steps = Array.from({ length: 30 }, (_, n) => {
      const next = { $ref: `#/$defs/s${n + 1}` };
      return [`s${n}`, { type: "object", properties: { a: next, b: next } }];
    });
    const $defs = Object.fromEntries([...steps, ["s30", { type: "null" }]]) as JsonObject;
    expect(toOutputFormat({ ...of({ $ref: "#/$defs/s0" }), $defs })).toBeUndefined();
  });
});
