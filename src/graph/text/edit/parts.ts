import type { Json } from "../../../base/json.ts";
import { isJsonObject } from "../../../base/json.ts";
import type { Located, Span } from "../located.ts";

/** A value as it stands in a text, and what can be changed in it without touching the rest. */
export interface Part {
  readonly form: "scalar" | "alias" | "map" | "list";
  /** Of a map or list: in brackets, or by indentation. */
  readonly layout: "flow" | "block";
  /** From the value's first character, behind its anchor, to behind its last; empty for a value that is not written. */
  readonly span: Span;
  readonly value: Json;
  readonly entries: readonly Entry[];
  /** How a YAML scalar is written, in the library's terms. */
  readonly notation?: string;
  readonly anchor?: string;
  /** The anchor that an alias repeats. */
  readonly source?: string;
  /** A map without braces within brackets, `[a: 1]`; it is replaced as a whole. */
  readonly sealed?: true;
}

/** A key with its value, or an item of a list. */
export interface Entry {
  /** The key; undefined for an item. */
  readonly name: string | undefined;
  readonly key?: Span;
  /** Where it begins, its dash or its key's anchor included. */
  readonly start: number;
  /** Behind its colon or dash, or where an item in brackets begins: from here to `end` stands the value. */
  readonly after: number;
  readonly end: number;
  readonly part: Part;
  /** False for a key in braces that stands without a colon. */
  readonly colon: boolean;
  /** Its key stands behind a question mark. */
  readonly explicit?: true;
}

export const NO_ENTRIES: readonly Entry[] = [];

/** The parts of a JSON text. */
export function jsonParts(text: string, root: Located, value: Json): Part {
  const { span, children } = root;
  if (Array.isArray(value)) {
    const located = [...(children?.values() ?? [])];
    const entries = located.map((child, index): Entry => {
      const part = jsonParts(text, child, (value as readonly Json[])[index] ?? null);
      return {
        name: undefined,
        start: child.span.start,
        after: child.span.start,
        end: child.span.end,
        part,
        colon: true,
      };
    });
    return { form: "list", layout: "flow", span, value, entries };
  }
  if (isJsonObject(value)) {
    const located = children instanceof Map ? [...(children as ReadonlyMap<string, Located>)] : [];
    const entries = located.map(([name, child]): Entry => {
      const key = child.key ?? child.span;
      const part = jsonParts(text, child, value[name] ?? null);
      const after = text.indexOf(":", key.end) + 1;
      return { name, key, start: key.start, after, end: child.span.end, part, colon: true };
    });
    return { form: "map", layout: "flow", span, value, entries };
  }
  return { form: "scalar", layout: "flow", span, value, entries: NO_ENTRIES };
}

/** The part and everything in it. */
export function* partsIn(part: Part): Generator<Part> {
  yield part;
  for (const entry of part.entries) yield* partsIn(entry.part);
}
