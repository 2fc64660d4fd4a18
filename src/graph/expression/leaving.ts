import type { Json } from "../../base/json.ts";
import { Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { isTime, settled } from "./times.ts";

/** Of a result, about what its JSON text would take, 8 for each value in it and 1 for each character. */
const LARGEST = 16_000_000;
const DEEPEST = 1000;
const VALUE = 8;

/**
 * The result of an evaluation as it may go on: times as text, and no larger than a value can be. A list within a list costs
 * an evaluation one step however often it occurs, but each occurrence is written out by who gets it.
 */
export function leave(frame: Frame, value: Json): Json {
  if (frame.composes === true) weigh(value, 0, 0);
  return settled(frame, value);
}

function weigh(value: Json, before: number, depth: number): number {
  let weight = before + VALUE;
  if (typeof value === "string") weight += value.length;
  if (weight > LARGEST) throw new Fault("its value is larger than 16 MB", false);
  if (typeof value !== "object" || value === null || isTime(value)) return weight;
  if (depth > DEEPEST) throw new Fault(`its value is nested more than ${DEEPEST} deep`, false);
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) weight = weigh(item, weight, depth + 1);
    return weight;
  }
  for (const [key, item] of Object.entries(value)) weight = weigh(item, weight + key.length, depth + 1);
  return weight;
}
