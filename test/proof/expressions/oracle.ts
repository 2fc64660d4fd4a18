import { type Json, sameJson } from "../../../src/base/json.ts";
import { Random } from "../../../src/engine/testing/random.ts";

/** A random expression, and what it is worth by rules written anew; throws where it must fail. */
export interface Sample {
  readonly text: string;
  readonly worth: () => Json;
}

type Type = "number" | "text" | "truth" | "list";
type Make = (random: Random, depth: number, locals: readonly string[]) => Piece;
/** Locals are what macros have bound, by name. */
interface Piece {
  readonly text: string;
  readonly worth: (locals: ReadonlyMap<string, Json>) => Json;
}

/** What a sample may read as `state.<name>`. */
export const STATE: Readonly<Record<string, Json>> = {
  n: 7,
  half: 0.5,
  s: "héllo",
  b: true,
  l: [3, 1, 2],
  words: ["a", "bb", ""],
};

export class Failed extends Error {}

export function sample(seed: number, number: number): Sample {
  const random = new Random("oracle", seed, number);
  const type = random.pick<Type>(["number", "text", "truth", "list"]) ?? "truth";
  const { text, worth } = make(type)(random, 4, []);
  return { text, worth: () => worth(new Map()) };
}

const num = (value: Json): number => (typeof value === "number" ? value : fail());
const str = (value: Json): string => (typeof value === "string" ? value : fail());
const bool = (value: Json): boolean => (typeof value === "boolean" ? value : fail());
const list = (value: Json): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : fail());

function fail(): never {
  throw new Failed();
}

function real(value: number): number {
  return Number.isFinite(value) ? value : fail();
}

function make(type: Type): Make {
  return (random, depth, locals) => {
    const [leaves, branches] = RULES[type];
    const rule = random.pick(depth > 0 && random.chance(0.8) ? branches : leaves) ?? leaves[0];
    return rule === undefined ? fail() : rule(random, depth - 1, locals);
  };
}

const constant =
  (text: string, value: Json): Make =>
  () => ({ text, worth: () => value });
const channel = (name: string): Make => constant(`state.${name}`, STATE[name] ?? null);
const literals = (...values: readonly Json[]): Make[] =>
  values.map((value) => constant(typeof value === "number" && value < 0 ? `(${value})` : JSON.stringify(value), value));

/** `$` are the operands, in their order. */
function rule(form: string, types: readonly Type[], worth: (...values: Json[]) => Json): Make {
  return (random, depth, locals) => {
    const pieces = types.map((type) => make(type)(random, depth, locals));
    let at = 0;
    const text = form.replace(/\$/g, () => pieces[at++]?.text ?? "");
    return { text, worth: (bound) => worth(...pieces.map((piece) => piece.worth(bound))) };
  };
}

/** Operators that look at their sides only as far as they must. */
function lazy(form: string, types: readonly Type[], worth: (...values: (() => Json)[]) => Json): Make {
  return (random, depth, locals) => {
    const pieces = types.map((type) => make(type)(random, depth, locals));
    let at = 0;
    const text = form.replace(/\$/g, () => pieces[at++]?.text ?? "");
    return { text, worth: (bound) => worth(...pieces.map((piece) => () => piece.worth(bound))) };
  };
}

/** A macro over numbers: its body knows one more number. */
function macro(name: string, body: Type, worth: (items: readonly Json[], each: (item: Json) => Json) => Json): Make {
  return (random, depth, locals) => {
    const over = make("list")(random, depth, locals);
    const variable = `v${locals.length}`;
    const inner = make(body)(random, depth, [...locals, variable]);
    return {
      text: `${over.text}.${name}(${variable}, ${inner.text})`,
      worth: (bound) => worth(list(over.worth(bound)), (item) => inner.worth(new Map([...bound, [variable, item]]))),
    };
  };
}

const local: Make = (random, _depth, locals) => {
  const name = random.pick(locals);
  return name === undefined
    ? make("number")(random, 0, locals)
    : { text: name, worth: (bound) => num(bound.get(name) ?? null) };
};

/** One side that decides is enough, though the other fails. */
function either(decisive: boolean): (left: () => Json, right: () => Json) => Json {
  return (left, right) => {
    const sides = [left, right].map((side): boolean | undefined => {
      try {
        return bool(side());
      } catch {
        return undefined;
      }
    });
    if (sides.includes(decisive)) return decisive;
    return sides.includes(undefined) ? fail() : !decisive;
  };
}

