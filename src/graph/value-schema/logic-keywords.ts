import type { Json } from "../../base/json.ts";
import { addSeen, apply, nothingSeen, pathOf, spend } from "./judging.ts";
import type { Check, Fault, Judge, Judging, Place, Seen } from "./judging.ts";
import { judgeOf, judgesOf } from "./reading.ts";
import type { Source } from "./reading.ts";

/** allOf, anyOf, oneOf, not, if-then-else. */
export function logicKeywords(source: Source): Check[] {
  const checks = [allOf(source), anyOf(source), oneOf(source), not(source), condition(source)];
  return checks.filter((check) => check !== undefined);
}

function allOf(source: Source): Check | undefined {
  const judges = judgesOf(source, "allOf");
  if (judges === undefined) return undefined;
  return (judging, value, place, seen) => {
    for (const judge of judges) {
      const fault = apply(judging, judge, value, place, seen);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}

/** Applies a schema that may fail: what it has looked at counts only where it fits. */
function attempt(
  judging: Judging,
  judge: Judge,
  value: Json,
  place: Place | undefined,
  seen: Seen | undefined,
): Fault | undefined {
  if (seen === undefined) return apply(judging, judge, value, place, undefined);
  const own = nothingSeen();
  const fault = apply(judging, judge, value, place, own);
  if (fault === undefined) addSeen(judging, seen, own);
  return fault;
}

function anyOf(source: Source): Check | undefined {
  const judges = judgesOf(source, "anyOf");
  if (judges === undefined) return undefined;
  return (judging, value, place, seen) => {
    const faults: Fault[] = [];
    for (const judge of judges) {
      const fault = attempt(judging, judge, value, place, seen);
      if (fault !== undefined) faults.push(fault);
      else if (seen === undefined) return undefined;
    }
    return faults.length < judges.length ? undefined : noneFits(judging, "anyOf", faults, place);
  };
}

function oneOf(source: Source): Check | undefined {
  const judges = judgesOf(source, "oneOf");
  if (judges === undefined) return undefined;
  return (judging, value, place, seen) => {
    const faults: Fault[] = [];
    const fitting: number[] = [];
    for (const [index, judge] of judges.entries()) {
      const fault = attempt(judging, judge, value, place, seen);
      if (fault === undefined) fitting.push(index);
      else faults.push(fault);
      if (fitting.length > 1) break;
    }
    if (fitting.length === 1) return undefined;
    if (fitting.length === 0) return noneFits(judging, "oneOf", faults, place);
    return { place, message: `it must fit one schema of "oneOf" only, but fits those at ${fitting.join(" and ")}` };
  };
}

/** Of several faults, the one furthest within the value says most: it is where the nearest schema stopped fitting. */
function noneFits(judging: Judging, name: string, faults: readonly Fault[], place: Place | undefined): Fault {
  const [only, ...others] = faults;
  if (only === undefined || others.length === 0) return only ?? { place, message: `no schema of "${name}" fits` };
  spend(judging, faults.length * (1 + (judging.depth >> 2)));
  const depth = pathOf(place).length;
  let nearest = { fault: only, path: pathOf(only.place) };
  for (const fault of others) {
    const path = pathOf(fault.place);
    if (path.length > nearest.path.length) nearest = { fault, path };
  }
  if (nearest.path.length === depth) {
    const ways = [...new Set(faults.map(({ message }) => message))];
    if (ways.length <= 4) return { place, message: short(`no schema of "${name}" fits: ${ways.join("; ")}`) };
  }
  const at = nearest.path.slice(depth).join("/");
  const where = at === "" ? "" : `at ${at}: `;
  return { place, message: short(`no schema of "${name}" fits; of the nearest, ${where}${nearest.fault.message}`) };
}

function short(message: string): string {
  return message.length > 500 ? `${message.slice(0, 500)}…` : message;
}

function not(source: Source): Check | undefined {
  const judge = judgeOf(source, "not");
  if (judge === undefined) return undefined;
  return (judging, value, place) =>
    apply(judging, judge, value, place, undefined) === undefined
      ? { place, message: 'it must not fit the schema of "not"' }
      : undefined;
}

function condition(source: Source): Check | undefined {
  const test = judgeOf(source, "if");
  const yes = judgeOf(source, "then");
  const no = judgeOf(source, "else");
  if (test === undefined) return undefined;
  return (judging, value, place, seen) => {
    const next = attempt(judging, test, value, place, seen) === undefined ? yes : no;
    return next && apply(judging, next, value, place, seen);
  };
}
