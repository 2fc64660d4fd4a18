import { Alphabet } from "./pattern-alphabet.ts";
import { Machine } from "./pattern-machine.ts";
import { parsePattern, PatternMistake } from "./pattern-parse.ts";
import { programOf } from "./pattern-program.ts";

export const LONGEST_PATTERN = 1000;

export interface Matcher {
  /**
   * Whether the pattern occurs in the text. `spend` is told of steps: a fifth of a microsecond each at the most, on a quiet
   * core of today. What is told depends on the texts this matcher has seen before, and on nothing else.
   */
  occursIn(text: string, spend: (steps: number) => void): boolean;
}

/**
 * A pattern as a machine that is in many places at once (Thompson's construction), with the sets of places it has been in
 * kept as states (a lazy DFA): a character costs a look-up where its state is known, and at most one visit to each place
 * where it is not. Nothing a pattern or a text contains makes it exponential.
 */
export interface Pattern extends Matcher {
  /** Places the machine has. */
  readonly size: number;
  /** One that remembers its states, for several texts of one evaluation: kept for longer, it would make costs differ. */
  matcher(): Matcher;
}

/** @throws PatternMistake for what is outside of the subset. */
export function compilePattern(source: string): Pattern {
  if (source.length > LONGEST_PATTERN)
    throw new PatternMistake(`the pattern is longer than ${LONGEST_PATTERN} characters`);
  const { node, ignoreCase } = parsePattern(source);
  const program = programOf(node);
  const alphabet = new Alphabet(program, ignoreCase);
  const matcher = () => new Machine(program, alphabet);
  return { size: program.length, matcher, occursIn: (text, spend) => matcher().occursIn(text, spend) };
}
