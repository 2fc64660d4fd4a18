import type { Json } from "../../base/json.ts";
import { civilTime } from "./calendar.ts";
import { burn, Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { parseDateTime } from "./rfc3339.ts";

/** A moment, or a length of time: in an evaluation values of their own, which leave it as text. In whole milliseconds. */
export class Time {
  readonly kind: "timestamp" | "duration";
  readonly ms: number;
  constructor(kind: "timestamp" | "duration", ms: number) {
    this.kind = kind;
    this.ms = ms;
  }
}

const EARLIEST = -62_135_596_800_000;
const LATEST = 253_402_300_799_999;
/** 10,000 years. */
const LONGEST = 315_576_000_000_000;

/** A time among the values of an evaluation. @throws Fault outside of the years 1 to 9999 */
export function timestamp(frame: Frame, ms: number): Json {
  if (!(ms >= EARLIEST && ms <= LATEST)) throw new Fault("a timestamp must lie in the years 1 to 9999");
  return held(frame, new Time("timestamp", Math.trunc(ms)));
}

/** @throws Fault for more than 10,000 years */
export function duration(frame: Frame, ms: number): Json {
  if (!(Math.abs(ms) <= LONGEST)) throw new Fault("a duration is at most 10,000 years");
  return held(frame, new Time("duration", Math.trunc(ms) + 0));
}

function held(frame: Frame, time: Time): Json {
  frame.holdsTimes = true;
  // the one kind of value in an evaluation that JSON does not have; `settled` takes it out before the value leaves
  return time as unknown as Json;
}

export function isTime(value: unknown): value is Time {
  return value instanceof Time;
}

/** RFC 3339 in UTC, or seconds as CEL writes them: `5400s`, `1.5s`. */
export function timeText({ kind, ms }: Time): string {
  if (kind === "duration") {
    const rest = Math.abs(ms) % 1000;
    const fraction = rest === 0 ? "" : `.${digits(rest, 3).replace(/0+$/, "")}`;
    return `${ms < 0 ? "-" : ""}${Math.floor(Math.abs(ms) / 1000)}${fraction}s`;
  }
  const { year, month, day, hour, minute, second, milliseconds } = civilTime(ms);
  const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
  const fraction = milliseconds === 0 ? "" : `.${digits(milliseconds, 3)}`;
  return `${date}T${digits(hour, 2)}:${digits(minute, 2)}:${digits(second, 2)}${fraction}Z`;
}

function digits(number: number, count: number): string {
  return String(number).padStart(count, "0");
}

export function parseTimestamp(frame: Frame, text: string): Json {
  const ms = parseDateTime(text);
  if (ms !== undefined) return timestamp(frame, ms);
  throw new Fault(`${quoted(text)} is no time such as 2026-05-01T12:00:00Z`);
}

const PART = /(\d{1,15})(?:\.(\d{1,15}))?(h|ms|m|s|us|µs|ns)/y;
const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** `1h30m`, `-1.5s`, `250ms`: finer parts than milliseconds are cut off. */
export function parseDuration(frame: Frame, text: string): Json {
  const sign = text.startsWith("-") ? -1 : 1;
  let at = /^[+-]/.test(text) ? 1 : 0;
  let ms = 0;
  let parts = 0;
  while (at < text.length && parts < 20) {
    PART.lastIndex = at;
    const [all = "", whole = "", fraction = "", unit = ""] = PART.exec(text) ?? [];
    if (all === "") break;
    ms += Number(`${whole}.${fraction}`) * (UNIT_MS[unit] ?? 0);
    at += all.length;
    parts += 1;
  }
  if (parts > 0 && at === text.length) return duration(frame, sign * Number(ms.toFixed(6)));
  throw new Fault(`${quoted(text)} is no duration such as 90s or 1h30m`);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

const DEEPEST = 1000;

/** A value as it may leave the evaluation: times as text, however deep in it. */
export function settled(frame: Frame, value: Json, depth = 0): Json {
  if (frame.holdsTimes !== true || typeof value !== "object" || value === null) return value;
  if (isTime(value)) return timeText(value);
  if (depth > DEEPEST) throw new Fault(`a value is nested more than ${DEEPEST} deep`);
  if (Array.isArray(value)) {
    burn(frame, value.length);
    return value.map((item: Json) => settled(frame, item, depth + 1));
  }
  const entries = Object.entries(value);
  burn(frame, entries.length * 2);
  return Object.fromEntries(entries.map(([key, item]) => [key, settled(frame, item, depth + 1)]));
}
