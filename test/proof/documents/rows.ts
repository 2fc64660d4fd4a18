import type { Json, JsonObject } from "../../../src/base/json.ts";
import { type Expected, times } from "./case.ts";

/** The fields in which a graph differs from the sound one, and what must come of it. */
export type Row = readonly [name: string, changes: JsonObject, expected: Expected];

export const edge = (from: Json, to: Json, more: JsonObject = {}): JsonObject => ({ from, to, ...more });
export const START = edge("start", "n");
export const transform = (set: JsonObject = {}): JsonObject => ({ kind: "transform", set });
export const setting = (expression: string): JsonObject => ({ nodes: { n: transform({ x: expression }) } });

export function many(count: number, prefix: string, value: Json): JsonObject {
  return Object.fromEntries(times(count, (index) => [`${prefix}${index}`, value]));
}
