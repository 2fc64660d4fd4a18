import type { ChangeValue } from "./block.ts";
import type { Wanted } from "./match.ts";
import { stationary } from "./match.ts";
import type { Entry, Part } from "./parts.ts";
import { flowScalar, flowValue } from "./render.ts";
import type { FlowLook } from "./render.ts";
import { indentationAt, spliced } from "./sheet.ts";
import type { Sheet, Splice } from "./sheet.ts";

/** An entry in brackets with what stands around it; all pieces in a row are the text between the brackets. */
interface Piece {
  /** White space and comments since the comma before. */
  readonly before: string;
  readonly body: string;
  /** Up to the comma. */
  readonly middle: string;
  readonly comma: boolean;
  /** A comment behind the comma, on its line. */
  readonly behind: string;
}

/** Makes a map or list in brackets what is wanted. At least one entry stays, or moves. */
export function editFlow(sheet: Sheet, part: Part, wanted: readonly Wanted[], change: ChangeValue): Splice[] {
  const staying = stationary(wanted);
  const isSame =
    wanted.length === part.entries.length && wanted.every(({ old }) => old !== undefined && staying.has(old));
  if (isSame) return wanted.flatMap((each) => [...change(each.old ?? 0, each)]);
  const { pieces, closing } = piecesOf(sheet, part);
  const lookOfNew = looksOfNew(sheet, part);
  const bodies = wanted.map((each): Piece => {
    const old = each.old === undefined ? undefined : pieces[each.old];
    const entry = each.old === undefined ? undefined : part.entries[each.old];
    if (old === undefined || entry === undefined || each.old === undefined)
      return added(sheet, lookOfNew(each.value), each);
    return { ...old, body: spliced(sheet.text, change(each.old, each), entry.start, entry.end) };
  });
  const trailing = pieces.at(-1)?.comma === true;
  let text = "";
  let inComment = false;
  for (const [index, piece] of bodies.entries()) {
    const before = leadOf(sheet, pieces, bodies, wanted, index);
    text += inComment && !/^[ \t]*\r?\n/.test(before) ? sheet.eol + before : before;
    text += withComma(piece, index < bodies.length - 1 || trailing);
    inComment = `${piece.middle}${piece.behind}`.includes("#");
  }
  if (inComment && !/^[ \t]*\r?\n/.test(closing)) text += sheet.eol;
  const [first, last] = [part.span.start + 1, part.span.end - 1];
  return [{ start: first, end: last, text: text + closing }];
}

function withComma({ body, middle, comma, behind }: Piece, wants: boolean): string {
  if (!wants) return body + middle + behind;
  return comma ? `${body}${middle},${behind}` : `${body},${middle}${behind}`;
}

function piecesOf(sheet: Sheet, part: Part): { readonly pieces: readonly Piece[]; readonly closing: string } {
  const close = part.span.end - 1;
  const pieces: Piece[] = [];
  let at = part.span.start + 1;
  for (const [index, entry] of part.entries.entries()) {
    const next = part.entries[index + 1]?.start ?? close;
    const gap = sheet.text.slice(entry.end, next);
    const comma = commaIn(gap, sheet.type);
    const middle = comma === undefined ? commentOnLine(gap, sheet.type) : gap.slice(0, comma);
    const behind = comma === undefined ? "" : commentOnLine(gap.slice(comma + 1), sheet.type);
    const before = sheet.text.slice(at, entry.start);
    const body = sheet.text.slice(entry.start, entry.end);
    pieces.push({ before, body, middle, comma: comma !== undefined, behind });
    at = entry.end + middle.length + (comma === undefined ? 0 : 1) + behind.length;
  }
  return { pieces, closing: sheet.text.slice(at, close) };
}

/** Where the comma stands that is no part of a comment. */
function commaIn(gap: string, type: "yaml" | "json"): number | undefined {
  let at = 0;
  while (at < gap.length) {
    if (gap[at] === ",") return at;
    if (gap[at] === "#" && type === "yaml") {
      const end = gap.indexOf("\n", at);
      if (end === -1) return undefined;
      at = end;
    }
    at += 1;
  }
  return undefined;
}

