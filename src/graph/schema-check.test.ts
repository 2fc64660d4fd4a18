import { describe, expect, it } from "vitest";
import type { Json } from "../base/json.ts";
import { schemaFault } from "./schema-check.ts";

describe("a value against a JSON Schema", () => {
  it.each<[schema: Json, value: Json, path: string | undefined]>([
    [{}, 1, undefined],
    [true, 1, undefined],
    [false, 1, ""],
    [{ type: "string" }, "a", undefined],
    [{ type: "string" }, 1, ""],
    [{ type: ["string", "null"] }, null, undefined],
    [{ type: "integer" }, 1.0, undefined],
    [{ type: "integer" }, 1.5, ""],
    [{ type: "object" }, [], ""],
    [{ type: "array" }, {}, ""],
    [{ enum: [1, { a: 2 }] }, { a: 2 }, undefined],
    [{ enum: [1, 2] }, 3, ""],
    [{ const: null }, 0, ""],
    [{ minimum: 2, maximum: 3 }, 4, ""],
    [{ minLength: 2 }, "😀", ""],
    [{ maxItems: 1 }, [1, 2], ""],
    [{ items: { type: "number" } }, [1, "a"], "1"],
    [{ required: ["a"] }, { b: 1 }, ""],
    [{ required: ["toString"] }, {}, ""],
    [{ properties: { a: { properties: { b: { type: "null" } } } } }, { a: { b: 1 } }, "a.b"],
    [{ properties: { a: {} }, additionalProperties: false }, { a: 1, c: 2 }, "c"],
    [{ additionalProperties: { type: "number" } }, { x: "1" }, "x"],
    [{ unknownKeyword: 1, pattern: "x" }, "y", undefined],
  ])("%j and %j: fault at %j", (schema, value, path) => {
    expect(schemaFault(schema, value, [])?.path.join(".")).toBe(path);
  });
});
