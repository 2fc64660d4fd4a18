/** What a pattern accepts at one place: ranges of code points, or their complement. */
export interface CharacterSet {
  readonly ranges: readonly (readonly [number, number])[];
  readonly negated: boolean;
}

export type PatternNode =
  | { readonly kind: "empty" }
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "assert"; readonly what: "start" | "end" | "word" | "not-word" }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly part: PatternNode; readonly least: number; readonly most: number };

/** A pattern outside of the subset; the message says what and where. */
export class PatternMistake extends Error {}

export const DIGIT = [[48, 57]] as const;
export const WORD = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
] as const;
export const SPACE = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
] as const;
const ANY: CharacterSet = { ranges: [], negated: true };
const NOT_NEWLINE: CharacterSet = { ranges: [[10, 10]], negated: true };
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7 };
const MOST_REPEAT = 1000;
const DEEPEST = 50;

/**
 * The subset of RE2's syntax that is understood: literals, `.`, classes, `\d \w \s \D \W \S \b \B`, `^ $`, groups
 * (all without capture), `|`, `* + ? {n} {n,} {n,m}` with or without a lazy `?`, and leading `(?i)` and `(?s)`.
 * Neither back references nor look-around: they are what makes a pattern exponential.
 */
export function parsePattern(pattern: string): { node: PatternNode; ignoreCase: boolean } {
  const flags = /^\(\?([is]+)\)/.exec(pattern)?.[1] ?? "";
  const characters = Array.from(pattern.slice(flags === "" ? 0 : flags.length + 3));
  const parser = new PatternParser(characters, flags.includes("s") ? ANY : NOT_NEWLINE);
  return { node: parser.parse(), ignoreCase: flags.includes("i") };
}

class PatternParser {
  readonly #characters: readonly string[];
  readonly #dot: CharacterSet;
  #at = 0;
  #depth = 0;

  constructor(characters: readonly string[], dot: CharacterSet) {
    this.#characters = characters;
    this.#dot = dot;
  }

  parse(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#characters.length) throw this.#mistake('a ")" without "("');
    return node;
  }

  #choice(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#eat("|")) parts.push(this.#sequence());
    return parts.length === 1 ? (parts[0] ?? { kind: "empty" }) : { kind: "choice", parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== "|" && next !== ")"; next = this.#peek()) {
      parts.push(this.#repeats(this.#atom()));
    }
    return { kind: "sequence", parts };
  }

  #repeats(part: PatternNode): PatternNode {
    const bounds = this.#bounds();
    if (bounds === undefined) return part;
    this.#eat("?"); // lazy or greedy: whether it matches is the same
    if (this.#bounds() !== undefined) throw this.#mistake("a repetition of a repetition");
    return { kind: "repeat", part, least: bounds[0], most: bounds[1] };
  }

  #bounds(): readonly [number, number] | undefined {
    if (this.#eat("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#eat("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#eat("?")) return [0, 1];
    const counted = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.#characters.slice(this.#at, this.#at + 12).join(""));
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const least = Number(counted[1]);
    const most =
      counted[2] === undefined ? least : counted[3] === undefined ? Number.POSITIVE_INFINITY : Number(counted[3]);
    if (least > MOST_REPEAT || (most !== Number.POSITIVE_INFINITY && most > MOST_REPEAT))
      throw this.#mistake(`a repetition above ${MOST_REPEAT}`);
    if (most < least) throw this.#mistake("a repetition whose bounds are the wrong way round");
    return [least, most];
  }

  #atom(): PatternNode {
    const character = this.#characters[this.#at] ?? "";
    this.#at += 1;
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return { kind: "set", set: this.#class() };
      case ".":
        return { kind: "set", set: this.#dot };
      case "^":
        return { kind: "assert", what: "start" };
      case "$":
        return { kind: "assert", what: "end" };
      case "\\":
        return this.#escape();
      case "*":
      case "+":
      case "?":
        throw this.#mistake(`nothing to repeat before "${character}"`);
      default:
        return { kind: "set", set: only(character) };
    }
  }

