import { apply, spend } from "./judging.ts";
import type { Check, Judge, Judging } from "./judging.ts";
import { textOf } from "./reading.ts";
import type { Source } from "./reading.ts";

/** $ref, $dynamicRef. */
export function referenceKeywords(source: Source): Check[] {
  return [staticCheck(source), dynamicCheck(source)].filter((check) => check !== undefined);
}

function staticCheck(source: Source): Check | undefined {
  const ref = textOf(source, "$ref");
  if (ref === undefined) return undefined;
  const judge = source.reference(ref, [...source.path, "$ref"]);
  return (judging, value, place, seen) => apply(judging, judge, value, place, seen);
}

function dynamicCheck(source: Source): Check | undefined {
  const ref = textOf(source, "$dynamicRef");
  if (ref === undefined) return undefined;
  const fixed = source.reference(ref, [...source.path, "$dynamicRef"]);
  const name = ref.slice(ref.indexOf("#") + 1);
  return (judging, value, place, seen) => {
    // moves only where what it names here is dynamic itself
    const judge = fixed.resource.dynamic.get(name) === fixed ? outermost(judging, name, fixed) : fixed;
    return apply(judging, judge, value, place, seen);
  };
}

/** The dynamic anchor of that name in the resource that was entered first. */
function outermost(judging: Judging, name: string, fixed: Judge): Judge {
  let found = fixed;
  for (let entered: typeof judging.entered | undefined = judging.entered; entered; entered = entered.before) {
    spend(judging, 1);
    found = entered.resource.dynamic.get(name) ?? found;
  }
  return found;
}
