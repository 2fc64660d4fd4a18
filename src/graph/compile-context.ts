import type { Channel } from "./channels.ts";
import type { Mistake } from "./expression/build.ts";
import { compileExpression } from "./expression/compile.ts";
import type { Language } from "./expression/language.ts";
import type { Expression, Template } from "./plan.ts";
import type { Path, Problems } from "./problems.ts";
import { compileTemplate } from "./template.ts";

/** What compiling one graph gathers while it goes through the parts. */
export interface Compilation {
  readonly problems: Problems;
  readonly channels: ReadonlyMap<string, Channel>;
  readonly language: Language;
  /** Channels that some expression reads, and that some node writes. */
  readonly reads: Set<string>;
  readonly writes: Set<string>;
  readonly expressions: { count: number };
}

/** Expressions and holes of one graph, so that compiling takes well under a second whoever wrote it. */
const MOST_EXPRESSIONS = 50_000;

/** Stands for what is not compiled; a graph with problems is never run. */
const NOTHING: Expression = { source: "", evaluate: () => null };

/** False once there are too many expressions, or so many problems that another would not be shown. */
function affords(work: Compilation, count: number, path: Path): boolean {
  if (work.problems.full) return false;
  if (work.expressions.count <= MOST_EXPRESSIONS && work.expressions.count + count > MOST_EXPRESSIONS) {
    const message = `A graph has at most ${MOST_EXPRESSIONS} expressions.`;
    work.problems.add({ code: "too_large", message, path });
  }
  work.expressions.count += count;
  return work.expressions.count <= MOST_EXPRESSIONS;
}

/** Compiles the expression at a path; `wanted` is the type its place needs. */
export function compileExpressionAt(work: Compilation, source: string, path: Path, wanted?: "bool"): Expression {
  if (!affords(work, 1, path)) return NOTHING;
  const compiled = compileExpression(source, work.language);
  noteReads(work, compiled.reads);
  addMistakes(work, compiled.mistakes, path);
  if (wanted !== undefined && compiled.type !== wanted && compiled.type !== "dyn" && compiled.mistakes.length === 0) {
    const message = `A condition must be true or false; this one is a ${compiled.type === "int" ? "number" : compiled.type}.`;
    work.problems.add({ code: "type_mismatch", message, path, within: { start: 0, end: source.length } });
  }
  return compiled.expression;
}

export function compileTemplateAt(work: Compilation, source: string, path: Path): Template {
  if (!affords(work, source.split("{{").length - 1, path)) return { source, render: () => "" };
  const compiled = compileTemplate(source, work.language);
  noteReads(work, compiled.reads);
  addMistakes(work, compiled.mistakes, path);
  return compiled.template;
}

function noteReads(work: Compilation, reads: ReadonlySet<string>): void {
  for (const channel of reads) work.reads.add(channel);
}

function addMistakes(work: Compilation, mistakes: readonly Mistake[], path: Path): void {
  for (const { code, message, hint, start, end } of mistakes) {
    work.problems.add({ code, message, path, within: { start, end }, ...(hint === undefined ? {} : { hint }) });
  }
}
