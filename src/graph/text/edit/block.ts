import type { Wanted } from "./match.ts";
import { stationary } from "./match.ts";
import type { Part } from "./parts.ts";
import { blockEntry } from "./render.ts";
import { columnOf, lineEnd, lineStart, nextLine, spliced } from "./sheet.ts";
import type { Sheet, Splice } from "./sheet.ts";

/** The lines of a block entry: with the comments right above it, those at its end, and those deeper right below. */
interface Lines {
  readonly start: number;
  readonly end: number;
  /** False for the first entry of a map that stands behind a dash. */
  readonly own: boolean;
}

/** Changes of one entry's value, in its place. */
export type ChangeValue = (index: number, wanted: Wanted) => readonly Splice[];

/**
 * Makes a block map or list what is wanted: what stays is changed in its place, what moves takes its lines along.
 * `floor` is where the part's lines can begin at the earliest. At least one entry stays.
 */
export function editBlock(
  sheet: Sheet,
  part: Part,
  wanted: readonly Wanted[],
  floor: number | undefined,
  change: ChangeValue,
): Splice[] {
  const column = columnOf(sheet.text, part.span.start);
  const lines = linesOf(sheet.text, part, column, floor);
  const staying = stationary(wanted);
  const splices: Splice[] = [];
  let above: string[] = [];
  let last: number | undefined;
  const flush = (): void => {
    if (last !== undefined && above.length > 0) {
      const end = lines[last]?.end ?? sheet.text.length;
      splices.push({ start: end, end, text: above.map((chunk) => sheet.eol + chunk).join("") });
    } else if (above.length > 0 || !staying.has(0)) splices.push(...beforeFirst(sheet, part, lines, staying, above));
    above = [];
  };
  for (const each of wanted) {
    if (each.old === undefined || !staying.has(each.old)) {
      above.push(chunkOf(sheet, lines, each, column, change));
      continue;
    }
    flush();
    splices.push(...change(each.old, each));
    last = each.old;
  }
  flush();
  const leading = wanted[0]?.old === undefined || !staying.has(wanted[0].old);
  return [...splices, ...removals(sheet.text, lines, staying, leading)];
}

function linesOf(text: string, part: Part, column: number, floor: number | undefined): readonly Lines[] {
  let above = floor;
  return part.entries.map((entry): Lines => {
    const first = lineStart(text, entry.start);
    const own = text.slice(first, entry.start).trim() === "";
    // a comment on top of the document is about the document
    const start = own ? (above === undefined ? first : withComments(text, first, above)) : entry.start;
    const end = withDeeperComments(text, lineEnd(text, entry.end), column);
    above = end;
    return { start, end, own };
  });
}

/** The start of the comment lines that end right above a line. */
function withComments(text: string, start: number, floor: number): number {
  let at = start;
  while (at > floor) {
    const before = lineStart(text, at - 1);
    if (before <= floor || !/^[ \t]*#/.test(text.slice(before, at))) break;
    at = before;
  }
  return at;
}

function withDeeperComments(text: string, end: number, column: number): number {
  let at = end;
  for (;;) {
    const start = nextLine(text, at);
    const stop = lineEnd(text, start);
    const indentation = /^([ \t]*)#/.exec(text.slice(start, stop))?.[1];
    if (start >= text.length || indentation === undefined || indentation.length <= column) return at;
    at = stop;
  }
}

/** The lines of an entry that is new or comes from elsewhere, indented, without the last line end. */
function chunkOf(sheet: Sheet, lines: readonly Lines[], wanted: Wanted, column: number, change: ChangeValue): string {
  const indentation = " ".repeat(column);
  const old = wanted.old === undefined ? undefined : lines[wanted.old];
  if (old === undefined || wanted.old === undefined) {
    return indentation + blockEntry(sheet, wanted.name, wanted.value, column);
  }
  const text = spliced(sheet.text, change(wanted.old, wanted), old.start, old.end);
  return old.own ? text : indentation + text;
}

function beforeFirst(
  sheet: Sheet,
  part: Part,
  lines: readonly Lines[],
  staying: ReadonlySet<number>,
  chunks: readonly string[],
): Splice[] {
  const first = lines[0];
  const next = lines.findIndex((_, index) => staying.has(index));
  const stays = lines[next];
  if (first === undefined || stays === undefined) return [];
  const indentation = " ".repeat(columnOf(sheet.text, part.span.start));
  const joined = chunks.join(sheet.eol);
  if (first.own) {
    if (chunks.length === 0) return [];
    return [{ start: stays.start, end: stays.start, text: joined + sheet.eol }];
  }
  if (next === 0) {
    return [{ start: first.start, end: first.start, text: joined.trimStart() + sheet.eol + indentation }];
  }
  if (chunks.length > 0) return [{ start: first.start, end: first.end, text: joined.trimStart() }];
  const visible = /^[ \t]*/.exec(sheet.text.slice(stays.start))?.[0].length ?? 0;
  return [{ start: first.start, end: stays.start + visible, text: "" }];
}

/** Takes away the lines of entries that do not stay. Where the text ends without a line end, it goes on doing so. */
function removals(text: string, lines: readonly Lines[], staying: ReadonlySet<number>, leading: boolean): Splice[] {
  const runs: { readonly start: number; end: number }[] = [];
  const next = lines.findIndex((_, index) => staying.has(index));
  // what stands behind a dash has been replaced, or taken away with all before the first that stays
  const done = lines[0]?.own === false && next > 0 ? (leading ? 1 : next) : 0;
  for (const [index, { start, end }] of lines.entries()) {
    if (staying.has(index) || index < done) continue;
    const run = runs.at(-1);
    if (run?.end === start) run.end = nextLine(text, end);
    else runs.push({ start, end: nextLine(text, end) });
  }
  return runs.map(({ start, end }) => {
    const isUnended = end === text.length && !text.endsWith("\n") && start > 0;
    return { start: isUnended ? lineEnd(text, lineStart(text, start - 1)) : start, end, text: "" };
  });
}
