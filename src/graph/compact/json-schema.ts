import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { NodeKindSpec } from "../kinds.ts";
import { ID } from "../schema.ts";
import { writesByName } from "./fields.ts";
import { DEFAULT_KIND } from "./steps.ts";

const id: JsonObject = { type: "string", pattern: ID.source, description: "The step's id, which others depend on" };
const OWN: JsonObject = {
  id,
  depends_on: {
    description: "What it follows: a step, several, or none ([]: start). The step before it, if left out",
    anyOf: [id, { type: "array", items: id, uniqueItems: true }],
  },
  condition: { type: "string", description: "CEL; the step is taken when it is true" },
  send: {
    type: "string",
    description: "CEL expression of a list: the step runs once for each item, which is its payload",
  },
};

/** A step of a kind, made from the definition of its node. */
export function stepDefinition(spec: NodeKindSpec, node: JsonObject): JsonObject {
  const { $defs: _, ...rest } = node;
  const properties = isJsonObject(node["properties"]) ? node["properties"] : {};
  const required = Array.isArray(node["required"]) ? (node["required"] as readonly Json[]) : [];
  const mayLeaveOut = (field: Json): boolean =>
    (field === "kind" && spec.kind === DEFAULT_KIND) || (field === "write" && writesByName(spec));
  return {
    ...rest,
    properties: { ...OWN, ...properties },
    required: ["id", ...required.filter((field) => !mayLeaveOut(field))],
  };
}

/** A graph that may be written with steps instead of nodes and edges. */
export function orSteps(graph: JsonObject, steps: readonly string[]): JsonObject {
  const properties = isJsonObject(graph["properties"]) ? graph["properties"] : {};
  const required = Array.isArray(graph["required"]) ? (graph["required"] as readonly Json[]) : [];
  const isLong = (field: Json): boolean => field === "nodes" || field === "edges";
  const list: JsonObject = {
    description: "Instead of nodes and edges: what is done, in order",
    type: "array",
    minItems: 1,
    items: { oneOf: steps.map((name) => ({ $ref: `#/$defs/${name}` })) },
  };
  return {
    ...graph,
    properties: { ...properties, steps: list },
    required: required.filter((field) => !isLong(field)),
    oneOf: [
      { required: ["nodes", "edges"], properties: { steps: false } },
      { required: ["steps"], properties: { nodes: false, edges: false } },
    ],
  };
}
