import { parsePattern, PatternMistake, WORD } from "./pattern-parse.ts";
import type { CharacterSet, PatternNode } from "./pattern-parse.ts";

type Instruction =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "assert"; readonly what: "start" | "end" | "word" | "not-word" }
  | { readonly kind: "split"; first: number; second: number }
  | { readonly kind: "jump"; to: number }
  | { readonly kind: "match" };

/** Instructions a pattern may become; repetitions are written out, so `(a{100}){100}` is refused. */
const MOST_INSTRUCTIONS = 2000;

/**
 * A pattern as a machine that is in many places at once (Thompson's construction): every character is looked at
 * once, by at most as many places as the program has. Nothing a pattern or a text contains makes it exponential.
 */
export interface Pattern {
  /** Whether the pattern occurs in the text; `spend` is told of each place a character was looked at from. */
  occursIn(text: string, spend: (places: number) => void): boolean;
}

/** @throws PatternMistake for what is outside of the subset. */
export function compilePattern(source: string): Pattern {
  if (source.length > 1000) throw new PatternMistake("the pattern is longer than 1000 characters");
  const { node, ignoreCase } = parsePattern(source);
  const program: Instruction[] = [];
  emit(program, node);
  program.push({ kind: "match" });
  return { occursIn: (text, spend) => simulate(program, text, ignoreCase, spend) };
}

function push(program: Instruction[], instruction: Instruction): number {
  if (program.length >= MOST_INSTRUCTIONS)
    throw new PatternMistake("the pattern is too large once its repetitions are written out");
  return program.push(instruction) - 1;
}

function emit(program: Instruction[], node: PatternNode): void {
  switch (node.kind) {
    case "empty":
      return;
    case "set":
    case "assert":
      push(program, node);
      return;
    case "sequence":
      for (const part of node.parts) emit(program, part);
      return;
    case "choice":
      emitChoice(program, node.parts);
      return;
    case "repeat":
      emitRepeat(program, node.part, node.least, node.most);
  }
}

function emitChoice(program: Instruction[], parts: readonly PatternNode[]): void {
  const jumps: { kind: "jump"; to: number }[] = [];
  parts.forEach((part, index) => {
    if (index === parts.length - 1) return emit(program, part);
    const split = { kind: "split" as const, first: program.length + 1, second: 0 };
    push(program, split);
    emit(program, part);
    const jump = { kind: "jump" as const, to: 0 };
    push(program, jump);
    jumps.push(jump);
    split.second = program.length;
  });
  for (const jump of jumps) jump.to = program.length;
}

function emitRepeat(program: Instruction[], part: PatternNode, least: number, most: number): void {
  for (let count = 0; count < least; count += 1) {
    push(program, { kind: "jump", to: program.length + 1 }); // counts even a repeated nothing against the bound
    emit(program, part);
  }
  if (most === Number.POSITIVE_INFINITY) {
    const split = { kind: "split" as const, first: program.length + 1, second: 0 };
    const loop = push(program, split);
    emit(program, part);
    push(program, { kind: "jump", to: loop });
    split.second = program.length;
    return;
  }
  const splits: { kind: "split"; first: number; second: number }[] = [];
  for (let count = least; count < most; count += 1) {
    const split = { kind: "split" as const, first: program.length + 1, second: 0 };
    push(program, split);
    splits.push(split);
    emit(program, part);
  }
  for (const split of splits) split.second = program.length;
}

/** Where the machine is, each place once. */
interface Places {
  /** Those that read a character. */
  readonly list: number[];
  /** How many places were entered, reading or not. */
  visited: number;
  readonly seen: Int32Array;
}

function simulate(
  program: readonly Instruction[],
  text: string,
  ignoreCase: boolean,
  spend: (places: number) => void,
): boolean {
  let current: Places = { list: [], visited: 0, seen: new Int32Array(program.length).fill(-1) };
  let next: Places = { list: [], visited: 0, seen: new Int32Array(program.length).fill(-1) };
  let at = 0;
  while (true) {
    // a match may begin at every character
    if (enter(program, current, 0, text, at)) return true;
    spend(current.visited + 1);
    if (at >= text.length) return false;
    const point = text.codePointAt(at) ?? 0;
    const after = at + (point > 0xffff ? 2 : 1);
    next.list.length = 0;
    next.visited = 0;
    for (const place of current.list) {
      const instruction = program[place];
      if (instruction?.kind !== "set" || !accepts(instruction.set, point, ignoreCase)) continue;
      if (enter(program, next, place + 1, text, after)) return true;
    }
    [current, next] = [next, current];
    at = after;
  }
}

/** Goes to a place and everywhere that follows from it without reading; true when the pattern is matched. */
function enter(program: readonly Instruction[], places: Places, start: number, text: string, at: number): boolean {
  const stack = [start];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const instruction = program[place];
    if (instruction === undefined || places.seen[place] === at) continue;
    places.seen[place] = at;
    places.visited += 1;
    if (instruction.kind === "match") return true;
    if (instruction.kind === "set") places.list.push(place);
    else if (instruction.kind === "jump") stack.push(instruction.to);
    else if (instruction.kind === "split") stack.push(instruction.second, instruction.first);
    else if (holds(instruction.what, text, at)) stack.push(place + 1);
  }
  return false;
}

function holds(what: "start" | "end" | "word" | "not-word", text: string, at: number): boolean {
  if (what === "start") return at === 0;
  if (what === "end") return at === text.length;
  const boundary = isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at));
  return boundary === (what === "word");
}

function isWord(point: number): boolean {
  return inRanges(WORD, point);
}

function accepts(set: CharacterSet, point: number, ignoreCase: boolean): boolean {
  const found = inRanges(set.ranges, point) || (ignoreCase && inRanges(set.ranges, otherCase(point)));
  return found !== set.negated;
}

function otherCase(point: number): number {
  if (point >= 65 && point <= 90) return point + 32;
  return point >= 97 && point <= 122 ? point - 32 : point;
}

function inRanges(ranges: readonly (readonly [number, number])[], point: number): boolean {
  for (const [low, high] of ranges) if (point >= low && point <= high) return true;
  return false;
}
