import { z } from "zod";
import { failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { isJsonObject } from "../base/json.ts";
import { toPointer } from "../base/pointer.ts";
import { DEEPEST } from "../graph/text/bounds.ts";

/** What knows its own document: a graph inside another. */
export interface HasDocument {
  readonly document: JsonObject;
}

type Path = readonly (string | number)[];

/**
 * A value as plain JSON: members that are undefined are left out, zod schemas become JSON Schemas, and graphs their documents.
 * @throws EdgewiseError `invalid_graph` for what is neither, and below a depth of 100 (a cycle).
 */
export function toPlain(value: unknown, isGraph: (value: object) => value is HasDocument, path: Path = []): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (path.length > DEEPEST) throw notPlain(path, `is nested more than ${DEEPEST} deep, or contains itself`);
  if (typeof value !== "object")
    throw notPlain(path, `is ${typeof value === "number" ? String(value) : `a ${typeof value}`}`);
  if (isZod(value)) return toJsonSchema(value, path);
  if (isGraph(value)) return insideDocument(value);
  // Not `map`: it passes over holes.
  if (Array.isArray(value))
    return Array.from(value, (item: unknown, index) => toPlain(item, isGraph, [...path, index]));
  if (!isPlainObject(value)) throw notPlain(path, `is a ${value.constructor?.name ?? "special object"}`);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, toPlain(member, isGraph, [...path, key])]));
}

/** Within another a graph does not say its format and id again. */
function insideDocument({ document }: HasDocument): JsonObject {
  const { edgewise: _, id: __, ...rest } = document;
  return rest;
}

export function isZod(value: unknown): value is z.core.$ZodType {
  return value instanceof z.core.$ZodType;
}

/** What a channel or a parameter takes, as JSON Schema; a default that zod knows is the caller's to place. */
export function toJsonSchema(schema: z.core.$ZodType, path: Path): JsonObject {
  try {
    const { $schema: _, "~standard": __, ...rest } = z.toJSONSchema(schema, { io: "input" });
    const plain: unknown = JSON.parse(JSON.stringify(rest));
    return isJsonObject(plain) ? plain : {};
  } catch (thrown) {
    throw notPlain(path, `has no JSON Schema: ${thrown instanceof Error ? thrown.message : "zod refuses it"}`);
  }
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function notPlain(path: Path, what: string): Error {
  const pointer = toPointer(path);
  return failure(
    "invalid_graph",
    `What stands at ${pointer === "" ? "the top" : pointer} ${what}; a document is JSON.`,
    { pointer },
  );
}
