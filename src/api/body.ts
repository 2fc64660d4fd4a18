import type { MiddlewareHandler } from "hono";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { ApiContext, ApiEnv } from "./context.ts";
import { toPointer } from "../base/pointer.ts";

/** Bounds on what a stranger may send: 4 MiB are some 800,000 words; nothing real nests 200 deep. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
export const MAX_DEPTH = 200;

/**
 * The text of a body, within `maxBytes` and in valid UTF-8, without a byte order mark unless that is to be kept. Nothing is kept
 * beyond the bound, whatever the length header says.
 */
export async function readText(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  { keepMark = false }: { readonly keepMark?: boolean } = {},
): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of untilCutOff(body)) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw failure("payload_too_large", `The body is larger than the ${maxBytes} bytes allowed here.`);
    }
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: keepMark }).decode(Buffer.concat(chunks));
  } catch {
    throw failure("invalid_json", "The body is not valid UTF-8.");
  }
}

/** A sender that leaves in the middle of its body is no fault of ours. */
async function* untilCutOff(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch {
    throw failure("invalid_request", "The body was cut off before its end.");
  }
}

/** JSON that survives storage and every other parser unchanged (RFC 7493), or `invalid_json` with a pointer. */
export function parseJson(text: string): Json {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw failure("invalid_json", `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  checkValue(value, []);
  return value;
}

/** `path` is one array that grows and shrinks: a copy for each value would cost more than the parsing. */
function checkValue(value: Json, path: (string | number)[]): void {
  if (path.length > MAX_DEPTH) throw invalidValue(path.slice(0, 8), `nests deeper than ${MAX_DEPTH} levels`);
  if (typeof value === "number" && !Number.isFinite(value)) throw invalidValue(path, "is a number too large to keep");
  if (typeof value === "string") return checkText(value, path, "is text with");
  if (typeof value !== "object" || value === null) return;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, item] of entries) {
    if (typeof key === "string") checkText(key, path, "has a key with");
    path.push(key);
    checkValue(item, path);
    path.pop();
  }
}

function checkText(text: string, path: readonly (string | number)[], subject: string): void {
  if (!text.isWellFormed()) throw invalidValue(path, `${subject} half a surrogate pair, which is no character`);
  if (text.includes("\0")) throw invalidValue(path, `${subject} a NUL character; leave it out`);
}

function invalidValue(path: readonly (string | number)[], what: string) {
  const pointer = toPointer(path);
  return failure("invalid_json", `The value at "${pointer}" ${what}.`, { pointer });
}

/** What a body says it is, without parameters; text/plain and nothing at all count as JSON, as on LangGraph's server. */
export function mediaTypeOf(contentType: string | undefined): string {
  const mediaType = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return mediaType === "" || mediaType === "text/plain" ? "application/json" : mediaType;
}

const WITH_BODY = new Set(["POST", "PUT", "PATCH"]);

/** Nothing compressed is taken in: what a body swells to could not be known before (F12). */
export const plainBodies: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const encoding = c.req.header("content-encoding")?.trim().toLowerCase();
  if (encoding === undefined || encoding === "identity" || encoding === "") return next();
  throw failure(
    "unsupported_media_type",
    `Bodies are taken as they are, not as "${encoding.slice(0, 40)}": leave content-encoding out.`,
  );
};

/**
 * Reads the body once, before any schema sees it: 413 beyond the bound, 415 for what is not JSON, 400 for what cannot be kept.
 * No body at all counts as `{}`: curl -X POST and fetch without a body mean "with the defaults".
 */
export const jsonBodies: MiddlewareHandler<ApiEnv> = async (c, next) => {
  // A DELETE may say what in its body (LangGraph's clients do for the store); most have none.
  const { method, raw } = c.req;
  if (!WITH_BODY.has(method) && !(method === "DELETE" && raw.body !== null)) return next();
  const mediaType = mediaTypeOf(c.req.header("content-type"));
  if (mediaType !== "application/json") {
    throw failure("unsupported_media_type", `This route takes application/json, not "${mediaType}".`);
  }
  const text = await readText(c.req.raw.body, MAX_BODY_BYTES);
  offerJson(c, text.trim() === "" ? {} : parseJson(text));
  return next();
};

/** Hands the parsed body to the route's validator, which would otherwise parse it again and look at the media type. */
function offerJson(c: ApiContext, value: Json): void {
  const { url, method } = c.req.raw;
  if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) {
    const headers = new Headers(c.req.raw.headers);
    headers.set("content-type", "application/json");
    c.req.raw = new Request(url, { method, headers, signal: c.req.raw.signal });
  }
  c.req.json = <T>() => Promise.resolve(value as T);
}
