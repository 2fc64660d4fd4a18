import type { Json } from "../../base/json.ts";
import { burn, burnSearch, burnText, Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { asIndex, asList, asText } from "./values.ts";

export type Implementation = (frame: Frame, values: readonly Json[]) => Json;

const SURROGATE = /[\ud800-\udfff]/;

/** Characters are code points. Text without surrogates, nearly all there is, needs no list of them. */
export function lengthOf(frame: Frame, text: string): number {
  burnText(frame, text.length);
  return SURROGATE.test(text) ? points(frame, text).length : text.length;
}

/** The characters of a text. */
export function points(frame: Frame, text: string): string[] {
  burn(frame, text.length >> 3);
  return Array.from(text);
}

function first(values: readonly Json[], name: string): string {
  return asText(values[0] ?? null, `what ${name}() is called on`);
}

function second(values: readonly Json[], name: string): string {
  return asText(values[1] ?? null, `the argument of ${name}()`);
}

function searching(name: string, search: (text: string, part: string) => Json): Implementation {
  return (frame, values) => {
    const [text, part] = [first(values, name), second(values, name)];
    burnSearch(frame, text, part);
    return search(text, part);
  };
}

function changing(name: string, change: (text: string) => string): Implementation {
  return (frame, values) => {
    const text = first(values, name);
    burnText(frame, text.length);
    return change(text);
  };
}

/** From an offset in UTF-16 units, as search answers it, to characters. */
function inCharacters(text: string, offset: number): number {
  return offset <= 0 || !SURROGATE.test(text) ? offset : Array.from(text.slice(0, offset)).length;
}

const substring: Implementation = (frame, values) => {
  const text = first(values, "substring");
  const length = lengthOf(frame, text);
  const start = asIndex(values[1] ?? null, "the start");
  const end = values.length > 2 ? asIndex(values[2] ?? null, "the end") : length;
  if (start < 0 || end > length || start > end) {
    throw new Fault(`substring(${start}, ${end}) is outside of a text of ${length} characters`);
  }
  return length === text.length ? text.slice(start, end) : points(frame, text).slice(start, end).join("");
};

const charAt: Implementation = (frame, values) => {
  const text = first(values, "charAt");
  const length = lengthOf(frame, text);
  const index = asIndex(values[1] ?? null, "the argument of charAt()");
  if (index < 0 || index > length) throw new Fault(`charAt(${index}) is outside of a text of ${length} characters`);
  return length === text.length ? text.charAt(index) : (points(frame, text)[index] ?? "");
};

const split: Implementation = (frame, values) => {
  const [text, by] = [first(values, "split"), second(values, "split")];
  burnSearch(frame, text, by);
  const most = values.length > 2 ? asIndex(values[2] ?? null, "the limit of split()") : -1;
  const parts = by === "" ? points(frame, text) : text.split(by);
  burn(frame, parts.length);
  if (most < 0 || parts.length <= most) return parts;
  return most === 0 ? [] : [...parts.slice(0, most - 1), parts.slice(most - 1).join(by)];
};

const join: Implementation = (frame, values) => {
  const between = values.length > 1 ? asText(values[1] ?? null, "the argument of join()") : "";
  const parts = asList(values[0] ?? null, "what join() is called on").map((part) => {
    const text = asText(part, "each part that join() joins");
    burnText(frame, text.length + between.length);
    return text;
  });
  return parts.join(between);
};

const replace: Implementation = (frame, values) => {
  const [text, part] = [first(values, "replace"), second(values, "replace")];
  const by = asText(values[2] ?? null, "the second argument of replace()");
  burnSearch(frame, text, part);
  const pieces = part === "" ? points(frame, text) : text.split(part);
  burn(frame, pieces.length);
  burnText(frame, pieces.length * by.length);
  return part === "" ? `${by}${pieces.map((piece) => piece + by).join("")}` : pieces.join(by);
};

// "Ascii" is meant: letters beyond it depend on a language
const ASCII_UPPER = /[A-Z]+/g;
const ASCII_LOWER = /[a-z]+/g;

/** Methods of strings (and `join` of lists), by `name/arguments`. */
export const TEXT_METHODS: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["contains/1", searching("contains", (text, part) => text.includes(part))],
  ["startsWith/1", searching("startsWith", (text, part) => text.startsWith(part))],
  ["endsWith/1", searching("endsWith", (text, part) => text.endsWith(part))],
  ["indexOf/1", searching("indexOf", (text, part) => inCharacters(text, text.indexOf(part)))],
  ["lastIndexOf/1", searching("lastIndexOf", (text, part) => inCharacters(text, text.lastIndexOf(part)))],
  ["trim/0", changing("trim", (text) => text.trim())],
  ["lowerAscii/0", changing("lowerAscii", (text) => text.replace(ASCII_UPPER, (part) => part.toLowerCase()))],
  ["upperAscii/0", changing("upperAscii", (text) => text.replace(ASCII_LOWER, (part) => part.toUpperCase()))],
  ["charAt/1", charAt],
  ["substring/1", substring],
  ["substring/2", substring],
  ["split/1", split],
  ["split/2", split],
  ["join/0", join],
  ["join/1", join],
  ["replace/2", replace],
]);
