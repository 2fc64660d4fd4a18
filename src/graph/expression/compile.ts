import type { ASTNode } from "@marcbachmann/cel-js";
import { failure } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";
import type { Expression, Scope } from "../plan.ts";
import { Builder } from "./build.ts";
import type { Mistake } from "./build.ts";
import { Fault, FUEL } from "./frame.ts";
import type { Frame, Run } from "./frame.ts";
import { LONGEST_SOURCE } from "./language.ts";
import type { Language } from "./language.ts";
import { leave } from "./leaving.ts";
import { checkTypes } from "./type-check.ts";
import type { Checked } from "./type-check.ts";

export interface CompiledExpression {
  readonly expression: Expression;
  /** The type of its value, in CEL's words; `dyn` where only running it will tell. */
  readonly type: string;
  /** Channels it may read. */
  readonly reads: ReadonlySet<string>;
  /** It fails where no send has activated the task. */
  readonly needsPayload: boolean;
  /** Empty for an expression that may be run. */
  readonly mistakes: readonly Mistake[];
}

/** Parses, resolves and type-checks one expression. Never throws. */
export function compileExpression(source: string, language: Language): CompiledExpression {
  const parsed = parse(source, language);
  if ("mistake" in parsed) return broken(source, [parsed.mistake]);
  try {
    return compileTree(source, parsed, language);
  } catch (thrown) {
    if (thrown instanceof RangeError) return broken(source, [tooDeep(source)]);
    throw thrown;
  }
}

function compileTree(source: string, parsed: Parsed, language: Language): CompiledExpression {
  const builder = new Builder(language);
  const run = builder.build(parsed.tree);
  const { reads, needsPayload } = builder;
  const compiled = { reads, needsPayload, expression: expressionOf(source, run) };
  if (builder.mistakes.length > 0) return { ...compiled, type: "dyn", mistakes: builder.mistakes };
  const checked = checkTypes(source, parsed.tree, () => parsed.check());
  if ("type" in checked) return { ...compiled, type: checked.type, mistakes: [] };
  const mistake = {
    code: "type_mismatch",
    message: `${capital(checked.message)}.`,
    start: checked.start,
    end: checked.end,
  };
  return { ...compiled, type: "dyn", mistakes: [mistake] };
}

interface Parsed {
  readonly tree: ASTNode;
  check(): Checked;
}

function parse(source: string, language: Language): Parsed | { readonly mistake: Mistake } {
  const whole = { start: 0, end: source.length };
  if (source.length > LONGEST_SOURCE) {
    const message = `The expression is longer than ${LONGEST_SOURCE} characters.`;
    return { mistake: { code: "expression_too_large", message, ...whole } };
  }
  if (source.trim() === "")
    return { mistake: { code: "invalid_expression", message: "The expression is empty.", ...whole } };
  try {
    const parsed = language.environment.parse(source);
    return { tree: parsed.ast, check: () => parsed.check() };
  } catch (thrown) {
    // The parser recurses on unary operators without counting them: text made of them ends its stack.
    if (thrown instanceof RangeError) return { mistake: tooDeep(source) };
    const error = thrown as { summary?: string; message?: string; range?: { start: number; end: number } };
    const { start, end } = error.range ?? whole;
    const message = `${error.summary ?? error.message ?? "It cannot be read"}.`;
    return {
      mistake: { code: "invalid_expression", message, start, end: Math.max(end, Math.min(start + 1, source.length)) },
    };
  }
}

function tooDeep(source: string): Mistake {
  return { code: "expression_too_large", message: "The expression is nested too deep.", start: 0, end: source.length };
}

function broken(source: string, mistakes: readonly Mistake[]): CompiledExpression {
  return { expression: expressionOf(source, () => null), type: "dyn", reads: new Set(), needsPayload: false, mistakes };
}

function expressionOf(source: string, run: Run): Expression {
  return {
    source,
    evaluate(scope: Scope): Json {
      try {
        const frame: Frame = { scope, locals: [], fuel: FUEL };
        return leave(frame, run(frame));
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown;
        throw failure("expression_failed", `The expression "${shorten(source.trim())}" failed: ${thrown.message}.`);
      }
    },
  };
}

export function shorten(source: string): string {
  return source.length <= 200 ? source : `${source.slice(0, 200)}…`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
