import type { Json } from "../../base/json.ts";
import { civilTime } from "./calendar.ts";
import type { CivilTime } from "./calendar.ts";
import { burn, burnText, Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";
import type { Implementation } from "./text-functions.ts";
import { duration, isTime, parseDuration, parseTimestamp, timestamp } from "./times.ts";
import type { Time } from "./times.ts";
import { asText, typeName } from "./values.ts";
import { offsetMs } from "./zones.ts";

const toTimestamp: Implementation = (frame, [value = null]) => {
  if (isTime(value) && value.kind === "timestamp") return value;
  if (typeof value === "number") return timestamp(frame, value * 1000);
  if (typeof value !== "string")
    throw new Fault(`timestamp() takes a text or seconds since 1970, not ${typeName(value)}`);
  burnText(frame, value.length);
  return parseTimestamp(frame, value);
};

const toDuration: Implementation = (frame, [value = null]) => {
  if (isTime(value) && value.kind === "duration") return value;
  if (typeof value !== "string")
    throw new Fault(`duration() takes a text such as 90s or 1h30m, not ${typeName(value)}`);
  burnText(frame, value.length);
  return parseDuration(frame, value);
};

export const TIME_FUNCTIONS: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["timestamp/1", toTimestamp],
  ["duration/1", toDuration],
]);

/** Months, weekdays and days count as CEL counts them: from 0, but for getDate. */
const FIELDS: Readonly<Record<string, (civil: CivilTime) => number>> = {
  getFullYear: ({ year }) => year,
  getMonth: ({ month }) => month - 1,
  getDate: ({ day }) => day,
  getDayOfMonth: ({ day }) => day - 1,
  getDayOfWeek: ({ weekday }) => weekday,
  getDayOfYear: ({ yearday }) => yearday,
  getHours: ({ hour }) => hour,
  getMinutes: ({ minute }) => minute,
  getSeconds: ({ second }) => second,
  getMilliseconds: ({ milliseconds }) => milliseconds,
};

/** The whole of a duration in that unit, not its part of it. */
const LENGTHS: Readonly<Record<string, number>> = {
  getHours: 3_600_000,
  getMinutes: 60_000,
  getSeconds: 1000,
  getMilliseconds: 1,
};

function getter(name: string, field: (civil: CivilTime) => number): Implementation {
  return (frame, [value = null, zone]) => {
    burn(frame, 1);
    if (!isTime(value)) throw new Fault(`${name}() is called on a timestamp or a duration, not ${typeName(value)}`);
    if (value.kind === "timestamp") return field(civilTime(value.ms + ahead(frame, value, zone)));
    const length = LENGTHS[name];
    if (length === undefined) throw new Fault(`a duration has no ${name}()`);
    if (zone !== undefined) throw new Fault(`${name}() of a duration takes no time zone`);
    return Math.trunc(value.ms / length) + 0;
  };
}

function ahead(frame: Frame, { ms }: Time, zone: Json | undefined): number {
  return zone === undefined ? 0 : offsetMs(frame, asText(zone, "the time zone"), ms);
}

export const TIME_METHODS: ReadonlyMap<string, Implementation> = new Map(
  Object.entries(FIELDS).flatMap(([name, field]) => {
    const get = getter(name, field);
    return [
      [`${name}/0`, get],
      [`${name}/1`, get],
    ] as const;
  }),
);

/** Of two times, or undefined where one of them is none. */
export function addTimes(frame: Frame, left: Json, right: Json): Json | undefined {
  if (!isTime(left) || !isTime(right)) return undefined;
  const sum = left.ms + right.ms;
  if (left.kind === "duration" && right.kind === "duration") return duration(frame, sum);
  return left.kind === right.kind ? undefined : timestamp(frame, sum);
}

export function subtractTimes(frame: Frame, left: Json, right: Json): Json | undefined {
  if (!isTime(left) || !isTime(right)) return undefined;
  const difference = left.ms - right.ms;
  if (left.kind === right.kind) return duration(frame, difference);
  return left.kind === "timestamp" ? timestamp(frame, difference) : undefined;
}
