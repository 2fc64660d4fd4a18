import type { Json } from "../base/json.ts";
import type { Mistake } from "./expression/build.ts";
import { compileExpression } from "./expression/compile.ts";
import type { Language } from "./expression/language.ts";
import type { Expression, Scope, Template } from "./plan.ts";

export interface CompiledTemplate {
  readonly template: Template;
  /** Where the text is one hole and nothing else: what gives its value, type and all. */
  readonly hole?: Expression;
  readonly reads: ReadonlySet<string>;
  readonly needsPayload: boolean;
  readonly mistakes: readonly Mistake[];
}

/** More are not shown anyway. */
const MOST_MISTAKES = 200;

/** Compiles text with `{{ expression }}` holes; `{{{{` stands for two braces. Never throws. */
export function compileTemplate(source: string, language: Language): CompiledTemplate {
  const pieces: (string | Expression)[] = [];
  const mistakes: Mistake[] = [];
  const reads = new Set<string>();
  let needsPayload = false;
  for (const piece of cut(source)) {
    if (mistakes.length >= MOST_MISTAKES) break;
    if (piece.kind === "text") pieces.push(piece.text);
    else if (piece.kind === "open") {
      const message = 'The hole opened by "{{" is not closed by "}}".';
      mistakes.push({
        code: "unclosed_hole",
        message,
        start: piece.start,
        end: piece.start + 2,
        hint: 'For two braces as text write "{{{{".',
      });
    } else {
      const compiled = compileExpression(source.slice(piece.start, piece.end), language);
      for (const channel of compiled.reads) reads.add(channel);
      needsPayload ||= compiled.needsPayload;
      for (const mistake of compiled.mistakes) {
        mistakes.push({ ...mistake, start: mistake.start + piece.start, end: mistake.end + piece.start });
      }
      pieces.push(compiled.expression);
    }
  }
  const template: Template = { source, render: (scope, write) => render(pieces, scope, write) };
  const [hole] = pieces;
  const isHole = pieces.length === 1 && hole !== undefined && typeof hole !== "string";
  return { template, reads, needsPayload, mistakes, ...(isHole ? { hole } : {}) };
}

function render(
  pieces: readonly (string | Expression)[],
  scope: Scope,
  write: (value: Json) => string = asText,
): string {
  return pieces.map((piece) => (typeof piece === "string" ? piece : write(piece.evaluate(scope)))).join("");
}

function asText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "hole"; readonly start: number; readonly end: number }
  | { readonly kind: "open"; readonly start: number };

/** The parts of a template, where they are; of holes the expression between the braces. */
export function* cut(source: string): Generator<Piece> {
  let at = 0;
  for (let open = source.indexOf("{{"); open !== -1; open = source.indexOf("{{", at)) {
    if (open > at) yield { kind: "text", text: source.slice(at, open) };
    if (source.startsWith("{{{{", open)) {
      yield { kind: "text", text: "{{" };
      at = open + 4;
      continue;
    }
    const end = closing(source, open + 2);
    if (end === undefined) return yield { kind: "open", start: open };
    yield { kind: "hole", start: open + 2, end };
    at = end + 2;
  }
  if (at < source.length) yield { kind: "text", text: source.slice(at) };
}

/** The end of a hole: the first "}}" that stands neither in a string nor in a map of the expression. */
function closing(source: string, start: number): number | undefined {
  let depth = 0;
  let at = start;
  while (at < source.length) {
    const character = source[at];
    if (character === '"' || character === "'") {
      at = afterString(source, at, character);
      continue;
    }
    if (character === "{") depth += 1;
    else if (character === "}" && depth > 0) depth -= 1;
    else if (character === "}" && source[at + 1] === "}") return at;
    at += 1;
  }
  return undefined;
}

function afterString(source: string, start: number, quote: string): number {
  const long = source.startsWith(quote.repeat(3), start);
  const close = long ? quote.repeat(3) : quote;
  let at = start + close.length;
  while (at < source.length && !source.startsWith(close, at)) {
    // a line's end ends a broken string too, so that one stray quote does not swallow the rest
    if (!long && source[at] === "\n") return at;
    at += source[at] === "\\" ? 2 : 1;
  }
  return at + close.length;
}
