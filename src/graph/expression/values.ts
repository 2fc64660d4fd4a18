import type { Json, JsonObject } from "../../base/json.ts";
import { burn, burnText, Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { isTime, settled } from "./times.ts";

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isMap(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isTime(value);
}

/** A value's type, as messages name it. */
export function typeName(value: Json): string {
  if (value === null) return "null";
  if (isList(value)) return "list";
  if (isTime(value)) return value.kind;
  return typeof value === "object" ? "map" : typeof value === "boolean" ? "bool" : typeof value;
}

export function asText(value: Json, what: string): string {
  if (typeof value === "string") return value;
  throw new Fault(`${what} must be a string, not ${typeName(value)}`);
}

export function asNumber(value: Json, what: string): number {
  if (typeof value === "number") return value;
  throw new Fault(`${what} must be a number, not ${typeName(value)}`);
}

export function asList(value: Json, what: string): readonly Json[] {
  if (isList(value)) return value;
  throw new Fault(`${what} must be a list, not ${typeName(value)}`);
}

export function asBool(value: Json, what: string): boolean {
  if (typeof value === "boolean") return value;
  throw new Fault(`${what} must be true or false, not ${typeName(value)}`);
}

export function asIndex(value: Json, what: string): number {
  const index = asNumber(value, what);
  if (Number.isInteger(index)) return index;
  throw new Fault(`${what} must be a whole number, not ${index}`);
}

/** JSON has no infinity and no NaN, so arithmetic that leaves the numbers fails. */
export function finite(value: number): number {
  if (Number.isFinite(value)) return value === 0 ? 0 : value;
  throw new Fault("the result is not a number that JSON has");
}

/** Deep equality. Values of different types are different; 1 and 1.0 are one number. */
export function equal(frame: Frame, one: Json, other: Json): boolean {
  burn(frame, 1);
  if (one === other) {
    if (typeof one === "string") burnText(frame, one.length);
    return true;
  }
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (isTime(one) || isTime(other))
    return isTime(one) && isTime(other) && one.kind === other.kind && one.ms === other.ms;
  if (isList(one) || isList(other)) {
    if (!isList(one) || !isList(other) || one.length !== other.length) return false;
    return one.every((item, index) => equal(frame, item, other[index] ?? null));
  }
  const left = one as JsonObject;
  const right = other as JsonObject;
  const keys = Object.keys(left);
  burn(frame, keys.length);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && equal(frame, left[key] ?? null, right[key] ?? null));
}

/** Order of two numbers, strings (by code unit), truth values, timestamps or durations. */
export function compare(frame: Frame, one: Json, other: Json): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (typeof one === "boolean" && typeof other === "boolean") return Number(one) - Number(other);
  if (typeof one === "string" && typeof other === "string") {
    burnText(frame, Math.min(one.length, other.length));
    return one < other ? -1 : one > other ? 1 : 0;
  }
  if (isTime(one) && isTime(other) && one.kind === other.kind) return one.ms - other.ms;
  throw new Fault(`${typeName(one)} and ${typeName(other)} have no order`);
}

/** A value as JSON text, charged by its size. */
export function toJsonText(frame: Frame, value: Json): string {
  charge(frame, value);
  return JSON.stringify(settled(frame, value));
}

/** What going through all of a value costs. */
export function charge(frame: Frame, value: Json): void {
  burn(frame, 1);
  if (typeof value === "string") burnText(frame, value.length);
  else if (isList(value)) for (const item of value) charge(frame, item);
  else if (isMap(value)) for (const item of Object.values(value)) charge(frame, item);
}
