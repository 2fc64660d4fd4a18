import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { compileSchemaAt } from "./compile-schema.ts";
import { globalsOf } from "./expression/globals.ts";
import type { Globals, Local } from "./expression/globals.ts";
import { parsePart } from "./parse-part.ts";
import type { Parameter, Plan, ValueSchema } from "./plan.ts";
import type { Path, Problems } from "./problems.ts";
import { ID, ID_HINT, parameterSchema } from "./schema.ts";

/** What a document gives its expressions beside the state. A graph in place has those of the graph around it. */
export type Names = Pick<Plan, "variables" | "parameters" | "configSchema" | "contextSchema">;

const MOST_NAMES = 1000;

export function compileNames(document: JsonObject, problems: Problems): Names {
  const variables = entriesOf(document, "variables", problems);
  const parameters = entriesOf(document, "parameters", problems);
  const configSchema = schemaOf(document, "config", problems);
  const contextSchema = schemaOf(document, "context", problems);
  return {
    variables: Object.fromEntries(variables),
    parameters: parameters.map(([name, raw]) => compileParameter(name, raw, problems)),
    ...(configSchema === undefined ? {} : { configSchema }),
    ...(contextSchema === undefined ? {} : { contextSchema }),
  };
}

/** What the expressions of a graph with these names may say; graphs in place share theirs. */
export function globalsFrom(names: Names, locals: readonly Local[]): Globals {
  const globals = known.get(names) ?? objectsFrom(names);
  known.set(names, globals);
  return { ...globals, locals };
}

const known = new WeakMap<Names, Globals>();

function objectsFrom(names: Names): Globals {
  return globalsOf({
    variables: names.variables,
    parameters: new Map(names.parameters.map(({ name, schema }) => [name, schema?.document])),
    config: names.configSchema?.document,
    context: names.contextSchema?.document,
  });
}

function entriesOf(document: JsonObject, field: string, problems: Problems): [string, Json][] {
  const raw = document[field];
  if (!isJsonObject(raw)) return [];
  const entries = Object.entries(raw);
  if (entries.length > MOST_NAMES) {
    problems.add({ code: "too_large", message: `There are at most ${MOST_NAMES} ${field}.`, path: [field] });
  }
  const some = entries.slice(0, MOST_NAMES);
  for (const [name] of some) {
    if (ID.test(name)) continue;
    const message = `"${name.slice(0, 80)}" cannot be a name under ${field}.`;
    problems.add({ code: "invalid_id", message, path: [field, name], atKey: true, hint: ID_HINT });
  }
  return some;
}

function schemaOf(document: JsonObject, field: string, problems: Problems): ValueSchema | undefined {
  const raw = document[field];
  return isJsonObject(raw) ? compileSchemaAt(problems, raw, [field]) : undefined;
}

/** A broken one is kept by its name, so that reading it is no second problem. */
function compileParameter(name: string, raw: Json, problems: Problems): Parameter {
  const path = ["parameters", name];
  // `tone:` without anything is how YAML writes a parameter with nothing to say
  const config = parsePart(parameterSchema, raw === null ? {} : raw, path, problems);
  if (config === undefined) return { name, required: false };
  const required = config.required ?? false;
  const schema =
    config.schema === undefined
      ? undefined
      : compileSchemaAt(problems, config.schema as JsonObject, [...path, "schema"]);
  if (config.default === undefined) return { name, required, ...(schema === undefined ? {} : { schema }) };
  const initial = config.default as Json;
  checkDefault(schema, initial, path, "the parameter's schema", problems);
  return { name, required, default: initial, ...(schema === undefined ? {} : { schema }) };
}

/** A default that its own schema refuses is a problem where it breaks it. */
export function checkDefault(
  schema: ValueSchema | undefined,
  value: Json,
  path: Path,
  whose: string,
  problems: Problems,
): void {
  const fault = schema?.check(value);
  if (fault === undefined) return;
  const message = `The default does not fit ${whose}: ${fault.message.replace(/\.$/, "")}.`;
  problems.add({ code: "invalid_default", message, path: [...path, "default", ...fault.path] });
}
