import type { Pattern } from "../expression/pattern.ts";
import { FORMATS } from "./formats.ts";
import { spend } from "./judging.ts";
import type { Check, Judging } from "./judging.ts";
import { countOf, textOf } from "./reading.ts";
import type { Source } from "./reading.ts";

/** minLength, maxLength (in code points), pattern, format. */
export function textKeywords(source: Source): Check[] {
  return [...lengthChecks(source), ...patternCheck(source), ...formatCheck(source)];
}

function lengthChecks(source: Source): Check[] {
  const least = countOf(source, "minLength");
  const most = countOf(source, "maxLength");
  if (least === undefined && most === undefined) return [];
  return [
    (judging, value, place) => {
      if (typeof value !== "string") return undefined;
      const length = lengthOf(judging, value);
      if (least !== undefined && length < least)
        return { place, message: `it must be at least as long as ${least} characters` };
      if (most !== undefined && length > most)
        return { place, message: `it must be at most as long as ${most} characters` };
      return undefined;
    },
  ];
}

function lengthOf(judging: Judging, text: string): number {
  spend(judging, 1 + (text.length >> 4));
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    length += 1;
    if ((text.codePointAt(at) ?? 0) > 0xffff) at += 1;
  }
  return length;
}

function patternCheck(source: Source): Check[] {
  const text = textOf(source, "pattern");
  if (text === undefined) return [];
  const pattern = source.pattern(text, [...source.path, "pattern"]);
  const message = `it must match the pattern ${text.slice(0, 200)}`;
  return [
    (judging, value, place) =>
      typeof value !== "string" || occurs(judging, pattern, value) ? undefined : { place, message },
  ];
}

export function occurs(judging: Judging, pattern: Pattern, text: string): boolean {
  const matcher = judging.matchers.get(pattern) ?? pattern.matcher();
  judging.matchers.set(pattern, matcher);
  return matcher.occursIn(text, (steps) => spend(judging, steps));
}

function formatCheck(source: Source): Check[] {
  const name = textOf(source, "format");
  const format = name === undefined ? undefined : FORMATS.get(name);
  if (format === undefined) return [];
  const message = `it must be ${format.what}`;
  return [
    (judging, value, place) => {
      if (typeof value !== "string") return undefined;
      spend(judging, 2 + value.length * (format.stepsPerCharacter ?? 1 / 8));
      return format.fits(value) ? undefined : { place, message };
    },
  ];
}
