import { isJsonObject } from "../../../base/json.ts";
import type { Json } from "../../../base/json.ts";
import { editBlock } from "./block.ts";
import { editFlow, lookOf } from "./flow.ts";
import { sameContent, wantedEntries, wantedItems } from "./match.ts";
import type { Wanted } from "./match.ts";
import { partsIn } from "./parts.ts";
import type { Entry, Part } from "./parts.ts";
import { blockEntry, blockRest, flowTextLike, flowValue } from "./render.ts";
import { columnOf, lineEnd, nextLine } from "./sheet.ts";
import type { Sheet, Splice } from "./sheet.ts";

/** How much is changed at once. */
export interface Grain {
  /** Entries deeper than this are not looked into: the one around them is written anew. */
  readonly depth: number;
  /** Anchors whose aliases are replaced by what they stand for. */
  readonly spelledOut: ReadonlySet<string>;
}

export interface Changes {
  /** Undefined where the whole text is to be written anew. */
  readonly splices: readonly Splice[] | undefined;
  /** Anchors at values that change or go away. */
  readonly disturbed: ReadonlySet<string>;
}

/** What to change in a text so that it says `value`. */
export function changesTo(sheet: Sheet, root: Part, value: Json, grain: Grain): Changes {
  const editor = new Editor(sheet, grain);
  const splices = editor.inside(root, value, undefined, undefined, 0);
  return { splices, disturbed: editor.disturbed };
}

class Editor {
  readonly #sheet: Sheet;
  readonly #grain: Grain;
  readonly disturbed = new Set<string>();

  constructor(sheet: Sheet, grain: Grain) {
    this.#sheet = sheet;
    this.#grain = grain;
  }

