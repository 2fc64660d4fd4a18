/** Any JSON value. Values are never mutated after they entered the engine, the log or a view. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is what its JSON text says: what JSON would leave out or change (undefined, NaN, a date …) is not. */
export function isJson(value: unknown): value is Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return false;
  // Not `every`: it passes over holes.
  if (Array.isArray(value)) return !value.includes(undefined) && value.every(isJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson);
}

/**
 * One text for equal values: keys sorted by code unit, no white space (RFC 8785's form for the values JSON.parse yields).
 * Used wherever a value is hashed or compared.
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (isJsonObject(value)) {
    const keys = Object.keys(value).sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Deep equality of JSON values; the order of keys does not count. */
export function sameJson(one: Json, other: Json): boolean {
  return one === other || canonicalJson(one) === canonicalJson(other);
}

/** Containment: every key that is wanted is there and equal, objects in objects by the same rule. */
export function containsJson(actual: Json | undefined, wanted: Json): boolean {
  if (!isJsonObject(wanted)) return actual !== undefined && sameJson(actual, wanted);
  return (
    isJsonObject(actual) &&
    Object.entries(wanted).every(([key, value]) => Object.hasOwn(actual, key) && containsJson(actual[key], value))
  );
}
