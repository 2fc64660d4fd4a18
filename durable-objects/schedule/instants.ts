import { Cron } from "croner";
import { failure } from "../../src/base/errors.ts";

/** When a cron is due. Pure: the time comes with the question. */

export interface Rhythm {
  readonly schedule: string;
  /** IANA; null: UTC. */
  readonly timezone: string | null;
}

const LONGEST_SCHEDULE = 256;
const NICKNAME = /^@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;
/** Where a time zone sets its clocks, one search backwards may miss an instant that a walk forwards finds. */
const AROUND_MS = 3 * 3_600_000;

/**
 * @returns Unix milliseconds of the first instant after that one
 * @throws EdgewiseError `invalid_request` with a pointer, for a schedule or time zone that cannot be read
 */
export function nextInstant(rhythm: Rhythm, after: number): number | undefined {
  return parse(rhythm).nextRun(new Date(after))?.getTime();
}

/** The newest instant that is not after `upTo`, beginning with `first`, which is one. */
export function latestInstant(rhythm: Rhythm, first: number, upTo: number): number {
  const cron = parse(rhythm);
  const before = cron.previousRuns(1, new Date(upTo + 1_000))[0]?.getTime() ?? first;
  let latest = Math.max(first, Math.min(before, upTo) - AROUND_MS);
  if (latest !== first) latest = cron.nextRun(new Date(latest - 1))?.getTime() ?? first;
  for (let next = latest; next <= upTo; ) {
    latest = next;
    const after = cron.nextRun(new Date(next))?.getTime();
    if (after === undefined) break;
    next = after;
  }
  return latest > upTo ? first : latest;
}

/** @throws EdgewiseError `invalid_request`, saying what is wrong with which of the two. */
export function checkRhythm(rhythm: Rhythm, now: number): void {
  if (nextInstant(rhythm, now) === undefined)
    throw wrong("schedule", `"${rhythm.schedule}" never comes; name a day that there is.`);
}

const parsed = new Map<string, Cron>();
const MOST_PARSED = 1_000;

function parse(rhythm: Rhythm): Cron {
  const key = JSON.stringify([rhythm.schedule, rhythm.timezone]);
  const cron = parsed.get(key) ?? read(rhythm);
  if (parsed.size >= MOST_PARSED) parsed.clear();
  parsed.set(key, cron);
  return cron;
}

function read({ schedule, timezone }: Rhythm): Cron {
  const zone = timezone ?? "UTC";
  if (!isTimeZone(zone))
    throw wrong(
      "timezone",
      `"${zone.slice(0, 80)}" is no IANA time zone such as "Europe/Berlin"; without one it is UTC.`,
    );
  const text = schedule.trim();
  const isPattern = text.length <= LONGEST_SCHEDULE && text.split(/\s+/).length === 5;
  if (!isPattern && !NICKNAME.test(text)) {
    const message = `"${text.slice(0, 80)}" is no cron of five fields (minute, hour, day of month, month, day of week), such as "0 9 * * 1-5".`;
    throw wrong("schedule", message);
  }
  try {
    return new Cron(text, { timezone: zone, mode: "5-part", paused: true });
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.replace(/^CronPattern: /, "") : String(thrown);
    throw wrong("schedule", `"${text}" is no cron of five fields: ${why}`);
  }
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function wrong(field: "schedule" | "timezone", message: string) {
  return failure("invalid_request", message, { pointer: `/${field}` });
}