function commentOnLine(gap: string, type: "yaml" | "json"): string {
  return type === "json" ? "" : (/^[ \t]+#[^\r\n]*/.exec(gap)?.[0] ?? "");
}

/** The white space before an entry: its own where that goes on fitting, else that of a neighbour. */
function leadOf(
  sheet: Sheet,
  pieces: readonly Piece[],
  bodies: readonly Piece[],
  wanted: readonly Wanted[],
  index: number,
): string {
  const old = wanted[index]?.old;
  const own = bodies[index]?.before ?? "";
  const wasFirst = old === 0;
  const isMovable = old === undefined || (/^[ \t]*$/.test(own) && wasFirst !== (index === 0));
  if (!isMovable) return own;
  const first = pieces[0]?.before ?? "";
  if (index === 0) return lastLine(sheet, first);
  const other = pieces[Math.min(Math.max(old ?? index, 1), pieces.length - 1)];
  if (pieces.length > 1 && other !== undefined) return lastLine(sheet, other.before);
  return first.includes("\n") ? lastLine(sheet, first) : sheet.colon.endsWith(" ") ? " " : "";
}

/** White space without the comments in it. */
function lastLine(sheet: Sheet, space: string): string {
  const line = /\n([ \t]*)$/.exec(space)?.[1];
  if (line !== undefined) return sheet.eol + line;
  return /^[ \t]*$/.test(space) ? space : " ";
}

function added(sheet: Sheet, look: FlowLook, { name, value }: Wanted): Piece {
  const written = flowValue(sheet, value, look);
  const body = name === undefined ? written : flowScalar(name, look) + sheet.colon + written;
  return { before: "", body, middle: "", comma: false, behind: "" };
}

/** How a new entry's value is written: as the nearest one like it is. Looked for once: a list may gain thousands. */
function looksOfNew(sheet: Sheet, part: Part): (value: unknown) => FlowLook {
  const known = new Map<Part["form"], FlowLook>();
  const at = part.entries.at(-1)?.start ?? part.span.start;
  return (value) => {
    const form = Array.isArray(value) ? "list" : "map";
    let look = known.get(form);
    if (look === undefined) {
      const likely = part.entries.findLast((entry) => entry.part.form === form && entry.part.entries.length > 0);
      look = lookOf(sheet, likely?.part ?? part, at);
      known.set(form, look);
    }
    return look;
  };
}

/** How a part in brackets is written, for another one whose line begins as that of `at`. */
export function lookOf(sheet: Sheet, near: Part, at: number): FlowLook {
  const isSpread = sheet.type === "json" && hasLines(sheet, near);
  return {
    quoted: sheet.type === "json" || isQuoted(sheet, near.entries[0]),
    indentation: isSpread ? indentationAt(sheet.text, at) : undefined,
    pad: padOf(sheet, near),
  };
}

/** Remembered, because all entries of a long list may ask the same of it. */
function hasLines(sheet: Sheet, part: Part): boolean {
  let known = LINES.get(part);
  if (known === undefined) {
    known = sheet.text.slice(part.span.start, part.span.end).includes("\n");
    LINES.set(part, known);
  }
  return known;
}

const LINES = new WeakMap<Part, boolean>();

function isQuoted(sheet: Sheet, entry: Entry | undefined): boolean {
  return entry?.key !== undefined && sheet.text[entry.key.start] === '"';
}

function padOf(sheet: Sheet, near: Part): FlowLook["pad"] {
  const isPadded = sheet.text[near.span.start + 1] === " ";
  if (near.layout === "flow" && near.entries.length > 0) {
    if (near.form === "map") return { map: isPadded ? " " : "", list: "" };
    return { map: sheet.colon.endsWith(" ") ? " " : "", list: isPadded ? " " : "" };
  }
  return { map: sheet.colon.endsWith(" ") ? " " : "", list: "" };
}