  /** Changes within a part; undefined where it must be replaced. `floor` is where its lines may begin. */
  inside(
    part: Part,
    value: Json,
    lead: string | undefined,
    floor: number | undefined,
    depth: number,
  ): Splice[] | undefined {
    const isSame = sameContent(part.value, value, lead);
    if (isSame && !this.#hasSpelledOut(part)) return [];
    if (part.anchor !== undefined && !isSame) this.disturbed.add(part.anchor);
    if (depth >= this.#grain.depth || part.sealed || part.form === "alias") return undefined;
    const wanted = this.#wanted(part, value, lead);
    if (wanted === undefined || wanted.every(({ old }) => old === undefined)) return undefined;
    this.#disturbRemoved(part, wanted);
    const change = (index: number, each: Wanted): readonly Splice[] => {
      const entry = part.entries[index];
      return entry === undefined ? [] : this.#entry(part, entry, each, depth + 1);
    };
    if (part.layout === "flow") return editFlow(this.#sheet, part, wanted, change);
    return editBlock(this.#sheet, part, wanted, floor, change);
  }

  #hasSpelledOut(part: Part): boolean {
    if (this.#grain.spelledOut.size === 0) return false;
    for (const { source } of partsIn(part)) if (source !== undefined && this.#grain.spelledOut.has(source)) return true;
    return false;
  }

  #wanted(part: Part, value: Json, lead: string | undefined): readonly Wanted[] | undefined {
    if (part.form === "map" && isJsonObject(value)) return wantedEntries(part, value, lead);
    if (part.form === "list" && Array.isArray(value)) return wantedItems(part, value as readonly Json[]);
    return undefined;
  }

  #disturbRemoved(part: Part, wanted: readonly Wanted[]): void {
    const kept = new Set(wanted.map(({ old }) => old));
    for (const [index, entry] of part.entries.entries()) if (!kept.has(index)) this.#disturbAll(entry.part);
  }

  #disturbAll(part: Part): void {
    for (const { anchor } of partsIn(part)) if (anchor !== undefined) this.disturbed.add(anchor);
  }

  #entry(container: Part, entry: Entry, { name, value }: Wanted, depth: number): readonly Splice[] {
    if (entry.explicit && name !== entry.name && container.layout === "block") {
      this.#disturbAll(entry.part);
      return [this.#wholeEntry(entry, name, value)];
    }
    const renamed = this.#rename(entry, name);
    const changed = this.inside(entry.part, value, entry.name, entry.after, depth);
    if (changed !== undefined) return [...renamed, ...changed];
    this.#disturbAll(entry.part);
    const isScalar = typeof value !== "object" || value === null;
    if (isScalar && entry.part.form === "scalar" && entry.part.span.end > entry.part.span.start) {
      return [...renamed, { ...entry.part.span, text: this.#scalar(container, entry, value) }];
    }
    const rest = container.layout === "flow" ? this.#flowRest(container, entry, value) : this.#blockRest(entry, value);
    return [...renamed, rest];
  }

  #rename(entry: Entry, name: string | undefined): readonly Splice[] {
    if (name === undefined || name === entry.name || entry.key === undefined) return [];
    const raw = this.#sheet.text.slice(entry.key.start, entry.key.end);
    const notation = raw.startsWith('"') ? "QUOTE_DOUBLE" : raw.startsWith("'") ? "QUOTE_SINGLE" : "PLAIN";
    return [{ ...entry.key, text: flowTextLike(name, notation) }];
  }

  #wholeEntry(entry: Entry, name: string | undefined, value: Json): Splice {
    const column = columnOf(this.#sheet.text, entry.start);
    return { start: entry.start, end: entry.end, text: blockEntry(this.#sheet, name, value, column) };
  }

  #scalar(container: Part, entry: Entry, value: Json): string {
    const { notation } = entry.part;
    if (typeof value !== "string" || this.#sheet.type === "json") return JSON.stringify(value);
    if (container.layout === "flow") return flowTextLike(value, notation);
    const like = typeof entry.part.value === "string" ? notation : undefined;
    const column = columnOf(this.#sheet.text, entry.start);
    const text = blockRest(this.#sheet, value, entry.name === undefined ? "item" : "key", column, like).trimStart();
    return text.includes("\n") && (this.#hasComment(entry) || this.#hasCommentBelow(entry))
      ? JSON.stringify(value)
      : text;
  }

  /** Whether a comment stands behind the entry, on its last line. */
  #hasComment(entry: Entry): boolean {
    const { text } = this.#sheet;
    return text.slice(entry.end, lineEnd(text, entry.end)).trim() !== "";
  }

  /** Whether the next line is a comment that would be part of a block of text. */
  #hasCommentBelow(entry: Entry): boolean {
    const { text } = this.#sheet;
    return /^[ \t]+#/.test(text.slice(nextLine(text, entry.end), nextLine(text, entry.end) + 200));
  }

  #flowRest(container: Part, entry: Entry, value: Json): Splice {
    const { text } = this.#sheet;
    const near = entry.part.layout === "flow" && entry.part.entries.length > 0 ? entry.part : container;
    const written = flowValue(this.#sheet, value, lookOf(this.#sheet, near, entry.start));
    const raw = text.slice(entry.after, entry.end);
    const space = /^[ \t]*/.exec(raw)?.[0].length ?? 0;
    if (/^[^\s#]/.test(raw.slice(space))) return { start: entry.after + space, end: entry.end, text: written };
    return { start: entry.after, end: entry.end, text: (entry.colon ? " " : ": ") + written };
  }

  #blockRest(entry: Entry, value: Json): Splice {
    const sheet = this.#sheet;
    const { part, after, end } = entry;
    const column = columnOf(sheet.text, entry.start);
    if (part.form !== "scalar" && part.layout === "flow" && part.entries.length > 0 && typeof value === "object") {
      return { start: after, end, text: ` ${flowValue(sheet, value, lookOf(sheet, part, entry.start))}` };
    }
    const rest = blockRest(sheet, value, entry.name === undefined ? "item" : "key", column);
    const heading = /^[ \t]+#[^\r\n]*/.exec(sheet.text.slice(after, end))?.[0] ?? "";
    if (heading !== "" && /^\r?\n/.test(rest)) return { start: after, end, text: heading + rest };
    if (heading !== "" && !rest.includes("\n")) return { start: after, end, text: rest + heading };
    if (!rest.includes("\n") || !this.#hasComment(entry)) return { start: after, end, text: rest };
    const stop = lineEnd(sheet.text, end);
    const comment = sheet.text.slice(end, stop);
    if (/^\r?\n/.test(rest)) return { start: after, end: stop, text: comment + rest };
    return { start: after, end, text: ` ${flowValue(sheet, value, lookOf(sheet, part, entry.start))}` };
  }
}
