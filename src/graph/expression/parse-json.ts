import type { Json } from "../../base/json.ts";
import { burn, Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";
import type { Implementation } from "./text-functions.ts";
import { asText } from "./values.ts";

const DEEPEST = 100;
/** Texts without these have no number beyond JSON's. */
const MAY_OVERFLOW = /[eE]|\d{300}/;

/** The value of a JSON text. A key `__proto__` is data, as JSON.parse has it. */
export const parseJson: Implementation = (frame, [value = null]) => {
  const text = asText(value, "the argument of parseJson()");
  burn(frame, 1 + (text.length >> 3));
  checkDepth(text);
  const parsed = parsedOf(text);
  if (MAY_OVERFLOW.test(text)) checkNumbers(frame, parsed);
  return parsed;
};

function parsedOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
    throw new Fault(`parseJson(): ${shown} is no JSON`);
  }
}

/** Counts brackets outside of strings, before anything goes into them. */
function checkDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (inString && character === BACKSLASH) at += 1;
    else if (character === QUOTE) inString = !inString;
    else if (!inString && (character === OPEN_LIST || character === OPEN_MAP)) depth += 1;
    else if (!inString && (character === CLOSE_LIST || character === CLOSE_MAP)) depth -= 1;
    if (depth > DEEPEST) throw new Fault(`parseJson(): the text is nested more than ${DEEPEST} deep`);
  }
}

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_MAP, CLOSE_MAP] = Array.from('"\\[]{}', (each) =>
  each.charCodeAt(0),
);

function checkNumbers(frame: Frame, value: Json): void {
  burn(frame, 1);
  if (typeof value === "number" && !Number.isFinite(value))
    throw new Fault("parseJson(): a number is too large for JSON's numbers");
  if (typeof value !== "object" || value === null) return;
  for (const item of Object.values(value)) checkNumbers(frame, item as Json);
}
