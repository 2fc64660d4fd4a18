import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import { graphJsonSchema } from "./json-schema.ts";
import { testKinds } from "./testing/kinds.ts";
import { compileValueSchema } from "./value-schema/compile.ts";

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
      required: ["edgewise", "id"],
      oneOf: [{ required: ["nodes", "edges"] }, { required: ["steps"] }],
      properties: { edgewise: { const: 1 }, limits: { properties: { steps: { default: 100, maximum: 100_000 } } } },
    });
  });

  it("has each kind's fields beside the common ones", () => {
    expect(at("properties", "nodes")).toMatchObject({
      additionalProperties: { oneOf: [...nodeKinds.keys()].map((kind) => ({ $ref: `#/$defs/node-${kind}` })) },
    });
    expect(at("$defs", "node-model")).toMatchObject({
      additionalProperties: false,
      properties: {
        kind: { const: "model" },
        prompt: { type: "string" },
        retry: {},
        timeout: {},
        join: {},
        effect: { enum: ["pure", "idempotent", "unsafe"] },
        cache: { properties: { ttl: {}, key: { type: "string" } } },
        description: {},
      },
    });
    expect(at("$defs", "node-transform", "properties", "set", "additionalProperties")).toEqual({ type: "string" });
  });

  it("is plain JSON whose references lead somewhere", () => {
    for (const each of [schema, graphJsonSchema(testKinds)]) {
      const text = JSON.stringify(each);
      for (const [, path = ""] of text.matchAll(/"#\/([^"]+)"/g)) {
        const found = path
          .split("/")
          .reduce<Json | undefined>((value, key) => (value as JsonObject | undefined)?.[key], each);
        expect(found, path).toBeTypeOf("object");
      }
      expect(JSON.parse(text)).toEqual(each);
    }
  });
});

const INNER: JsonObject = { nodes: { a: { kind: "hop" } }, edges: [{ from: "start", to: "a" }] };
const BASE: JsonObject = { edgewise: 1, id: "g", channels: { x: null }, ...INNER };
const running = (graph: Json): JsonObject => ({ nodes: { a: { kind: "frames", graph } }, graphs: { g: INNER } });

describe("what the compiler takes", () => {
  const judged = compileValueSchema(graphJsonSchema(testKinds));
  const takes = (document: JsonObject): boolean => judged.ok && judged.schema.check(document) === undefined;

  it.each<[JsonObject]>([
    [{}],
    [{ variables: { a: [1] }, parameters: { p: null, q: { schema: {}, default: 1, required: true } } }],
    [{ config: { type: "object" }, context: {} }],
    [{ input: ["x"], output: { properties: { x: {} } } }],
    [{ graphs: { "brief@3": { ...BASE, id: "brief" }, other: INNER } }],
    [running("g")],
    [running(INNER)],
    [running({ ...INNER, nodes: { a: { kind: "frames", graph: INNER } } })],
    [{ nodes: { a: { kind: "transform", effect: "idempotent", cache: { ttl: "1s", key: "1" } } } }],
  ])("it describes: %j", (more) => {
    const document = { ...BASE, ...more };
    expect(compileGraph({ document }, testKinds)).toMatchObject({ ok: true });
    expect(judged).toMatchObject({ ok: true });
    expect(judged.ok && judged.schema.check(document)).toBe(undefined);
  });

  it.each<[JsonObject]>([
    [{ variables: { "1": 1 } }],
    [{ parameters: { p: { type: "string" } } }],
    [{ graphs: { "a b": INNER } }],
    [{ graphs: { g: { ...INNER, nodes: { a: { kind: "nobody" } } } } }],
    [running(5)],
    [running({ ...INNER, variables: {} })],
    [running({ ...INNER, edges: [{ to: "a" }] })],
    [{ nodes: { a: { kind: "transform", cache: {} } } }],
  ])("and what it refuses is not described: %j", (more) => {
    const document = { ...BASE, ...more };
    expect(compileGraph({ document }, testKinds).ok).toBe(false);
    expect(takes(document)).toBe(false);
  });
});
