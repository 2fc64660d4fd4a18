import { Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json, JsonObject } from "../../base/json.ts";
import { compileValueSchema } from "./compile.ts";

const key = fc.constantFrom("a", "b", "c");
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.constantFrom<Json>(null, true, false, 0, 1, 2, -1, 0.5, "", "a", "ab", "é😀"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3 }),
  ),
}));

const count = fc.integer({ min: 0, max: 3 });
const type = fc.constantFrom("null", "boolean", "number", "integer", "string", "array", "object");
const names = fc.uniqueArray(key, { maxLength: 2 });

const { schema } = fc.letrec<{ schema: Json; inner: Json }>((tie) => {
  const inner = tie("inner");
  const several = fc.array(inner, { minLength: 1, maxLength: 3 });
  const byName = fc.dictionary(key, inner, { maxKeys: 2 });
  const keywords: Record<string, fc.Arbitrary<Json>> = {
    type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
    enum: fc.array(value, { minLength: 1, maxLength: 4 }),
    const: value,
    minimum: fc.constantFrom(-1, 0, 1),
    exclusiveMaximum: fc.constantFrom(0, 1, 2),
    multipleOf: fc.constantFrom(0.5, 1, 2),
    minLength: count,
    maxLength: count,
    minItems: count,
    maxItems: count,
    uniqueItems: fc.boolean(),
    prefixItems: several,
    items: inner,
    contains: inner,
    minContains: count,
    maxContains: count,
    properties: byName,
    additionalProperties: inner,
    propertyNames: inner,
    required: names,
    dependentRequired: fc.dictionary(key, names, { maxKeys: 2 }),
    dependentSchemas: byName,
    minProperties: count,
    maxProperties: count,
    allOf: several,
    anyOf: several,
    oneOf: several,
    not: inner,
    if: inner,
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword
    then: inner,
    else: inner,
    $ref: fc.constantFrom("#/$defs/x", "#/$defs/y"),
    unevaluatedProperties: inner,
    unevaluatedItems: inner,
  };
  const some = fc
    .uniqueArray(fc.constantFrom(...Object.keys(keywords)), { minLength: 1, maxLength: 4 })
    .chain((chosen) =>
      fc.record(Object.fromEntries(chosen.map((name) => [name, keywords[name] ?? fc.constant(null)]))),
    );
  return {
    schema: some,
    inner: fc.oneof({ maxDepth: 3, depthSize: "small" }, fc.boolean(), some as fc.Arbitrary<Json>),
  };
});

const leaf = fc.constantFrom<Json>(
  true,
  { type: "string" },
  { required: ["a"] },
  { properties: { a: { type: "null" } } },
);

it("agrees with another validator on schemas of all keywords but patterns and formats", () => {
  fc.assert(
    fc.property(schema, leaf, leaf, value, (drawn, x, y, instance) => {
      const document = { ...(drawn as JsonObject), $defs: { x, y } };
      const compiled = compileValueSchema(document);
      if (!compiled.ok) throw new Error(compiled.message);
      const theirs = new Validator(document as object, "2020-12").validate(instance).valid;
      expect(compiled.schema.check(instance) === undefined).toBe(theirs);
    }),
    { numRuns: 2000 },
  );
});
