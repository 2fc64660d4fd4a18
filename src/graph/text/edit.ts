import { failure } from "../../base/errors.ts";
import { isJsonObject } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";
import { toPointer } from "../../base/pointer.ts";
import { Problems } from "../problems.ts";
import { changesTo } from "./edit/changes.ts";
import { sameContent } from "./edit/match.ts";
import { jsonParts, partsIn } from "./edit/parts.ts";
import type { Part } from "./edit/parts.ts";
import { yamlText } from "./edit/render.ts";
import { OverlapError, sheetOf, spliced } from "./edit/sheet.ts";
import type { Sheet } from "./edit/sheet.ts";
import { yamlParts } from "./edit/yaml-parts.ts";
import { readSource } from "./read.ts";
import type { ReadDocument } from "./read.ts";

export type TextType = "yaml" | "json";

/**
 * The text of `document` in which everything that did not change keeps its bytes: comments, order, quotes, style,
 * indentation and line ends. What differs is replaced, added in the style of its neighbours, or removed with the
 * comments right above it and behind it. A value that came through an alias and differs now is written in its place. A
 * text that cannot be read is written anew.
 *
 * The order of keys is taken from `document` where it is content (`channels`, `nodes`), else from the text.
 * @throws EdgewiseError `invalid_request` for what no document can say (cyclic, too deep, not JSON)
 */
export function editText(text: string, type: TextType, document: Json): string {
  const problems = new Problems();
  if (readSource({ document }, problems) === undefined || problems.failed) {
    const [first] = problems.list(undefined, undefined);
    throw failure("invalid_request", first?.message ?? "This is no document.");
  }
  const mark = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const body = text.slice(mark.length);
  const read = readWell(body, type);
  if (read === undefined) return mark + anew(type, document, "\n");
  if (sameContent(read.value, document)) return text;
  return mark + edited(body, type, read, document);
}

function readWell(text: string, type: TextType): ReadDocument | undefined {
  const problems = new Problems();
  const read = readSource({ text, type }, problems);
  return problems.failed ? undefined : read;
}

/** JSON is YAML too: it stands in for what the library cannot write so that it reads the same. */
function anew(type: TextType, document: Json, eol: Sheet["eol"]): string {
  const json = `${JSON.stringify(document, null, 2).replaceAll("\n", eol)}${eol}`;
  if (type === "json" || typeof document !== "object") return json;
  const text = yamlText({ indent: "  ", indentsLists: true, eol }, document);
  const again = readWell(text, type);
  return again !== undefined && sameContent(again.value, document) ? text : json;
}

/** Tries the smallest change first. What was tried is read again: a text that says anything else is not given back. */
function edited(text: string, type: TextType, read: ReadDocument, document: Json): string {
  const root = partsOf(text, type, read);
  const sheet = sheetOf(text, type, root);
  const aliases = new Set([...partsIn(root)].flatMap(({ source }) => (source === undefined ? [] : [source])));
  for (const depth of [Number.POSITIVE_INFINITY, 4, 3, 2, 1]) {
    const candidate = attempt(sheet, root, document, depth, aliases);
    const again = candidate === undefined ? undefined : readWell(candidate, type);
    if (candidate !== undefined && again !== undefined && sameContent(again.value, document)) return candidate;
  }
  return anew(type, document, sheet.eol);
}

function partsOf(text: string, type: TextType, read: ReadDocument): Part {
  if (type === "json" && read.root !== undefined) return jsonParts(text, read.root, read.value);
  return yamlParts(text, read.value);
}

/** Rounds in which aliases are found that must be spelled out; after them all are. */
const MOST_ROUNDS = 4;

/** Aliases of what changes or goes away are spelled out, which may take away further anchors. */
function attempt(
  sheet: Sheet,
  root: Part,
  document: Json,
  depth: number,
  aliases: ReadonlySet<string>,
): string | undefined {
  let spelledOut: ReadonlySet<string> = new Set();
  try {
    for (let round = 1; ; round += 1) {
      const { splices, disturbed } = changesTo(sheet, root, document, { depth, spelledOut });
      const also = [...disturbed].filter((anchor) => aliases.has(anchor) && !spelledOut.has(anchor));
      if (also.length === 0) return splices === undefined ? undefined : spliced(sheet.text, splices);
      spelledOut = round < MOST_ROUNDS ? new Set([...spelledOut, ...also]) : aliases;
    }
  } catch (thrown) {
    if (thrown instanceof OverlapError) return undefined;
    throw thrown;
  }
}

/** A change of the value at a path; without a value it is taken away. A list's item at its length is added. */
export interface TextEdit {
  readonly path: readonly (string | number)[];
  readonly value?: Json;
}

/**
 * Makes changes one after the other, and leaves the rest of the text as it is.
 * @throws EdgewiseError `invalid_request` where a path leads nowhere, or the text cannot be read
 */
export function applyEdits(text: string, type: TextType, edits: readonly TextEdit[]): string {
  const read = readWell(text.replace(/^\uFEFF/, ""), type);
  if (read === undefined) throw failure("invalid_request", "The text cannot be read, so it cannot be changed.");
  return editText(
    text,
    type,
    edits.reduce((value, edit) => changed(value, edit, 0), read.value),
  );
}

function changed(value: Json, edit: TextEdit, depth: number): Json {
  const key = edit.path[depth];
  if (key === undefined) return edit.value ?? null;
  const isLast = depth === edit.path.length - 1;
  const below = (child: Json | undefined): Json => {
    if (isLast) return edit.value ?? null;
    if (child === undefined) throw nowhere(edit);
    return changed(child, edit, depth + 1);
  };
  const isRemoved = isLast && edit.value === undefined;
  if (Array.isArray(value)) return changedList(value as readonly Json[], Number(key), isRemoved, below, edit);
  if (!isJsonObject(value)) throw nowhere(edit);
  const name = String(key);
  if (isRemoved) return Object.fromEntries(Object.entries(value).filter(([each]) => each !== name));
  const child = below(Object.hasOwn(value, name) ? value[name] : undefined);
  const entries = Object.entries(value).map(([each, old]) => [each, each === name ? child : old] as const);
  return Object.fromEntries(Object.hasOwn(value, name) ? entries : [...entries, [name, child]]);
}

function changedList(
  list: readonly Json[],
  index: number,
  isRemoved: boolean,
  below: (child: Json | undefined) => Json,
  edit: TextEdit,
): Json {
  if (!Number.isInteger(index) || index < 0 || index > list.length) throw nowhere(edit);
  if (isRemoved) return list.filter((_, place) => place !== index);
  return index === list.length ? [...list, below(undefined)] : list.with(index, below(list[index]));
}

function nowhere({ path }: TextEdit): Error {
  return failure("invalid_request", `There is nothing at ${toPointer(path).slice(0, 200)}, so it cannot be changed.`);
}
