import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { Pattern } from "../expression/pattern.ts";
import type { Judge } from "./judging.ts";

export type SchemaPath = readonly (string | number)[];

/** A document that is no schema: where, and what is wrong. */
export class SchemaMistake extends Error {
  readonly path: SchemaPath;
  constructor(path: SchemaPath, message: string) {
    super(message);
    this.path = path;
  }
}

/** One schema object while its keywords are compiled. */
export interface Source {
  readonly schema: JsonObject;
  readonly path: SchemaPath;
  /** Compiles a part of it that is a schema. @throws SchemaMistake */
  judge(part: Json, path: SchemaPath): Judge;
  /** @throws SchemaMistake for a pattern outside of the linear-time subset. */
  pattern(source: string, path: SchemaPath): Pattern;
  /** What `$ref` means here. @throws SchemaMistake */
  reference(ref: string, path: SchemaPath): Judge;
  /** What a value in the schema is known by, see equality.ts. */
  identity(value: Json, path: SchemaPath): unknown;
}

/** The keyword's value; undefined where it is absent. */
export function keyword(source: Source, name: string): Json | undefined {
  return Object.hasOwn(source.schema, name) ? source.schema[name] : undefined;
}

export function mistake(source: Source, name: string, what: string): SchemaMistake {
  return new SchemaMistake([...source.path, name], `"${name}" must be ${what}`);
}

export function numberOf(source: Source, name: string): number | undefined {
  const value = keyword(source, name);
  if (value === undefined || typeof value === "number") return value;
  throw mistake(source, name, "a number");
}

export function countOf(source: Source, name: string): number | undefined {
  const value = keyword(source, name);
  if (value === undefined || (typeof value === "number" && Number.isInteger(value) && value >= 0)) return value;
  throw mistake(source, name, "a whole number from 0");
}

export function textOf(source: Source, name: string): string | undefined {
  const value = keyword(source, name);
  if (value === undefined || typeof value === "string") return value;
  throw mistake(source, name, "a string");
}

export function flagOf(source: Source, name: string): boolean {
  const value = keyword(source, name);
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw mistake(source, name, "true or false");
}

export function listOf(source: Source, name: string): readonly Json[] | undefined {
  const value = keyword(source, name);
  if (value === undefined || Array.isArray(value)) return value;
  throw mistake(source, name, "a list");
}

export function namesIn(value: Json, path: SchemaPath, what: string): readonly string[] {
  if (!Array.isArray(value)) throw new SchemaMistake(path, `${what} must be a list of names`);
  return value.map((name: Json, index) => {
    if (typeof name === "string") return name;
    throw new SchemaMistake([...path, index], `${what} must be a list of names`);
  });
}

export function mapOf(source: Source, name: string): JsonObject | undefined {
  const value = keyword(source, name);
  if (value === undefined || isJsonObject(value)) return value;
  throw mistake(source, name, "an object");
}

export function judgeOf(source: Source, name: string): Judge | undefined {
  const value = keyword(source, name);
  return value === undefined ? undefined : source.judge(value, [...source.path, name]);
}

export function judgesOf(source: Source, name: string): readonly Judge[] | undefined {
  const list = listOf(source, name);
  if (list?.length === 0) throw mistake(source, name, "a list of at least one schema");
  return list?.map((part, index) => source.judge(part, [...source.path, name, index]));
}

export function judgesByName(source: Source, name: string): ReadonlyMap<string, Judge> | undefined {
  const map = mapOf(source, name);
  if (map === undefined) return undefined;
  return new Map(Object.entries(map).map(([key, part]) => [key, source.judge(part, [...source.path, name, key])]));
}
