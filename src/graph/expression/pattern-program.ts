import { PatternMistake } from "./pattern-parse.ts";
import type { CharacterSet, PatternNode } from "./pattern-parse.ts";

export type Assertion = "start" | "end" | "word" | "not-word";

export type Instruction =
  | { readonly kind: "set"; readonly set: CharacterSet }
  | { readonly kind: "assert"; readonly what: Assertion }
  | { readonly kind: "split"; first: number; second: number }
  | { readonly kind: "jump"; to: number }
  | { readonly kind: "match" };

/** Instructions a pattern may become; repetitions are written out, so `(a{100}){100}` is refused. */
const MOST_INSTRUCTIONS = 2000;

/** A pattern as Thompson's machine: each instruction a place it can be in. @throws PatternMistake where it is too large */
export function programOf(node: PatternNode): readonly Instruction[] {
  const program: Instruction[] = [];
  emit(program, node);
  program.push({ kind: "match" });
  return program;
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
