import { partsIn } from "./parts.ts";
import type { Part } from "./parts.ts";

/** A text that is edited, and the habits of who wrote it. */
export interface Sheet {
  readonly text: string;
  readonly type: "yaml" | "json";
  readonly eol: "\n" | "\r\n";
  /** One level of indentation. */
  readonly indent: string;
  /** Whether lists in block style stand farther in than their key. */
  readonly indentsLists: boolean;
  /** Between a key in braces and its value. */
  readonly colon: string;
}

export function sheetOf(text: string, type: "yaml" | "json", root: Part): Sheet {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return { text, type, eol, ...(type === "json" ? jsonHabits(text, root) : yamlHabits(text, root)) };
}

type Habits = Pick<Sheet, "indent" | "indentsLists" | "colon">;

function jsonHabits(text: string, root: Part): Habits {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
  const entry = root.entries[0];
  const colon = entry?.key === undefined ? ": " : text.slice(entry.key.end, entry.part.span.start);
  return { indent, indentsLists: true, colon: /^:[ \t]*$/.test(colon) ? colon : ": " };
}

function yamlHabits(text: string, root: Part): Habits {
  let indent: number | undefined;
  let indentsLists: boolean | undefined;
  for (const part of partsIn(root)) {
    if (part.form !== "map" || part.layout !== "block") continue;
    const column = columnOf(text, part.span.start);
    for (const { part: child } of part.entries) {
      if (child.layout !== "block" || child.entries.length === 0) continue;
      const deeper = columnOf(text, child.span.start) - column;
      if (child.form === "list") indentsLists ??= deeper > 0;
      else if (deeper > 0) indent ??= deeper;
    }
    if (indent !== undefined && indentsLists !== undefined) break;
  }
  return { indent: " ".repeat(Math.min(indent ?? 2, 16)), indentsLists: indentsLists ?? true, colon: ": " };
}

export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

export function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

/** Where the line's end begins. */
export function lineEnd(text: string, offset: number): number {
  const found = text.indexOf("\n", offset);
  if (found === -1) return text.length;
  return found > offset && text[found - 1] === "\r" ? found - 1 : found;
}

/** Where the next line begins. */
export function nextLine(text: string, offset: number): number {
  const found = text.indexOf("\n", offset);
  return found === -1 ? text.length : found + 1;
}

/** The white space that the line of this offset begins with. */
export function indentationAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? "";
}

/** A replacement of a part of a text. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text between two offsets with its splices made, in the order given where they begin at one place. @throws where they overlap. */
export function spliced(text: string, splices: readonly Splice[], start = 0, end = text.length): string {
  const pieces: string[] = [];
  let at = start;
  for (const splice of splices.toSorted((one, other) => one.start - other.start)) {
    if (splice.start < at) throw new OverlapError();
    pieces.push(text.slice(at, splice.start), splice.text);
    at = splice.end;
  }
  return pieces.join("") + text.slice(at, end);
}

/** Two changes want the same place; they are to be made as one. */
export class OverlapError extends Error {}