/** All items are looked at; one that fails counts only if none decides. */
function every(wanted: boolean): (items: readonly Json[], each: (item: Json) => Json) => Json {
  return (items, each) => {
    let failed = false;
    for (const item of items) {
      try {
        if (bool(each(item)) === wanted) return wanted;
      } catch {
        failed = true;
      }
    }
    return failed ? fail() : !wanted;
  };
}

/** A number of seconds as milliseconds since 1970, where a timestamp may lie there. */
function moment(value: Json): number {
  const ms = num(value) * 1000;
  return ms >= -62_135_596_800_000 && ms <= 253_402_300_799_999 ? Math.trunc(ms) : fail();
}

const letters = (text: string): readonly string[] => Array.from(text);
const compared = (name: string, test: (order: number) => boolean): Make[] => [
  rule(`($ ${name} $)`, ["number", "number"], (one, other) => test(num(one) - num(other))),
  rule(`($ ${name} $)`, ["text", "text"], (one, other) =>
    test(str(one) < str(other) ? -1 : Number(str(one) > str(other))),
  ),
];

const RULES: Readonly<Record<Type, readonly [leaves: readonly Make[], branches: readonly Make[]]>> = {
  number: [
    [...literals(0, 1, 2, 3, -1, 0.5, 10, 1000000, -2.5), channel("n"), channel("half"), local],
    [
      rule("($ + $)", ["number", "number"], (one, other) => real(num(one) + num(other))),
      rule("($ - $)", ["number", "number"], (one, other) => real(num(one) - num(other))),
      rule("($ * $)", ["number", "number"], (one, other) => real(num(one) * num(other))),
      rule("($ / $)", ["number", "number"], (one, other) => real(num(one) / num(other))),
      rule("($ % $)", ["number", "number"], (one, other) => real(num(one) % num(other))),
      rule("-($)", ["number"], (one) => -num(one)),
      rule("abs($)", ["number"], (one) => Math.abs(num(one))),
      rule("floor($)", ["number"], (one) => Math.floor(num(one))),
      rule("ceil($)", ["number"], (one) => Math.ceil(num(one))),
      rule("int($)", ["number"], (one) => Math.trunc(num(one))),
      rule("round($)", ["number"], (one) => (num(one) < 0 ? -Math.round(-num(one)) : Math.round(num(one)))),
      rule("size($)", ["text"], (one) => letters(str(one)).length),
      rule("$.size()", ["list"], (one) => list(one).length),
      rule("sum($)", ["list"], (one) => list(one).reduce<number>((total, item) => total + num(item), 0)),
      rule("max($)", ["list"], (one) => (list(one).length === 0 ? fail() : Math.max(...list(one).map(num)))),
      rule("min($)", ["list"], (one) => (list(one).length === 0 ? fail() : Math.min(...list(one).map(num)))),
      rule("$[$]", ["list", "number"], (one, at) => list(one)[num(at)] ?? fail()),
      rule("$.first()", ["list"], (one) => list(one)[0] ?? fail()),
      rule("$.last()", ["list"], (one) => list(one).at(-1) ?? fail()),
      lazy(
        "default(state.l[$], $)",
        ["number", "number"],
        (at, other) => list(STATE["l"] ?? null)[num(at())] ?? other(),
      ),
      rule("int(timestamp($) - timestamp($))", ["number", "number"], (one, other) =>
        Math.trunc((moment(one) - moment(other)) / 1000),
      ),
      rule("timestamp($).getDayOfWeek('-01:30')", ["number"], (one) => new Date(moment(one) - 5_400_000).getUTCDay()),
      rule("$.indexOf($)", ["text", "text"], (one, part) =>
        str(one).includes(str(part)) ? letters(str(one).slice(0, str(one).indexOf(str(part)))).length : -1,
      ),
      lazy("($ ? $ : $)", ["truth", "number", "number"], (test, yes, no) => (bool(test()) ? yes() : no())),
    ],
  ],
  text: [
    [...literals("", "a", "ab", "b a", "é😀", "Zz", "1"), channel("s")],
    [
      rule("($ + $)", ["text", "text"], (one, other) => str(one) + str(other)),
      rule("string($)", ["number"], (one) => `${num(one) === 0 ? 0 : num(one)}`),
      rule("string($)", ["truth"], (one) => (bool(one) ? "true" : "false")),
      rule("$.reverse()", ["text"], (one) => letters(str(one)).reduce((all, letter) => letter + all, "")),
      rule("$.charAt($)", ["text", "number"], (one, at) => [...letters(str(one)), ""][num(at)] ?? fail()),
      rule("string(timestamp($))", ["number"], (one) => new Date(moment(one)).toISOString().replace(".000Z", "Z")),
      rule("$.trim()", ["text"], (one) => str(one).trim()),
      rule("$.upperAscii()", ["text"], (one) =>
        letters(str(one))
          .map((letter) => (letter >= "a" && letter <= "z" ? letter.toUpperCase() : letter))
          .join(""),
      ),
      rule("$.lowerAscii()", ["text"], (one) =>
        letters(str(one))
          .map((letter) => (letter >= "A" && letter <= "Z" ? letter.toLowerCase() : letter))
          .join(""),
      ),
      rule("$.substring($)", ["text", "number"], (one, at) => {
        const [all, from] = [letters(str(one)), num(at)];
        return Number.isInteger(from) && from >= 0 && from <= all.length ? all.slice(from).join("") : fail();
      }),
      rule("$.replace($, $)", ["text", "text", "text"], (one, part, by) =>
        str(one).replaceAll(new RegExp(str(part).replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gu"), () => str(by)),
      ),
      rule("$.split($).join('-')", ["text", "text"], (one, by) =>
        (str(by) === "" ? letters(str(one)) : str(one).split(str(by))).join("-"),
      ),
      rule("json($)", ["list"], (one) => JSON.stringify(one)),
      lazy("($ ? $ : $)", ["truth", "text", "text"], (test, yes, no) => (bool(test()) ? yes() : no())),
    ],
  ],
  truth: [
    [...literals(true, false), channel("b")],
    [
      ...compared("<", (order) => order < 0),
      ...compared(">=", (order) => order >= 0),
      ...compared(">", (order) => order > 0),
      ...compared("<=", (order) => order <= 0),
      rule("($ == $)", ["number", "number"], (one, other) => one === other),
      rule("($ != $)", ["text", "text"], (one, other) => one !== other),
      rule("($ == $)", ["list", "list"], (one, other) => sameJson(one, other)),
      rule("($ in $)", ["number", "list"], (one, other) => list(other).some((item) => item === one)),
      rule("!$", ["truth"], (one) => !bool(one)),
      rule("$.contains($)", ["text", "text"], (one, part) => str(one).split(str(part)).length > 1 || str(part) === ""),
      rule("$.startsWith($)", ["text", "text"], (one, part) => str(one).slice(0, str(part).length) === str(part)),
      rule(
        "$.endsWith($)",
        ["text", "text"],
        (one, part) => str(part) === "" || str(one).slice(-str(part).length) === str(part),
      ),
      lazy("($ && $)", ["truth", "truth"], either(false)),
      lazy("($ || $)", ["truth", "truth"], either(true)),
      macro("all", "truth", every(false)),
      macro("exists", "truth", every(true)),
      macro("exists_one", "truth", (items, each) => items.filter((item) => bool(each(item))).length === 1),
    ],
  ],
  list: [
    [...literals([], [1], [1, 2, 3], [2, 2], [-1, 0.5]), channel("l")],
    [
      rule("[$, $]", ["number", "number"], (one, other) => [one, other]),
      rule("$.distinct()", ["list"], (one) => list(one).filter((item, at) => list(one).indexOf(item) === at)),
      rule("$.reverse()", ["list"], (one) => list(one).toReversed()),
      rule("$.sort()", ["list"], (one) => list(one).toSorted((left, right) => num(left) - num(right))),
      rule("[$, $].flatten()", ["list", "list"], (one, other) => [...list(one), ...list(other)]),
      rule("$.slice(0, $)", ["list", "number"], (one, end) =>
        Number.isInteger(end) && num(end) >= 0 && num(end) <= list(one).length ? list(one).slice(0, num(end)) : fail(),
      ),
      rule("range(int(abs($)) % 4)", ["number"], (one) =>
        Array.from({ length: Math.trunc(Math.abs(num(one))) % 4 }, (_each, index) => index),
      ),
      rule("parseJson(json($))", ["list"], (one) => one),
      rule("($ + $)", ["list", "list"], (one, other) => [...list(one), ...list(other)]),
      macro("map", "number", (items, each) => items.map(each)),
      macro("filter", "truth", (items, each) => items.filter((item) => bool(each(item)))),
      lazy("($ ? $ : $)", ["truth", "list", "list"], (test, yes, no) => (bool(test()) ? yes() : no())),
    ],
  ],
};
