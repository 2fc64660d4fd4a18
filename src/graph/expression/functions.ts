import type { Json } from "../../base/json.ts";
import { burn, burnText, Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { LIST_FUNCTIONS, LIST_METHODS } from "./list-functions.ts";
import { MAP_FUNCTIONS } from "./map-functions.ts";
import { parseJson } from "./parse-json.ts";
import { lengthOf, TEXT_METHODS } from "./text-functions.ts";
import type { Implementation } from "./text-functions.ts";
import { TIME_FUNCTIONS, TIME_METHODS } from "./time-functions.ts";
import { isTime, timeText } from "./times.ts";
import { asList, asNumber, compare, finite, isList, isMap, toJsonText, typeName } from "./values.ts";

const size: Implementation = (frame, [value = null]) => {
  if (typeof value === "string") return lengthOf(frame, value);
  if (isList(value)) return value.length;
  if (!isMap(value)) throw new Fault(`${typeName(value)} has no size`);
  const keys = Object.keys(value);
  burn(frame, keys.length >> 3);
  return keys.length;
};

const toText: Implementation = (_frame, [value = null]) => {
  if (typeof value === "string") return value;
  if (isTime(value)) return timeText(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Fault(`string() takes no ${typeName(value)}; json() makes text of anything`);
};

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

const toNumber: Implementation = (frame, [value = null]) => {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  if (isTime(value)) return value.ms / 1000;
  if (typeof value !== "string") throw new Fault(`${typeName(value)} cannot become a number`);
  burnText(frame, value.length);
  if (value.length > 400 || !NUMBER.test(value))
    throw new Fault(`${JSON.stringify(value.slice(0, 40))} is not a number`);
  return finite(Number(value));
};

const toBool: Implementation = (_frame, [value = null]) => {
  if (typeof value === "boolean") return value;
  if (value === "true") return true;
  if (value === "false") return false;
  throw new Fault(`bool() takes true, false, "true" and "false", not ${typeName(value)}`);
};

function rounding(name: string, round: (value: number) => number): Implementation {
  return (_frame, [value = null]) => finite(round(asNumber(value, `the argument of ${name}()`)));
}

/** Half away from zero, as people round. */
function round(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

function extreme(name: string, better: (order: number) => boolean): Implementation {
  return (frame, [value = null]) => {
    const list = asList(value, `the argument of ${name}()`);
    if (list.length === 0) throw new Fault(`${name}() of an empty list`);
    burn(frame, list.length);
    return list.reduce((best, item) => (better(compare(frame, item, best)) ? item : best));
  };
}

const sum: Implementation = (frame, [value = null]) => {
  const list = asList(value, "the argument of sum()");
  burn(frame, list.length);
  return finite(list.reduce<number>((total, item) => total + asNumber(item, "each item that sum() adds"), 0));
};

/** Functions, by `name/arguments`. */
export const FUNCTIONS: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["size/1", size],
  ["string/1", toText],
  ["double/1", toNumber],
  ["int/1", (frame, values) => finite(Math.trunc(toNumber(frame, values) as number))],
  ["bool/1", toBool],
  ["dyn/1", (_frame: Frame, [value = null]: readonly Json[]) => value],
  ["json/1", (frame, [value = null]) => toJsonText(frame, value)],
  ["min/1", extreme("min", (order) => order < 0)],
  ["max/1", extreme("max", (order) => order > 0)],
  ["sum/1", sum],
  ["abs/1", rounding("abs", Math.abs)],
  ["floor/1", rounding("floor", Math.floor)],
  ["ceil/1", rounding("ceil", Math.ceil)],
  ["round/1", rounding("round", round)],
  ["parseJson/1", parseJson],
  ...LIST_FUNCTIONS,
  ...MAP_FUNCTIONS,
  ...TIME_FUNCTIONS,
]);

/** Methods, by `name/arguments`; the first value is what they are called on. `matches` is built apart: its pattern is compiled. */
export const METHODS: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ...TEXT_METHODS,
  ...LIST_METHODS,
  ...TIME_METHODS,
  ["size/0", size],
]);
