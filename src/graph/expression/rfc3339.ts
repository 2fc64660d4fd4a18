import { daysOf } from "./calendar.ts";

/** A date of the (proleptic Gregorian) calendar, and a time of day with its offset, as RFC 3339 writes them. */
export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export interface TimeParts {
  readonly hour: number;
  readonly minute: number;
  /** 60 in a leap second. */
  readonly second: number;
  readonly milliseconds: number;
  readonly offsetMinutes: number;
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const TIME = /^(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,30}))?(?:[zZ]|([+-])(\d{2}):(\d{2}))$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function parseDate(text: string): DateParts | undefined {
  const [, year = 0, month = 0, day = 0] = (DATE.exec(text) ?? []).map(Number);
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) ? { year, month, day } : undefined;
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (DAYS[month - 1] ?? 0);
}

export function parseTime(text: string): TimeParts | undefined {
  const found = TIME.exec(text);
  if (found === null) return undefined;
  const [hour = 0, minute = 0, second = 0] = found.slice(1, 4).map(Number);
  const [offsetHour, offsetMinute] = [Number(found[6] ?? 0), Number(found[7] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return undefined;
  const offsetMinutes = (offsetHour * 60 + offsetMinute) * (found[5] === "-" ? -1 : 1);
  if (second === 60 && !endsDay(hour * 60 + minute - offsetMinutes)) return undefined;
  const milliseconds = Number((found[4] ?? "").slice(0, 3).padEnd(3, "0"));
  return { hour, minute, second, milliseconds, offsetMinutes };
}

/** Leap seconds are inserted before midnight, UTC. */
function endsDay(minutes: number): boolean {
  return (minutes + 1440) % 1440 === 1439;
}

/** Milliseconds since 1970, finer parts cut off; undefined for what is no RFC 3339 date-time. */
export function parseDateTime(text: string): number | undefined {
  const separator = text[10];
  if (separator !== "T" && separator !== "t") return undefined;
  const date = parseDate(text.slice(0, 10));
  const time = parseTime(text.slice(11));
  if (date === undefined || time === undefined) return undefined;
  const { hour, minute, second, milliseconds, offsetMinutes } = time;
  const days = daysOf(date.year, date.month, date.day);
  return ((days * 1440 + hour * 60 + minute - offsetMinutes) * 60 + second) * 1000 + milliseconds;
}
