import { EdgewiseError } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { isJsonObject } from "../base/json.ts";
import { normalizeMessages } from "../base/messages.ts";
import type { Channel, ReducerName } from "./channels.ts";
import { checkDefault } from "./compile-names.ts";
import { compileSchemaAt } from "./compile-schema.ts";
import { parsePart } from "./parse-part.ts";
import type { ValueSchema } from "./plan.ts";
import type { Path, Problems } from "./problems.ts";
import { channelSchema, ID, ID_HINT } from "./schema.ts";
import type { ChannelConfig } from "./schema.ts";

const MOST_CHANNELS = 1000;

/** What a reducer folds; a value of another type can never have come from it. */
const FOLDS: Readonly<Record<ReducerName, "any" | "array" | "object" | "number">> = {
  last: "any",
  append: "array",
  union: "array",
  messages: "array",
  merge: "object",
  sum: "number",
  min: "number",
  max: "number",
};

export interface CompiledChannels {
  readonly channels: readonly Channel[];
  /** By channel, where it has one. */
  readonly schemas: ReadonlyMap<string, ValueSchema>;
}

/** The channels in document order. A broken one is kept by its name, so that reading it is no second problem. */
export function compileChannels(raw: JsonObject, problems: Problems): CompiledChannels {
  const entries = Object.entries(raw);
  if (entries.length > MOST_CHANNELS) {
    problems.add({ code: "too_large", message: `A graph has at most ${MOST_CHANNELS} channels.`, path: ["channels"] });
  }
  const schemas = new Map<string, ValueSchema>();
  const some = entries.slice(0, MOST_CHANNELS);
  return { channels: some.map(([name, value]) => compileChannel(name, value, schemas, problems)), schemas };
}

function compileChannel(name: string, raw: Json, schemas: Map<string, ValueSchema>, problems: Problems): Channel {
  const path = ["channels", name];
  if (!ID.test(name)) {
    const message = `"${name.slice(0, 80)}" cannot be the name of a channel.`;
    problems.add({ code: "invalid_id", message, path, atKey: true, hint: ID_HINT });
  }
  // `answer:` without anything is how YAML writes a channel with nothing to say
  const config = parsePart(channelSchema, raw === null ? {} : raw, path, problems);
  if (config === undefined) return { name, reducer: "last", conflict: "error" };
  const schema =
    config.schema === undefined
      ? undefined
      : compileSchemaAt(problems, config.schema as JsonObject, [...path, "schema"]);
  if (schema !== undefined) schemas.set(name, schema);
  checkChannel(config, schema, path, problems);
  const initial = config.default === undefined ? undefined : defaultOf(name, config, path, problems);
  return {
    name,
    reducer: config.reducer,
    conflict: config.conflict ?? "error",
    ...(initial === undefined ? {} : { default: initial }),
    ...(config.schema === undefined ? {} : { schema: config.schema as JsonObject }),
  };
}

/** A conversation is kept in one form, whoever wrote it: a run would not know its messages otherwise. */
function defaultOf(name: string, { reducer, default: said }: ChannelConfig, path: Path, problems: Problems): Json {
  const value = said as Json;
  if (reducer !== "messages" || !Array.isArray(value)) return value;
  try {
    return normalizeMessages(name, value, (index) => `${name}-${index}`);
  } catch (thrown) {
    if (!(thrown instanceof EdgewiseError)) throw thrown;
    problems.add({ code: "invalid_default", message: thrown.message, path: [...path, "default"] });
    return value;
  }
}

function checkChannel(config: ChannelConfig, schema: ValueSchema | undefined, path: Path, problems: Problems): void {
  if (config.conflict !== undefined && config.reducer !== "last") {
    const message = `conflict is for the reducer last; ${config.reducer} has no conflicts.`;
    const at = [...path, "conflict"];
    const fix = { says: "Remove conflict, which has no meaning here", edits: [{ path: at }] };
    problems.add({ code: "useless_conflict", message, path: at, hint: "Leave it out.", fix });
  }
  const folds = FOLDS[config.reducer];
  const type = config.schema?.["type"];
  if (folds !== "any" && typeof type === "string" && type !== folds && !(folds === "number" && type === "integer")) {
    const message = `The reducer ${config.reducer} makes a value of type ${folds}, but the schema says ${type}.`;
    problems.add({ code: "schema_refuses_reducer", message, path: [...path, "schema", "type"] });
  }
  if (config.default === undefined) return;
  const value = config.default as Json;
  if (folds !== "any" && kindOf(value) !== folds) {
    const message = `The default of a channel with the reducer ${config.reducer} must be of type ${folds}, not ${kindOf(value)}.`;
    problems.add({ code: "invalid_default", message, path: [...path, "default"] });
    return;
  }
  checkDefault(schema, value, path, "the channel's schema", problems);
}

function kindOf(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return isJsonObject(value) ? "object" : typeof value;
}
