import type { Json } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";

/** Names under which an expression finds what it was not given in place. */
const ROOTS = "state|payload|vars|params|config|context|run|item|index";
const ROOT = new RegExp(`(?<![\\w.])(?:${ROOTS})(?!\\w)`);
const GLOBAL =
  /(?<![\w.])(vars|params|config|context)(?:\s{0,9}(?:\.\s{0,9}(\w+)|\[\s{0,9}(?:"([^"\\]*)"|'([^'\\]*)')\s{0,9}\])|(?!\w)(?!\s{0,9}[A-Za-z]))/g;

/** Whether an expression gives the same in every run: it names nothing from outside itself. */
export function isConstant(source: string): boolean {
  return !ROOT.test(withoutTexts(source));
}

/** CEL without what stands between quotation marks, and without comments. */
function withoutTexts(source: string): string {
  let kept = "";
  for (let at = 0; at < source.length; ) {
    const end = endOfText(source, at);
    if (end === at) kept += source[at];
    at = end === at ? at + 1 : end;
  }
  return kept;
}

function endOfText(source: string, at: number): number {
  if (source.startsWith("//", at)) {
    const end = source.indexOf("\n", at);
    return end === -1 ? source.length : end;
  }
  const quote = source[at];
  if (quote !== '"' && quote !== "'") return at;
  const close = source.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
  const raw = /[rR]/.test(source[at - 1] ?? "");
  let end = at + close.length;
  while (end < source.length && !source.startsWith(close, end)) end += source[end] === "\\" && !raw ? 2 : 1;
  return end + close.length;
}

/** Names that a document's texts mention. */
export interface Mentions {
  /** `vars.name`, `params.name`, `config.name` and `context.name`; `vars.*` where all of them may be meant. */
  readonly globals: ReadonlySet<string>;
  /** Every short text of the document, with how often it stands there. */
  readonly texts: ReadonlyMap<string, number>;
}

/** Goes once through all texts of a document, those of graphs within it included. */
export function mentionsIn(document: Json): Mentions {
  const globals = new Set<string>();
  const texts = new Map<string, number>();
  const waiting: Json[] = [document];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const item of value as readonly Json[]) waiting.push(item);
    else if (isJsonObject(value)) for (const item of Object.values(value)) waiting.push(item);
    else if (typeof value === "string") {
      if (value.length <= 64) texts.set(value, (texts.get(value) ?? 0) + 1);
      for (const [, root = "", field, double, single] of value.matchAll(GLOBAL)) {
        globals.add(`${root}.${field ?? double ?? single ?? "*"}`);
      }
    }
  }
  return { globals, texts };
}
