import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { channelAt } from "./compile-context.ts";
import type { Compilation } from "./compile-context.ts";
import { compileSchemaAt } from "./compile-schema.ts";
import type { ValueSchema } from "./plan.ts";

/** The channels that an input may set, or a result shows, and the schema of all of them together, if there is one. */
export interface Port {
  readonly names: readonly string[];
  readonly schema?: ValueSchema;
}

/** Reads `input`, `output` or `state`: names of channels, or a JSON Schema whose properties are channels; all where it is left out. */
export function compilePort(raw: Json | undefined, field: "input" | "output" | "state", work: Compilation): Port {
  if (isJsonObject(raw)) return portOfSchema(raw, field, work);
  if (!Array.isArray(raw)) return { names: [...work.channels.keys()] };
  raw.forEach((name: Json, index: number) => {
    if (typeof name === "string") channelAt(work, name, [field, index]);
  });
  return { names: [...new Set(raw.filter((name: Json): name is string => typeof name === "string"))] };
}

function portOfSchema(raw: JsonObject, field: string, work: Compilation): Port {
  const { type, properties } = raw;
  if (type !== undefined && type !== "object") {
    const message = `"${field}" is the schema of an object: what it has are channels.`;
    work.problems.add({ code: "invalid_value", message, path: [field, "type"] });
  }
  if (!isJsonObject(properties)) {
    const hint = `List the channels under properties, or write ${field} as a list of their names.`;
    work.problems.add({ code: "missing", message: '"properties" is missing.', path: [field, "properties"], hint });
    return { names: [] };
  }
  const names = Object.keys(properties);
  for (const name of names) channelAt(work, name, [field, "properties", name], true);
  return { names, schema: compileSchemaAt(work.problems, raw, [field]) };
}
