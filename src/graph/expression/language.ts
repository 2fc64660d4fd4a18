import { Environment } from "@marcbachmann/cel-js";
import type { JsonObject } from "../../base/json.ts";
import type { Channel, ReducerName } from "../channels.ts";

/** Bounds on one expression's text, so that reading it is cheap whoever wrote it. */
export const LONGEST_SOURCE = 10_000;
const LIMITS = { maxAstNodes: 1000, maxDepth: 60, maxListElements: 500, maxMapEntries: 500, maxCallArguments: 8 };

/** What expressions of one graph may name: `state.<channel>` and `payload`. */
export interface Language {
  readonly channels: ReadonlySet<string>;
  readonly environment: Environment;
}

/** Functions the library does not have; it only needs their types, evaluation is ours. */
const OWN_FUNCTIONS = [
  "json(dyn): string",
  "min(list<dyn>): dyn",
  "max(list<dyn>): dyn",
  "sum(list<dyn>): int",
  "abs(int): int",
  "floor(int): int",
  "ceil(int): int",
  "round(int): int",
  "string.replace(string, string): string",
] as const;

let shared: Environment | undefined;

function base(): Environment {
  if (shared !== undefined) return shared;
  const environment = new Environment({ homogeneousAggregateLiterals: false, limits: LIMITS });
  for (const signature of OWN_FUNCTIONS) environment.registerFunction(signature, () => null);
  environment.registerVariable("payload", "dyn");
  shared = environment;
  return environment;
}

export function createLanguage(channels: readonly Channel[]): Language {
  const fields = Object.fromEntries(channels.map((channel) => [channel.name, typeOf(channel)]));
  const environment = base().clone().registerType("State", { fields }).registerVariable("state", "State");
  return { channels: new Set(channels.map((channel) => channel.name)), environment };
}

/** The type of a channel: what its schema says, or else its reducer. */
function typeOf(channel: Channel): string {
  const said = channel.schema === undefined ? "dyn" : schemaType(channel.schema, 0);
  if (said !== "dyn") return said;
  return REDUCED[channel.reducer];
}

const REDUCED: Readonly<Record<ReducerName, string>> = {
  last: "dyn",
  append: "list<dyn>",
  union: "list<dyn>",
  messages: "list<dyn>",
  merge: "map<string, dyn>",
  sum: "int",
  min: "dyn",
  max: "dyn",
};

/** JSON knows one kind of number; `int` is the library's name we give it. */
const TYPES: Readonly<Record<string, string>> = {
  string: "string",
  number: "int",
  integer: "int",
  boolean: "bool",
  object: "map<string, dyn>",
};

function schemaType(schema: JsonObject, depth: number): string {
  const { type, items } = schema;
  if (typeof type !== "string") return "dyn";
  if (type !== "array") return (Object.hasOwn(TYPES, type) ? TYPES[type] : undefined) ?? "dyn";
  const itemSchema =
    typeof items === "object" && items !== null && !Array.isArray(items) ? (items as JsonObject) : undefined;
  return itemSchema === undefined || depth > 3 ? "list<dyn>" : `list<${schemaType(itemSchema, depth + 1)}>`;
}
