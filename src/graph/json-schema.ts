import { z } from "zod";
import type { Json, JsonObject } from "../base/json.ts";
import { isJsonObject } from "../base/json.ts";
import { orSteps, stepDefinition } from "./compact/json-schema.ts";
import type { NodeKindSpec, NodeKindSpecs } from "./kinds.ts";
import {
  channelSchema,
  edgeSchema,
  GRAPH_NAME,
  headSchema,
  ID,
  INSIDE,
  namedGraphSchema,
  nodeCommonSchema,
  parameterSchema,
  placedGraphSchema,
} from "./schema.ts";

/** The published JSON Schema of a graph document (2020-12), derived from what the compiler checks by. */
export function graphJsonSchema(kinds: NodeKindSpecs): JsonObject {
  const nodes = [...kinds.values()].map((spec) => [spec.kind, nodeSchema(spec), spec] as const);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Edgewise graph",
    ...graphSchema(
      headSchema,
      nodes.map(([kind]) => kind),
    ),
    $defs: {
      graph: graphSchema(
        namedGraphSchema,
        nodes.map(([kind]) => kind),
      ),
      "placed-graph": graphSchema(
        placedGraphSchema,
        nodes.map(([kind]) => kind),
      ),
      channel: orNothing(channelSchema),
      parameter: orNothing(parameterSchema),
      edge: toJsonSchema(edgeSchema),
      ...Object.fromEntries(nodes.map(([kind, schema]) => [`node-${kind}`, schema])),
      ...Object.fromEntries(nodes.map(([kind, schema, spec]) => [`step-${kind}`, stepDefinition(spec, schema)])),
    },
  };
}

/** A graph, at whatever place: its parts are described once. */
function graphSchema(schema: z.ZodType, kinds: readonly string[]): JsonObject {
  const head = toJsonSchema(schema);
  const properties = mapping(head["properties"]);
  const parts: JsonObject = {
    channels: byId("The parts of the state, by name", { $ref: "#/$defs/channel" }),
    variables: byId("Values of the graph, read as vars.<name>", true),
    parameters: byId("What a run may be given, read as params.<name>", { $ref: "#/$defs/parameter" }),
    graphs: byId("Graphs that nodes of this one run, by name", { $ref: "#/$defs/graph" }, GRAPH_NAME),
    nodes: byId("What is done, by id", { oneOf: kinds.map((kind) => ({ $ref: `#/$defs/node-${kind}` })) }),
    edges: { description: "What follows what", type: "array", items: { $ref: "#/$defs/edge" } },
  };
  const known = Object.entries(parts).filter(([name]) => Object.hasOwn(properties, name));
  const graph = { ...head, properties: { ...properties, ...Object.fromEntries(known) } };
  return orSteps(
    graph,
    kinds.map((kind) => `step-${kind}`),
  );
}

function byId(description: string, value: Json, names = ID): JsonObject {
  return { description, type: "object", propertyNames: { pattern: names.source }, additionalProperties: value };
}

/** `answer:` without anything is how YAML writes one with nothing to say. */
function orNothing(schema: z.ZodType): JsonObject {
  return { ...toJsonSchema(schema), type: ["object", "null"] };
}

/** The common fields and the kind's own, in one closed object. */
function nodeSchema(spec: NodeKindSpec): JsonObject {
  const common = toJsonSchema(nodeCommonSchema);
  const own = ownDefinitions(toJsonSchema(spec.schema), `node-${spec.kind}`);
  const required = [...new Set(["kind", ...list(common["required"]), ...list(own["required"])])];
  const properties = { ...mapping(common["properties"]), ...mapping(own["properties"]), kind: { const: spec.kind } };
  return { ...own, type: "object", properties, required, additionalProperties: false };
}

/** What a kind's schema has defined beside itself is found where it lies now: within the kind's own definition. */
function ownDefinitions(schema: JsonObject, place: string): JsonObject {
  const names = Object.keys(mapping(schema["$defs"]));
  if (names.length === 0) return schema;
  const moved = new Map(names.map((name) => [`#/$defs/${name}`, `#/$defs/${place}/$defs/${name}`]));
  const text = JSON.stringify(schema, (key, value: unknown) =>
    key === "$ref" && typeof value === "string" ? (moved.get(value) ?? value) : value,
  );
  return JSON.parse(text) as JsonObject;
}

function toJsonSchema(schema: z.ZodType): JsonObject {
  const {
    $schema: _,
    "~standard": __,
    ...rest
  } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ jsonSchema }) {
      if (jsonSchema[INSIDE] !== true) return;
      const { description } = jsonSchema;
      for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
      const anyOf = [{ type: "string" as const, pattern: GRAPH_NAME.source }, { $ref: "#/$defs/placed-graph" }];
      Object.assign(jsonSchema, { description, anyOf });
    },
  });
  return JSON.parse(JSON.stringify(rest)) as JsonObject;
}

function mapping(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
