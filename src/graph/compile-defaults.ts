import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Names } from "./compile-names.ts";
import type { Defaults, ValueSchema } from "./plan.ts";
import type { Problems } from "./problems.ts";
import { compileValueSchema } from "./value-schema/compile.ts";

/**
 * What a document says runs have where they, their thread and their assistant say nothing; empty where it says nothing.
 * Of a document that was compiled: nothing is checked here.
 */
export function defaultsOf(document: JsonObject): Defaults {
  const said = mappingOf(document["defaults"]);
  return { config: mappingOf(said["config"]), context: mappingOf(said["context"]) };
}

/** The same, checked as far as a part of a whole can be: what is missing may still be given by a run. */
export function compileDefaults(document: JsonObject, names: Names, problems: Problems): Defaults | undefined {
  if (document["defaults"] === undefined) return undefined;
  const defaults = defaultsOf(document);
  check(names.configSchema, defaults.config, "config", problems);
  check(names.contextSchema, defaults.context, "context", problems);
  return defaults;
}

function check(schema: ValueSchema | undefined, value: JsonObject, field: string, problems: Problems): void {
  if (schema === undefined) return;
  const { required: _, minProperties: __, dependentRequired: ___, ...rest } = schema.document;
  const partial = compileValueSchema(rest);
  const fault = partial.ok ? partial.schema.check(value) : undefined;
  if (fault === undefined) return;
  const message = `The default does not fit \`${field}\`: ${fault.message.replace(/\.$/, "")}.`;
  problems.add({ code: "invalid_default", message, path: ["defaults", field, ...fault.path] });
}

function mappingOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
