import { z } from "zod";
import type { Json, JsonObject } from "../base/json.ts";
import { isJsonObject } from "../base/json.ts";
import type { NodeKindSpec, NodeKindSpecs } from "./kinds.ts";
import { channelSchema, edgeSchema, headSchema, ID, nodeCommonSchema } from "./schema.ts";

/** The published JSON Schema of a graph document (2020-12), derived from what the compiler checks by. */
export function graphJsonSchema(kinds: NodeKindSpecs): JsonObject {
  const head = toJsonSchema(headSchema);
  const nodes = [...kinds.values()].map((spec) => [spec.kind, nodeSchema(spec)] as const);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Edgewise graph",
    ...head,
    properties: {
      ...mapping(head["properties"]),
      channels: byId("The parts of the state, by name", { $ref: "#/$defs/channel" }),
      nodes: byId("What is done, by id", { oneOf: nodes.map(([kind]) => ({ $ref: `#/$defs/node-${kind}` })) }),
      edges: { description: "What follows what", type: "array", items: { $ref: "#/$defs/edge" } },
    },
    $defs: {
      channel: { ...toJsonSchema(channelSchema), type: ["object", "null"] },
      edge: toJsonSchema(edgeSchema),
      ...Object.fromEntries(nodes.map(([kind, schema]) => [`node-${kind}`, schema])),
    },
  };
}

function byId(description: string, value: Json): JsonObject {
  return { description, type: "object", propertyNames: { pattern: ID.source }, additionalProperties: value };
}

/** The common fields and the kind's own, in one closed object. */
function nodeSchema(spec: NodeKindSpec): JsonObject {
  const common = toJsonSchema(nodeCommonSchema);
  const own = toJsonSchema(spec.schema);
  const required = [...new Set(["kind", ...list(common["required"]), ...list(own["required"])])];
  const properties = { ...mapping(common["properties"]), ...mapping(own["properties"]), kind: { const: spec.kind } };
  return { ...own, type: "object", properties, required, additionalProperties: false };
}

function toJsonSchema(schema: z.ZodType): JsonObject {
  const { $schema: _, "~standard": __, ...rest } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return JSON.parse(JSON.stringify(rest)) as JsonObject;
}

function mapping(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
