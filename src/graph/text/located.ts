/** Half-open range of offsets into a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the parts of a document stand in its text; the same shape as the document. */
export interface Located {
  readonly span: Span;
  /** The span of the key that leads here, if a key does. */
  readonly key?: Span;
  /** A mapping's by key; a list's by position. */
  readonly children?: ReadonlyMap<string, Located> | readonly Located[];
  /** For a string: how its text is written, so that an offset in the value can be found again. */
  readonly written?: "quoted" | "plain" | "block";
  readonly text?: string;
}

/** The place of the value at a path, or of the nearest thing around it that exists. */
export function spanAt(root: Located, path: readonly (string | number)[], atKey: boolean): Span {
  const found = follow(root, path);
  return atKey && found.whole && found.located.key !== undefined ? found.located.key : found.located.span;
}

function follow(root: Located, path: readonly (string | number)[]): { located: Located; whole: boolean } {
  let located = root;
  for (const part of path) {
    const child = childAt(located.children, part);
    if (child === undefined) return { located, whole: false };
    located = child;
  }
  return { located, whole: true };
}

function childAt(children: Located["children"], part: string | number): Located | undefined {
  if (children === undefined) return undefined;
  // narrowed by the map, since a read-only list is not told apart by Array.isArray
  if (children instanceof Map) return (children as ReadonlyMap<string, Located>).get(String(part));
  return (children as readonly Located[])[Number(part)];
}

/** A part of the string at `path`, as exactly as its notation allows; else the whole string. */
export function spanWithin(text: string, root: Located, path: readonly (string | number)[], part: Span): Span {
  const { located, whole } = follow(root, path);
  if (!whole || located.text === undefined) return located.span;
  const value = located.text;
  const raw = text.slice(located.span.start, located.span.end);
  const lead = located.written === "quoted" ? 1 : 0;
  if (raw.slice(lead, raw.length - lead) === value) {
    return { start: located.span.start + lead + part.start, end: located.span.start + lead + part.end };
  }
  if (raw.length > LONGEST_MAPPED) return located.span;
  if (located.written === "block") return spanInBlock(raw, located.span.start, value, part) ?? located.span;
  const escaped = located.written === "quoted" && raw.startsWith('"') && !raw.includes("\n");
  return escaped ? spanInEscapes(raw, located.span.start, part) : located.span;
}

/** Longer texts are pointed at as a whole. */
const LONGEST_MAPPED = 20_000;

/** A literal block's lines are the value's lines behind an indentation. */
function spanInBlock(raw: string, offset: number, value: string, part: Span): Span | undefined {
  const rawLines = raw.split("\n").slice(1);
  const lines = value.split("\n");
  const place = (target: number): number | undefined => {
    const before = value.slice(0, target).split("\n");
    const index = before.length - 1;
    const [line, wanted] = [rawLines[index], lines[index]];
    if (line === undefined || wanted === undefined || !line.trimEnd().endsWith(wanted.trimEnd())) return undefined;
    const indent = line.length - line.trimStart().length - (wanted.length - wanted.trimStart().length);
    const earlier = rawLines.slice(0, index).reduce((sum, each) => sum + each.length + 1, raw.indexOf("\n") + 1);
    return offset + earlier + indent + (before.at(-1) ?? "").length;
  };
  const [start, end] = [place(part.start), place(part.end)];
  return start === undefined || end === undefined ? undefined : { start, end };
}

const ESCAPE_LENGTHS: Readonly<Record<string, number>> = { u: 6, x: 4, U: 10 };

/** Walks a double-quoted text, one character of the value for each escape (two for an eight-digit one above the BMP). */
function spanInEscapes(raw: string, offset: number, part: Span): Span {
  const places: number[] = [];
  let at = 1;
  while (at < raw.length - 1 && places.length <= part.end) {
    places.push(offset + at);
    at += raw[at] === "\\" ? (ESCAPE_LENGTHS[raw[at + 1] ?? ""] ?? 2) : 1;
  }
  const close = offset + raw.length - 1;
  return { start: places[part.start] ?? close, end: places[part.end] ?? close };
}

/** Offsets at which lines begin. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Line and column, both from 1. */
export function placeOf(starts: readonly number[], offset: number): { line: number; column: number } {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
}
