import type { Json, JsonObject } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";
import type { GlobalName } from "../plan.ts";

/** CEL's type of each field; undefined: any field, of any type. */
export type Fields = ReadonlyMap<string, string> | undefined;

/** What a graph's expressions may name beside its channels and `payload`, and of what type it is. */
export interface Globals {
  readonly objects: ReadonlyMap<ObjectName, Fields>;
  readonly locals: readonly Local[];
}

/** Known in some places only. */
export type Local = Extract<GlobalName, "item" | "index" | "answer" | "answers">;
export type ObjectName = Exclude<GlobalName, Local>;

export function isLocal(name: GlobalName): name is Local {
  return name === "item" || name === "index" || name === "answer" || name === "answers";
}

/** Names that no macro may give its variable; `answer` and `answers`, which came later, only where it is known. */
export const GLOBAL_NAMES: ReadonlySet<string> = new Set<GlobalName>([
  "vars",
  "params",
  "config",
  "context",
  "run",
  "item",
  "index",
]);

/** JSON knows one kind of number; `int` is the library's name we give it. */
const TYPES: Readonly<Record<string, string>> = {
  string: "string",
  number: "int",
  integer: "int",
  boolean: "bool",
  object: "map<string, dyn>",
};

/** CEL's type of the values that a JSON Schema takes. */
export function schemaType(schema: JsonObject, depth = 0): string {
  const { type, items } = schema;
  if (typeof type !== "string") return "dyn";
  if (type !== "array") return (Object.hasOwn(TYPES, type) ? TYPES[type] : undefined) ?? "dyn";
  return !isJsonObject(items) || depth > 3 ? "list<dyn>" : `list<${schemaType(items, depth + 1)}>`;
}

/** CEL's type of a value that does not change. */
export function valueType(value: Json): string {
  if (value === null) return "dyn";
  if (Array.isArray(value)) return "list<dyn>";
  return TYPES[typeof value] ?? "dyn";
}

const OPENING = ["patternProperties", "$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if"];

/** The fields of an object by its schema: those under `properties`, where it names them and takes no others. */
export function schemaFields(schema: JsonObject | undefined): Fields {
  const properties = schema?.["properties"];
  if (schema === undefined || !isJsonObject(properties)) return undefined;
  const { additionalProperties: others = false } = schema;
  if (others !== false || OPENING.some((keyword) => Object.hasOwn(schema, keyword))) return undefined;
  return new Map(
    Object.entries(properties).map(([name, each]) => [name, isJsonObject(each) ? schemaType(each) : "dyn"]),
  );
}

const RUN: Fields = new Map([
  ["id", "string"],
  ["thread_id", "string"],
  ["started_at", "string"],
]);

/** What a document says of them; what it does not say may be anything, but for variables and parameters. */
export interface GlobalSources {
  readonly variables?: JsonObject;
  /** By name, the schema of each, if it has one. */
  readonly parameters?: ReadonlyMap<string, JsonObject | undefined>;
  readonly config?: JsonObject | undefined;
  readonly context?: JsonObject | undefined;
  readonly locals?: readonly Local[];
}

export function globalsOf(sources: GlobalSources): Globals {
  const { variables = {}, parameters = new Map<string, undefined>(), config, context, locals = [] } = sources;
  const vars = Object.entries(variables).map(([name, value]) => [name, valueType(value)] as const);
  const params = [...parameters].map(
    ([name, schema]) => [name, schema === undefined ? "dyn" : schemaType(schema)] as const,
  );
  return {
    objects: new Map([
      ["vars", new Map(vars)],
      ["params", new Map(params)],
      ["config", schemaFields(config)],
      ["context", schemaFields(context)],
      ["run", RUN],
    ]),
    locals,
  };
}
