import type { JsonObject } from "../base/json.ts";
import { isJsonObject } from "../base/json.ts";
import { FORMAT } from "../graph/schema.ts";
import type { HasDocument } from "./plain.ts";
import { isZod, toJsonSchema, toPlain } from "./plain.ts";

/** What a document written in TypeScript has beside plain values: schemas as zod, and graphs. */
interface Source {
  readonly channels?: object;
  readonly parameters?: object;
}

/** The plain document. @throws EdgewiseError `invalid_graph` for a value that is no JSON and no schema. */
export function toDocument(source: Source, isGraph: (value: object) => value is HasDocument): JsonObject {
  const { channels, parameters } = source;
  const document = {
    edgewise: FORMAT,
    ...source,
    ...(channels === undefined ? {} : { channels: withSchemas(channels, "channels") }),
    ...(parameters === undefined ? {} : { parameters: withSchemas(parameters, "parameters") }),
  };
  // what it makes of a mapping is one
  return toPlain(document, isGraph) as JsonObject;
}

function withSchemas(members: object, part: string): object {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, withSchema(value, [part, name])]));
}

/** A zod schema alone stands for a channel (or parameter) with that schema. */
function withSchema(value: unknown, path: readonly string[]): unknown {
  if (isZod(value)) return fromZod(value, path);
  if (!isJsonObject(value) || !isZod(value["schema"])) return value;
  const { schema, ...rest } = value;
  return { ...fromZod(schema, [...path, "schema"]), ...rest };
}

/** `z.number().default(0)`: what is a note in a JSON Schema is the value before anything is written. */
function fromZod(schema: Parameters<typeof toJsonSchema>[0], path: readonly string[]): object {
  const { default: value, ...rest } = toJsonSchema(schema, path);
  return { schema: rest, ...(value === undefined ? {} : { default: value }) };
}