  #group(): PatternNode {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw this.#mistake(`groups nested more than ${DEEPEST} deep`);
    if (this.#eat("?") && !this.#eat(":"))
      throw this.#mistake('a group "(?…" other than "(?:…"; look-around and names are not supported');
    const node = this.#choice();
    if (!this.#eat(")")) throw this.#mistake('a "(" without ")"');
    this.#depth -= 1;
    return node;
  }

  #escape(): PatternNode {
    const next = this.#peek();
    if (next === "b" || next === "B") {
      this.#at += 1;
      return { kind: "assert", what: next === "b" ? "word" : "not-word" };
    }
    return { kind: "set", set: this.#escapedSet() };
  }

  #escapedSet(): CharacterSet {
    const character = this.#characters[this.#at];
    if (character === undefined) throw this.#mistake('a "\\" at the end');
    this.#at += 1;
    const lower = character.toLowerCase();
    if (lower === "d" || lower === "w" || lower === "s") {
      return { ranges: lower === "d" ? DIGIT : lower === "w" ? WORD : SPACE, negated: lower !== character };
    }
    const control = Object.hasOwn(ESCAPES, character) ? ESCAPES[character] : undefined;
    if (control !== undefined) return { ranges: [[control, control]], negated: false };
    if (character === "0" && !/[0-9]/.test(this.#peek() ?? "")) return { ranges: [[0, 0]], negated: false };
    if (character === "c") return this.#controlLetter();
    if (character === "x" || character === "u") return this.#hex(character === "x" ? 2 : 4);
    if (/[A-Za-z0-9]/.test(character)) throw this.#mistake(`the escape "\\${character}", which is not supported`);
    return only(character);
  }

  #controlLetter(): CharacterSet {
    const letter = this.#peek() ?? "";
    if (!/^[A-Za-z]$/.test(letter)) throw this.#mistake('a "\\c" without a letter');
    this.#at += 1;
    const point = letter.charCodeAt(0) % 32;
    return { ranges: [[point, point]], negated: false };
  }

  #hex(digits: number): CharacterSet {
    const text = this.#characters.slice(this.#at, this.#at + digits).join("");
    if (text.length !== digits || !/^[0-9a-fA-F]+$/.test(text)) throw this.#mistake("a broken hexadecimal escape");
    this.#at += digits;
    const point = Number.parseInt(text, 16);
    return { ranges: [[point, point]], negated: false };
  }

  #class(): CharacterSet {
    const negated = this.#eat("^");
    const ranges: (readonly [number, number])[] = [];
    for (let count = 0; count === 0 || this.#peek() !== "]"; count += 1) {
      if (this.#peek() === undefined) throw this.#mistake('a "[" without "]"');
      const from = this.#member();
      const isRange =
        this.#peek() === "-" && this.#characters[this.#at + 1] !== "]" && this.#characters[this.#at + 1] !== undefined;
      if (!isRange) {
        ranges.push(...(from.negated ? complement(from.ranges) : from.ranges));
        continue;
      }
      this.#at += 1;
      const [low, high] = [single(from), single(this.#member())];
      if (low === undefined || high === undefined || high < low)
        throw this.#mistake("a range in a class whose ends do not fit");
      ranges.push([low, high]);
    }
    this.#at += 1;
    return { ranges, negated };
  }

  #member(): CharacterSet {
    if (this.#eat("\\")) return this.#escapedSet();
    const character = this.#characters[this.#at] ?? "";
    if (character === "[" && this.#characters[this.#at + 1] === ":")
      throw this.#mistake("a named class [:…:], which is not supported");
    this.#at += 1;
    return only(character);
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #eat(character: string): boolean {
    if (this.#characters[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #mistake(what: string): PatternMistake {
    return new PatternMistake(`the pattern has ${what} (at character ${this.#at})`);
  }
}

function only(character: string): CharacterSet {
  const point = character.codePointAt(0) ?? 0;
  return { ranges: [[point, point]], negated: false };
}

function single(set: CharacterSet): number | undefined {
  const [range, more] = set.ranges;
  return range !== undefined && more === undefined && !set.negated && range[0] === range[1] ? range[0] : undefined;
}

function complement(ranges: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const sorted = ranges.toSorted((one, other) => one[0] - other[0]);
  const gaps: (readonly [number, number])[] = [];
  let from = 0;
  for (const [low, high] of sorted) {
    if (low > from) gaps.push([from, low - 1]);
    from = Math.max(from, high + 1);
  }
  return [...gaps, [from, 0x10ffff]];
}
