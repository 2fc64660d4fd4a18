import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../base/json.ts";
import { compileValueSchema } from "./compile.ts";

function check(document: JsonObject, value: Json) {
  const compiled = compileValueSchema(document);
  if (!compiled.ok) throw new Error(`at ${compiled.path.join("/")}: ${compiled.message}`);
  return compiled.schema.check(value);
}

const TREE = {
  $id: "tree",
  $dynamicAnchor: "node",
  properties: { value: true, sub: { items: { $dynamicRef: "#node" } } },
};
const STRICT = { $dynamicAnchor: "node", $ref: "tree", unevaluatedProperties: false, $defs: { TREE } };

describe("a value against a JSON Schema: the place of the first fault", () => {
  it.each<[schema: JsonObject, value: Json, path: string | undefined]>([
    [{}, 1, undefined],
    [{ type: "string" }, 1, ""],
    [{ type: ["string", "null"] }, null, undefined],
    [{ type: "integer" }, 1.0, undefined],
    [{ type: "integer" }, 1.5, ""],
    [{ type: "object" }, [], ""],
    [{ enum: [1, { a: 2, b: [] }] }, { b: [], a: 2 }, undefined],
    [{ enum: ["1"] }, 1, ""],
    [{ const: null }, 0, ""],
    [{ const: { a: [1] } }, { a: [1] }, undefined],
    [{ minimum: 2, maximum: 3 }, 4, ""],
    [{ exclusiveMaximum: 3 }, 3, ""],
    [{ multipleOf: 0.1 }, 0.3, undefined],
    [{ multipleOf: 0.01 }, 4.355, ""],
    [{ multipleOf: 1e-8 }, 12391239123, undefined],
    [{ minLength: 2 }, "😀", ""],
    [{ maxLength: 1 }, "😀", undefined],
    [{ pattern: "^a+$" }, "aab", ""],
    [
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      "",
    ],
    [{ uniqueItems: true }, [1, true, "1", [1], ["1"], null, 0, false, "=[1]"], undefined],
    [{ maxItems: 1 }, [1, 2], ""],
    [{ items: { type: "number" } }, [1, "a"], "1"],
    [{ prefixItems: [{ type: "string" }], items: false }, ["a", 1], "1"],
    [{ items: [{ type: "string" }], additionalItems: { type: "null" } }, ["a", 1], "1"],
    [{ contains: { const: 1 }, maxContains: 1 }, [1, 2, 1], ""],
    [{ contains: { const: 1 }, minContains: 0 }, [], undefined],
    [{ required: ["toString"] }, {}, ""],
    [{ required: ["__proto__"] }, JSON.parse('{"__proto__": 1}') as Json, undefined],
    [{ properties: { a: { properties: { b: { type: "null" } } } } }, { a: { b: 1 } }, "a/b"],
    [{ properties: { constructor: { type: "number" } } }, {}, undefined],
    [{ additionalProperties: false }, JSON.parse('{"__proto__": 1}') as Json, "__proto__"],
    [{ properties: { a: {} }, additionalProperties: false }, { a: 1, c: 2 }, "c"],
    [{ patternProperties: { "^x-": { type: "number" } }, additionalProperties: false }, { "x-a": "1" }, "x-a"],
    [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, ""],
    [{ minProperties: 1 }, {}, ""],
    [{ dependentRequired: { a: ["b"] } }, { a: 1 }, ""],
    [{ dependentSchemas: { a: { properties: { b: { type: "null" } } } } }, { a: 1, b: 1 }, "b"],
    [{ dependencies: { a: ["b"], c: { required: ["d"] } } }, { c: 1 }, ""],
    [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, 3, ""],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, 1, ""],
    [{ oneOf: [{ minimum: 1 }, { minimum: 2 }] }, 2, ""],
    [{ oneOf: [{ minimum: 1 }, { minimum: 2 }] }, 1, undefined],
    [{ not: { type: "string" } }, "a", ""],
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword
    [{ if: { required: ["a"] }, then: { required: ["b"] }, else: { required: ["c"] } }, { c: 1 }, undefined],
    [{ $ref: "#/$defs/a%25b~1c", $defs: { "a%b/c": { type: "null" } } }, 1, ""],
    [{ properties: { next: { $ref: "#" }, n: { type: "number" } } }, { next: { next: { n: "" } } }, "next/next/n"],
    [{ $ref: "#here", definitions: { x: { $anchor: "here", type: "null" } } }, 1, ""],
    [
      { $id: "https://a.example/", $ref: "b", $defs: { b: { $id: "b", $ref: "#/$defs/c", $defs: { c: false } } } },
      1,
      "",
    ],
    [STRICT, { sub: [{ value: 1 }] }, undefined],
    [STRICT, { sub: [{ vaule: 1 }] }, "sub/0/vaule"],
    [{ allOf: [{ properties: { a: true } }], unevaluatedProperties: false }, { a: 1, b: 2 }, "b"],
    [
      { anyOf: [{ properties: { a: { type: "null" } }, required: ["a"] }, true], unevaluatedProperties: false },
      { a: 1 },
      "a",
    ],
    [{ contains: { const: 1 }, unevaluatedItems: false }, [1, 2], "1"],
    [{ prefixItems: [true], unevaluatedItems: { type: "null" } }, [1, null], undefined],
    [{ format: "date" }, "2026-02-29", ""],
    [{ format: "unheard-of", unknownKeyword: 1, $comment: "x" }, "y", undefined],
  ])("%j and %j: %j", (schema, value, path) => {
    expect(check(schema, value)?.path.join("/")).toBe(path);
  });
});

