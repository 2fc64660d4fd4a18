import { burn, Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";

const FIXED = /^([+-]?)(\d{2}):(\d{2})$/;
const NAMED = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;
const OFFSET = /([+-])(\d{2}):(\d{2})(?::(\d{2}))?$/;
/** What the platform takes to open a zone, and then to look into it. */
const OPENING = 1000;
const LOOKING = 50;

/** How far a zone's clocks are ahead of UTC at a moment, in milliseconds. @throws Fault for what is no zone */
export function offsetMs(frame: Frame, zone: string, ms: number): number {
  if (zone === "UTC" || zone === "") return 0;
  const fixed = FIXED.exec(zone);
  if (fixed !== null) return fixedOffset(zone, fixed);
  burn(frame, LOOKING);
  const shown = zoneOf(frame, zone).formatToParts(ms);
  const name = shown.find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign, hours, minutes, seconds = 0] = OFFSET.exec(name) ?? [];
  if (sign === undefined) return 0; // "GMT" alone
  return (sign === "-" ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

function fixedOffset(zone: string, [, sign, hours, minutes]: RegExpExecArray): number {
  const total = Number(hours) * 60 + Number(minutes);
  if (total > 18 * 60 || Number(minutes) > 59) throw unknownZone(zone);
  return (sign === "-" ? -1 : 1) * total * 60_000;
}

function zoneOf(frame: Frame, zone: string): Intl.DateTimeFormat {
  frame.zones ??= new Map();
  const known = frame.zones.get(zone);
  if (known !== undefined) return known;
  burn(frame, OPENING);
  const opened = open(zone);
  frame.zones.set(zone, opened);
  return opened;
}

function open(zone: string): Intl.DateTimeFormat {
  if (!NAMED.test(zone)) throw unknownZone(zone);
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    throw unknownZone(zone);
  }
}

function unknownZone(zone: string): Fault {
  const shown = JSON.stringify(zone.length > 40 ? `${zone.slice(0, 40)}…` : zone);
  return new Fault(`${shown} is no time zone such as Europe/Berlin or +02:00`);
}
