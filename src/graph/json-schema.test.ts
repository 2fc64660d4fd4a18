import { describe, expect, it } from "vitest";
import type { Json } from "../base/json.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { graphJsonSchema } from "./json-schema.ts";

const schema = graphJsonSchema(nodeKinds);

function at(...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, key) => (value as Record<string, Json> | undefined)?.[key], schema);
}

describe("the published JSON Schema", () => {
  it("is closed, and says the format's version", () => {
    expect(schema).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      additionalProperties: false,
      required: ["edgewise", "id", "nodes", "edges"],
      properties: { edgewise: { const: 1 }, limits: { properties: { steps: { default: 100, maximum: 100_000 } } } },
    });
  });

  it("has each kind's fields beside the common ones", () => {
    expect(at("properties", "nodes")).toMatchObject({
      additionalProperties: { oneOf: [...nodeKinds.keys()].map((kind) => ({ $ref: `#/$defs/node-${kind}` })) },
    });
    expect(at("$defs", "node-model")).toMatchObject({
      additionalProperties: false,
      required: ["kind", "write"],
      properties: {
        kind: { const: "model" },
        prompt: { type: "string" },
        retry: {},
        timeout: {},
        join: {},
        description: {},
      },
    });
    expect(at("$defs", "node-transform", "properties", "set", "additionalProperties")).toEqual({ type: "string" });
  });

  it("is plain JSON whose references lead somewhere", () => {
    const text = JSON.stringify(schema);
    for (const [, name = ""] of text.matchAll(/"#\/\$defs\/([^"]+)"/g)) expect(at("$defs", name)).toBeTypeOf("object");
    expect(JSON.parse(text)).toEqual(schema);
  });
});