describe("what a fault says", () => {
  it.each<[schema: JsonObject, value: Json, message: string]>([
    [{ type: ["string", "null"] }, 1, "it must be of type string or null"],
    [{ enum: ["a", 1] }, "b", 'it must be one of ["a",1]'],
    [{ required: ["a"] }, {}, '"a" is missing'],
    [{ properties: { a: {} }, additionalProperties: false }, { b: 1 }, 'the property "b" is not allowed; it knows a'],
    [{ uniqueItems: true }, [1, 2, 1], "its items must differ: items 0 and 2 are equal"],
    [
      { anyOf: [{ type: "string" }, { type: "null" }] },
      1,
      'no schema of "anyOf" fits: it must be of type string; it must be of type null',
    ],
    [
      { oneOf: [{ type: "string" }, { properties: { a: { properties: { b: { minimum: 2 } } } } }] },
      { a: { b: 1 } },
      'no schema of "oneOf" fits; of the nearest, at a/b: it must be at least 2',
    ],
    [{ oneOf: [true, { minimum: 1 }] }, 1, 'it must fit one schema of "oneOf" only, but fits those at 0 and 1'],
    [{ format: "uuid" }, "x", "it must be a UUID"],
  ])("%j and %j", (schema, value, message) => {
    expect(check(schema, value)?.message).toBe(message);
  });

  it("is short, however long the schema or the value", () => {
    const long = "x".repeat(100_000);
    expect(check({ enum: [long] }, "y")?.message.length).toBeLessThan(300);
    expect(check({ required: [long] }, {})?.message.length).toBeLessThan(300);
    expect(check({ properties: { [long]: true }, additionalProperties: false }, { a: 1 })?.message.length).toBeLessThan(
      300,
    );
    expect(check({ additionalProperties: false }, { [long]: 1 })?.message.length).toBeLessThan(300);
    expect(check({ anyOf: [{ const: long }, { const: `${long}!` }] }, "y")?.message.length).toBeLessThan(600);
  });
});

describe("what is no schema", () => {
  it.each<[document: JsonObject, path: string, message: RegExp]>([
    [{ type: "text" }, "type", /one of null, boolean/],
    [{ type: [] }, "type", /at least one/],
    [{ properties: { a: { minimum: "1" } } }, "properties/a/minimum", /"minimum" must be a number/],
    [{ exclusiveMinimum: true }, "exclusiveMinimum", /a number/],
    [{ multipleOf: 0 }, "multipleOf", /above 0/],
    [{ maxLength: -1 }, "maxLength", /whole number/],
    [{ required: "a" }, "required", /list of names/],
    [{ required: ["a", 1] }, "required/1", /list of names/],
    [{ enum: 1 }, "enum", /a list/],
    [{ anyOf: [] }, "anyOf", /at least one/],
    [{ allOf: [{}, 1] }, "allOf/1", /a schema must be an object, true or false/],
    [{ properties: [] }, "properties", /an object/],
    [{ properties: { a: null } }, "properties/a", /a schema must be/],
    [{ $defs: { a: { pattern: "(?=a)" } }, $ref: "#/$defs/a" }, "$defs/a/pattern", /look-around/],
    [{ patternProperties: { "(": {} } }, "patternProperties/(", /without/],
    [{ $ref: "https://example.com/schema" }, "$ref", /nothing is fetched/],
    [{ $ref: "#/$defs/missing" }, "$ref", /leads nowhere/],
    [{ $ref: "#/toString" }, "$ref", /leads nowhere/],
    [{ $ref: "#missing" }, "$ref", /leads nowhere/],
    [{ items: { $id: 1 } }, "items/$id", /a string/],
    [{ $anchor: "1 2" }, "$anchor", /a name/],
    [{ $defs: { a: { $id: "x" }, b: { $id: "x" } } }, "$defs/a/$id", /two schemas/],
  ])("%j is refused at %j", (document, path, message) => {
    const compiled = compileValueSchema(document);
    expect(compiled).toMatchObject({ ok: false, message: expect.stringMatching(message) as string });
    expect(compiled.ok ? [] : compiled.path.join("/")).toBe(path);
  });
});
