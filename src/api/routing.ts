import { toPointer } from "../base/pointer.ts";
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { z as Zod } from "zod";
import { failure } from "../base/errors.ts";
import { type JsonObject, isJsonObject } from "../base/json.ts";
import type { ApiContext, ApiEnv } from "./context.ts";

export type ApiRouter = OpenAPIHono<ApiEnv>;

/** A router whose routes refuse what their schemas refuse with `invalid_request`, naming every fault and its place. */
export function newRouter(): ApiRouter {
  return new OpenAPIHono<ApiEnv>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.target, result.error.issues);
    },
  });
}

function invalidRequest(target: string, found: readonly Zod.core.$ZodIssue[]) {
  const place = target === "json" ? "body" : target === "param" ? "path" : target;
  const issues = found.map((issue) => ({
    code: issue.code,
    path: issue.path.map(String),
    pointer: toPointer(issue.path),
    in: place,
    message: issue.message,
  }));
  const sentences = issues.map((issue) => `${place}${issue.pointer}: ${issue.message}`);
  const pointer = issues[0]?.pointer ?? "";
  return failure("invalid_request", sentences.join("; "), { pointer, details: issues });
}

/** RFC 6901. */

interface Answer {
  readonly description: string;
  readonly content?: { readonly [mediaType: string]: { readonly schema: Zod.ZodType | object } };
}
/** Wide on purpose: handlers answer with plain responses, whose shape tests compare with the schema. */
export interface Answers {
  readonly [status: string]: Answer;
}

const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().openapi({ description: "Stable; docs/errors.md has a line for each." }),
    retryable: z.boolean().openapi({ description: "Whether the same request may succeed later." }),
    pointer: z.string().optional().openapi({ description: "JSON Pointer to what was wrong." }),
  })
  .openapi("Problem", { description: "RFC 9457 problem details." });

const problem: Answer = {
  description: "Refused, or failed; `code` says why.",
  content: { "application/problem+json": { schema: Problem } },
};

/** The answers of a route: its successes, and problem details for everything else. */
export function answers(successes: Answers): Answers {
  return { ...successes, default: problem };
}

export function jsonAnswer(description: string, schema: Zod.ZodType): Answer {
  return { description, content: { "application/json": { schema } } };
}

export function jsonBody<Schema extends Zod.ZodType>(schema: Schema) {
  return { required: true, content: { "application/json": { schema } } } as const;
}

export function sendJson(c: ApiContext, value: unknown, status: 200 | 201 | 202 = 200): Response {
  return c.body(JSON.stringify(value), status, { "content-type": "application/json" });
}

/** What was made JSON of where it lay. */
export function sendJsonText(c: ApiContext, json: string): Response {
  return c.body(json, 200, { "content-type": "application/json" });
}

/** An object of JSON, handed on as it came: never copied key by key, so `__proto__` stays data. */
export const JsonObjectSchema = z
  .custom<JsonObject>(isJsonObject, "must be an object")
  .openapi({ type: "object", additionalProperties: true });

/** The same, or null; said again, because the description does not follow a wrapper around a schema of its own making. */
export const NullableJsonObject = JsonObjectSchema.nullable().openapi({ type: ["object", "null"] });
export const OptionalJsonObject = JsonObjectSchema.nullish().openapi({ type: ["object", "null"] });

/**
 * What a search asks objects for.
 * @param longest of its JSON, in UTF-16 units: all of it is looked for in every row that comes into question
 */
export function filterObject(longest: number) {
  const message = `must have at most ${longest} characters of JSON`;
  return JsonObjectSchema.refine((filter) => JSON.stringify(filter).length <= longest, message)
    .nullish()
    .openapi({ type: ["object", "null"] });
}
/** Of metadata, or of the values of items. */
export const FilterObject = filterObject(10_000);

/** Any UUID; ids compare in lower case. */
export const Uuid = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/, "must be a UUID")
  .toLowerCase()
  .openapi({ format: "uuid" });

/** A whole number in a query, within bounds. */
export function queryNumber(bounds: { readonly min: number; readonly max: number; readonly default: number }) {
  return z
    .string()
    .regex(/^\d{1,9}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.int().min(bounds.min).max(bounds.max))
    .default(bounds.default)
    .openapi({ type: "integer", minimum: bounds.min, maximum: bounds.max, default: bounds.default });
}
