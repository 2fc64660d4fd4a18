import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../base/json.ts";
import { nodeKinds } from "../../nodes/registry.ts";
import { compileGraph } from "../compile.ts";
import { graphJsonSchema } from "../json-schema.ts";
import { compileValueSchema } from "../value-schema/compile.ts";

const compiled = compileValueSchema(graphJsonSchema(nodeKinds));

function judges(parts: JsonObject): readonly [schema: boolean, compiler: boolean] {
  const document: JsonObject = { edgewise: 1, id: "g", ...parts };
  if (!compiled.ok) throw new Error(compiled.message);
  return [compiled.schema.check(document) === undefined, compileGraph({ document }, nodeKinds).ok];
}

const step = { id: "a", kind: "transform", set: { x: "1" } } as const;

describe("the published JSON Schema", () => {
  it.each<[string, Json]>([
    ["a step of a kind", [step]],
    ["a model, without its kind and channel", [{ id: "a", prompt: "Go" }]],
    [
      "dependencies and a condition",
      [
        step,
        { ...step, id: "b", depends_on: "a" },
        { ...step, id: "c", depends_on: ["a", "b"], condition: "true", timeout: "3s", retry: 2 },
      ],
    ],
    ["a graph in place", [{ id: "a", kind: "subgraph", graph: { channels: { x: null }, steps: [step] } }]],
  ])("takes %s, as the compiler does", (_, steps) => {
    expect(judges({ steps })).toEqual([true, true]);
  });

  it.each<[string, JsonObject]>([
    ["a step without an id", { steps: [{ kind: "transform" }] }],
    ["an unknown field", { steps: [{ ...step, depend_on: [] }] }],
    ["steps and nodes", { steps: [step], nodes: { a: { kind: "transform" } }, edges: [] }],
    ["no steps", { steps: [] }],
    ["neither steps nor nodes", {}],
    ["an unknown kind", { steps: [{ id: "a", kind: "nope" }] }],
  ])("refuses %s, as the compiler does", (_, parts) => {
    expect(judges(parts)).toEqual([false, false]);
  });
});
