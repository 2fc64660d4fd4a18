import { isMultiple } from "./decimal.ts";
import { spend } from "./judging.ts";
import type { Check } from "./judging.ts";
import { mistake, numberOf } from "./reading.ts";
import type { Source } from "./reading.ts";

const BOUNDS: readonly (readonly [name: string, fits: (value: number, bound: number) => boolean, what: string])[] = [
  ["minimum", (value, bound) => value >= bound, "at least"],
  ["maximum", (value, bound) => value <= bound, "at most"],
  ["exclusiveMinimum", (value, bound) => value > bound, "above"],
  ["exclusiveMaximum", (value, bound) => value < bound, "below"],
];

/** minimum, maximum, their exclusive forms, multipleOf. */
export function numberKeywords(source: Source): Check[] {
  const checks: Check[] = [];
  for (const [name, fits, what] of BOUNDS) {
    const bound = numberOf(source, name);
    if (bound === undefined) continue;
    const message = `it must be ${what} ${bound}`;
    checks.push((_judging, value, place) =>
      typeof value !== "number" || fits(value, bound) ? undefined : { place, message },
    );
  }
  const factor = numberOf(source, "multipleOf");
  if (factor === undefined) return checks;
  if (factor <= 0) throw mistake(source, "multipleOf", "a number above 0");
  const message = `it must be a multiple of ${factor}`;
  checks.push((judging, value, place) => {
    if (typeof value !== "number") return undefined;
    spend(judging, 20);
    return isMultiple(value, factor) ? undefined : { place, message };
  });
  return checks;
}
