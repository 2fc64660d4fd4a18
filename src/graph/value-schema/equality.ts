import { isJsonObject } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";
import { DEEPEST, Exhausted, spend, spendText } from "./judging.ts";
import type { Judging } from "./judging.ts";

/** What stands for a value in a set, so that equal values are one: itself, or for a list or a map its canonical text. */
export type Identity = null | boolean | number | string;

/** Texts of lists and maps begin so; a text that is a value itself is told apart by {@link TEXT}. */
const COMPOSITE = "=";
const TEXT = "'";

/** Charged by the value's size, bounded in depth. @throws Exhausted */
export function identity(judging: Judging, value: Json): Identity {
  if (typeof value === "string") {
    spendText(judging, value);
    return TEXT + value;
  }
  if (typeof value !== "object" || value === null) return value;
  return COMPOSITE + canonical(judging, value, 0);
}

function canonical(judging: Judging, value: Json, depth: number): string {
  spend(judging, 1);
  if (depth > DEEPEST) throw new Exhausted(`it is nested more than ${DEEPEST} deep`);
  if (Array.isArray(value)) {
    return `[${value.map((item: Json) => canonical(judging, item, depth + 1)).join(",")}]`;
  }
  if (isJsonObject(value)) {
    const keys = Object.keys(value);
    spend(judging, keys.length);
    keys.sort();
    const entries = keys.map((key) => `${text(judging, key)}:${canonical(judging, value[key] ?? null, depth + 1)}`);
    return `{${entries.join(",")}}`;
  }
  return typeof value === "string" ? text(judging, value) : JSON.stringify(value);
}

function text(judging: Judging, value: string): string {
  spendText(judging, value);
  return JSON.stringify(value);
}
