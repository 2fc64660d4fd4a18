import { EdgewiseError, failure } from "../base/errors.ts";
import { isJson } from "../base/json.ts";
import type { Json } from "../base/json.ts";
import { parseRetryAfter } from "../models/errors.ts";

/** The call that a reply is of, for messages: no path, no query, no header; any of these may hold a secret. */
export interface Call {
  readonly method: string;
  readonly host: string;
}

const LONGEST_CAUSE = 500;
/** Nothing real nests deeper, and whatever walks the value later may do so without a bound of its own. */
const MOST_LEVELS = 200;
const MAY_PASS: ReadonlySet<number> = new Set([408, 425, 429]);

/** The body's text in UTF-8. @throws EdgewiseError `egress_too_large` as soon as it has more than `maxBytes`. */
export async function readBody(response: Response, maxBytes: number, { host }: Call): Promise<string> {
  const { text, whole } = await readUpTo(response, maxBytes);
  if (whole) return text;
  throw failure(
    "egress_too_large",
    `${host} answered with more than ${maxBytes} bytes; raise max_bytes or ask for less.`,
  );
}

async function readUpTo(
  response: Response,
  maxBytes: number,
): Promise<{ readonly text: string; readonly whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // leaving the loop early cancels the stream, which closes the connection
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > maxBytes) break;
  }
  const whole = size <= maxBytes;
  return { text: new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxBytes)), whole };
}

/** The body as the document wants it; an empty one is null where it is not text. */
export function parseBody(text: string, contentType: string | null, parse: "auto" | "json" | "text", call: Call): Json {
  const isJsonType = /^application\/(?:[\w.+-]+\+)?json(?:;|$)/i.test((contentType ?? "").trim());
  if (parse === "text" || (parse === "auto" && text !== "" && !isJsonType)) return text;
  if (text.trim() === "") return null;
  const value = nestsTooDeep(text) ? undefined : parseJson(text);
  if (value !== undefined) return value;
  const message = `${call.method} ${call.host} answered with a body that is not JSON, or nests deeper than ${MOST_LEVELS} levels; parse: text takes it as it is.`;
  throw failure("http_failed", message, { cause: oneLine(text) });
}

function parseJson(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined; // a number beyond what JSON can hold is none
  } catch {
    return undefined;
  }
}

function nestsTooDeep(text: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inText && character === "\\") at += 1;
    else if (character === '"') inText = !inText;
    else if (!inText && (character === "[" || character === "{")) depth += 1;
    else if (!inText && (character === "]" || character === "}")) depth -= 1;
    if (depth > MOST_LEVELS) return true;
  }
  return false;
}

/** What a status means that the document does not take: it may pass with time, or it will not. */
export async function statusFailure(response: Response, call: Call, nowMs: number): Promise<EdgewiseError> {
  const { status } = response;
  const cause = oneLine((await readUpTo(response, 4 * LONGEST_CAUSE)).text);
  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), nowMs);
  return new EdgewiseError({
    code: "http_failed",
    message: `${call.method} ${call.host} answered with status ${status}, which this node does not take.`,
    retryable: MAY_PASS.has(status) || status >= 500,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(cause === "" ? {} : { cause }),
    details: { status },
  });
}

/** A server must not write lines into our logs. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim()
    .slice(0, LONGEST_CAUSE)
    .toWellFormed();
}
