import { failure } from "../base/errors.ts";

/**
 * The one encoding by which tenants and ids enter names: of objects, cache entries, API keys and cursors.
 *
 * A part keeps `a-z`, `0-9` and `-`; every other UTF-16 code unit becomes `~` and its four lower-case hex digits. Code units,
 * not UTF-8 bytes: a lone surrogate has no bytes, and two texts that differ only in one must not meet in one name. The result
 * holds neither `.` nor `_`, so parts can be joined by either and taken apart again; all of it may stand in an HTTP token.
 */
const MAX_PART_LENGTH = 512;
const PLAIN = /[a-z0-9-]/;
const ENCODED = /^(?:[a-z0-9-]|~[0-9a-f]{4})*$/;

export function encodePart(text: string): string {
  if (text.length > MAX_PART_LENGTH) {
    throw failure("invalid_request", `A name has ${text.length} characters; at most ${MAX_PART_LENGTH} are allowed.`);
  }
  let encoded = "";
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charAt(index);
    encoded += PLAIN.test(unit) ? unit : `~${text.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return encoded;
}

/** The text that {@link encodePart} made this of; undefined for anything it never makes, so that no text has two names. */
export function decodePart(encoded: string): string | undefined {
  if (encoded.length > MAX_PART_LENGTH * 5 || !ENCODED.test(encoded)) return undefined;
  const text = encoded.replaceAll(/~([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return text.length <= MAX_PART_LENGTH && encodePart(text) === encoded ? text : undefined;
}

export function encodeParts(parts: readonly string[]): string {
  return parts.map(encodePart).join(".");
}

export function decodeParts(name: string): readonly string[] | undefined {
  const parts = name.split(".").map(decodePart);
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

/** The name of a Durable Object. Two differ whenever tenant, kind or id differ. */
export function objectName(tenant: string, kind: string, id: string): string {
  return encodeParts([tenant, kind, id]);
}

/** The key of anything cached. Two differ whenever tenant, kind or any part differ. */
export function cacheKey(tenant: string, kind: string, ...parts: readonly string[]): string {
  return encodeParts([tenant, kind, ...parts]);
}
