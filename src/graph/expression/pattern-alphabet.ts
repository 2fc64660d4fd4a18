import { WORD } from "./pattern-parse.ts";
import type { CharacterSet } from "./pattern-parse.ts";
import type { Instruction } from "./pattern-program.ts";

type Range = readonly [low: number, high: number];

/** The characters of one pattern, those it never tells apart counted as one: a class. */
export class Alphabet {
  /** How many classes there are. */
  readonly size: number;
  /** Classes of the characters below 128. */
  readonly ascii: Uint16Array;
  /** By class, 1 for the characters of a word. */
  readonly word: Uint8Array;
  /** By set, and then by class, 1 for what it accepts. */
  readonly accepted: ReadonlyMap<CharacterSet, Uint8Array>;
  /** First characters of the classes, in order. */
  readonly #starts: readonly number[];

  constructor(program: readonly Instruction[], ignoreCase: boolean) {
    const sets = new Set(program.flatMap((each) => (each.kind === "set" ? [each.set] : [])));
    const ranges = new Map([...sets].map((set) => [set, ignoreCase ? bothCases(set.ranges) : set.ranges]));
    const starts = new Set([0]);
    for (const each of [...ranges.values(), WORD]) for (const [low, high] of each) starts.add(low).add(high + 1);
    this.#starts = [...starts].sort((one, other) => one - other);
    this.size = this.#starts.length;
    this.ascii = Uint16Array.from({ length: 128 }, (_each, point) => this.classOf(point));
    this.word = this.#table(WORD, false);
    this.accepted = new Map([...ranges].map(([set, each]) => [set, this.#table(each, set.negated)]));
  }

  classOf(point: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= point) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #table(ranges: readonly Range[], negated: boolean): Uint8Array {
    const table = new Uint8Array(this.size).fill(negated ? 1 : 0);
    for (const [low, high] of ranges) table.fill(negated ? 0 : 1, this.classOf(low), this.classOf(high) + 1);
    return table;
  }
}

const CASES: readonly (readonly [from: number, to: number, shift: number])[] = [
  [65, 90, 32],
  [97, 122, -32],
];

/** With the other case of each ASCII letter. */
function bothCases(ranges: readonly Range[]): readonly Range[] {
  const others = ranges.flatMap(([low, high]) =>
    CASES.map(([from, to, shift]): Range => [Math.max(low, from) + shift, Math.min(high, to) + shift]),
  );
  return [...ranges, ...others.filter(([low, high]) => low <= high)];
}
