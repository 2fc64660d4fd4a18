import { LONGEST_PATTERN } from "../expression/pattern.ts";
import { parsePattern, PatternMistake } from "../expression/pattern-parse.ts";
import { parseDate, parseDateTime, parseTime } from "../expression/rfc3339.ts";
import { isEmail, isHostname, isIpv4, isIpv6 } from "./format-host.ts";
import { isUri, isUriReference } from "./format-uri.ts";

export interface Format {
  /** What the message calls it. */
  readonly what: string;
  /** An eighth where it is not said. */
  readonly stepsPerCharacter?: number;
  /** Looks at each character a bounded number of times. */
  fits(text: string): boolean;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const BROKEN_POINTER_ESCAPE = /~(?![01])/;

/** Formats that are judged; any other name says what a text is for, and refuses nothing. */
export const FORMATS: ReadonlyMap<string, Format> = new Map<string, Format>([
  [
    "date-time",
    { what: "a date and time such as 2026-05-01T12:00:00Z", fits: (text) => parseDateTime(text) !== undefined },
  ],
  ["date", { what: "a date such as 2026-05-01", fits: (text) => parseDate(text) !== undefined }],
  ["time", { what: "a time such as 12:00:00Z", fits: (text) => parseTime(text) !== undefined }],
  ["duration", { what: "a duration such as P1DT2H", fits: isDuration }],
  ["email", { what: "an email address", fits: isEmail }],
  ["hostname", { what: "a host name", fits: isHostname }],
  ["ipv4", { what: "an IPv4 address", fits: isIpv4 }],
  ["ipv6", { what: "an IPv6 address", fits: isIpv6 }],
  ["uri", { what: "a URI, with its scheme", fits: isUri }],
  ["uri-reference", { what: "a URI reference", fits: isUriReference }],
  ["uuid", { what: "a UUID", fits: (text) => UUID.test(text) }],
  ["json-pointer", { what: "a JSON Pointer", fits: isPointer }],
  ["relative-json-pointer", { what: "a relative JSON Pointer", fits: isRelativePointer }],
  [
    "regex",
    { what: "a regular expression, without look-around and back references", stepsPerCharacter: 4, fits: isPattern },
  ],
]);

const DAYS = String.raw`(?:\d+D)`;
const MONTHS = String.raw`(?:\d+M${DAYS}?)`;
const YEARS = String.raw`(?:\d+Y${MONTHS}?)`;
const SECONDS = String.raw`(?:\d+S)`;
const MINUTES = String.raw`(?:\d+M${SECONDS}?)`;
const HOURS = String.raw`(?:\d+H${MINUTES}?)`;
const CLOCK = `T(?:${HOURS}|${MINUTES}|${SECONDS})`;
/** RFC 3339, appendix A. */
const DURATION = new RegExp(String.raw`^P(?:\d+W|${CLOCK}|(?:${YEARS}|${MONTHS}|${DAYS})(?:${CLOCK})?)$`);

function isDuration(text: string): boolean {
  return text.length <= 200 && DURATION.test(text);
}

function isPointer(text: string): boolean {
  return (text === "" || text.startsWith("/")) && !BROKEN_POINTER_ESCAPE.test(text);
}

function isRelativePointer(text: string): boolean {
  const start = /^(?:0|[1-9]\d*)/.exec(text)?.[0];
  if (start === undefined) return false;
  const rest = text.slice(start.length);
  return rest === "#" || isPointer(rest);
}

function isPattern(text: string): boolean {
  if (text.length > LONGEST_PATTERN) return false;
  try {
    parsePattern(text);
    return true;
  } catch (thrown) {
    if (thrown instanceof PatternMistake) return false;
    throw thrown;
  }
}
