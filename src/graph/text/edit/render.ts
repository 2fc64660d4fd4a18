import { Document, Scalar } from "yaml";
import { isJsonObject } from "../../../base/json.ts";
import type { Json } from "../../../base/json.ts";
import type { Sheet } from "./sheet.ts";

/** Texts that YAML's other notations change, or that depend on what stands behind them. */
const RISKY = /[[\p{Cc}\p{Cs}\u2028\u2029\ufeff]--\n]|\s\n$|\n +$|^ |^\n|^\s+$/v;
/** Texts in flow style that need no quotes, whoever reads them. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*$/;
const RESERVED = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** How a value in brackets is written. */
export interface FlowLook {
  /** Keys and texts in double quotes, as JSON has them. */
  readonly quoted: boolean;
  /** On one line; otherwise indented by this and the sheet's own indentation. */
  readonly indentation: string | undefined;
  /** Behind an opening brace or bracket, and before a closing one. */
  readonly pad: { readonly map: string; readonly list: string };
}

/** What stands behind a key's colon or an item's dash at `column`: ` text`, or lines that begin with a line end. */
export function blockRest(sheet: Sheet, value: Json, at: "key" | "item", column: number, notation?: string): string {
  const node = toNode(value, notation);
  const text = at === "key" ? written(sheet, { k: node }).slice(2) : written(sheet, [node]).slice(1);
  return shifted(sheet, text, column);
}

/** A whole entry at `column`, from its key or dash on, without the last line end. */
export function blockEntry(sheet: Sheet, name: string | undefined, value: Json, column: number): string {
  const node = toNode(value, undefined);
  const content = name === undefined ? [node] : new Map([[name, node]]);
  return shifted(sheet, written(sheet, content), column);
}

/** A whole text. */
export function yamlText(sheet: Pick<Sheet, "indent" | "indentsLists" | "eol">, value: Json): string {
  return `${shifted(sheet, written(sheet, toNode(value, undefined)), 0)}${sheet.eol}`;
}

function written(sheet: Pick<Sheet, "indent" | "indentsLists">, content: unknown): string {
  const document = new Document(content, { aliasDuplicateObjects: false, merge: false });
  const text = document.toString({ lineWidth: 0, indent: sheet.indent.length, indentSeq: sheet.indentsLists });
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

function shifted(sheet: Pick<Sheet, "eol">, text: string, column: number): string {
  const [first = "", ...rest] = text.split("\n");
  const indentation = " ".repeat(column);
  return [first, ...rest.map((line) => (line === "" ? "" : indentation + line))].join(sheet.eol);
}

/** The value with every text in a notation that keeps it, wherever it stands. */
function toNode(value: Json, notation: string | undefined): unknown {
  if (typeof value === "string") return textNode(value, notation);
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => toNode(item, undefined));
  if (!isJsonObject(value)) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, toNode(item, undefined)]));
}

function textNode(value: string, notation: string | undefined): unknown {
  const isRisky = RISKY.test(value);
  // the library chooses where nothing speaks for quotes or a block
  if (!isRisky && (notation === undefined || notation === "PLAIN")) return value;
  const scalar = new Scalar(value);
  const type = isRisky ? "QUOTE_DOUBLE" : notation;
  if (type !== undefined) scalar.type = type as Scalar.Type;
  return scalar;
}

/** A value in brackets, or a scalar. */
export function flowValue(sheet: Sheet, value: Json, look: FlowLook): string {
  return flowText(value, look, sheet.colon, sheet.indent, sheet.eol);
}

function flowText(value: Json, look: FlowLook, colon: string, step: string, eol: string): string {
  const isList = Array.isArray(value);
  if (!isList && !isJsonObject(value)) return flowScalar(value, look);
  const { indentation } = look;
  const inner = indentation === undefined ? undefined : indentation + step;
  const below = { ...look, indentation: inner };
  const parts = isList
    ? (value as readonly Json[]).map((item) => flowText(item, below, colon, step, eol))
    : Object.entries(value).map(
        ([key, item]) => flowScalar(key, look) + colon + flowText(item, below, colon, step, eol),
      );
  const [open, close, pad] = isList ? ["[", "]", look.pad.list] : ["{", "}", look.pad.map];
  if (parts.length === 0) return open + close;
  if (inner === undefined) return open + pad + parts.join(colon.endsWith(" ") ? ", " : ",") + pad + close;
  return `${open}${eol}${inner}${parts.join(`,${eol}${inner}`)}${eol}${indentation ?? ""}${close}`;
}

export function flowScalar(value: Json, look: Pick<FlowLook, "quoted">): string {
  if (look.quoted || typeof value !== "string") return JSON.stringify(value);
  return PLAIN.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value);
}

/** A text in the notation that another one in brackets has; in double quotes where that cannot be. */
export function flowTextLike(value: string, notation: string | undefined): string {
  if (notation === "QUOTE_SINGLE" && /^[ -~]*$/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return flowScalar(value, { quoted: notation !== "PLAIN" });
}
