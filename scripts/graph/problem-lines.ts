import { oneLine, visible } from "../../src/graph/draw/labels.ts";
import type { Problem } from "../../src/graph/problems.ts";
import type { Output } from "./output.ts";

const COLOURS = { error: "red", warning: "yellow", hint: "cyan" } as const;
/** Of a line of the source so much is shown around the place. */
const WIDTH = 100;

/** `file:line:column severity code message`, the hint below, and on a terminal the place in the source. */
export function printProblems(output: Output, file: string, text: string, problems: readonly Problem[]): void {
  const lines = output.isTerminal ? text.replace(/^\uFEFF/, "").split("\n") : [];
  for (const problem of problems) {
    const severity = output.style(COLOURS[problem.severity], problem.severity);
    const place = problem.line === undefined ? file : `${file}:${problem.line}:${problem.column ?? 1}`;
    output.result(`${place} ${severity} ${problem.code} ${oneLine(problem.message, 600)}\n`);
    if (problem.hint !== undefined) output.result(`  ${oneLine(problem.hint, 300)}\n`);
    for (const line of excerpt(problem, lines)) output.result(`  ${output.style("dim", line)}\n`);
  }
}

/** The line with a caret below the place; nothing where the text is not at hand. */
export function excerpt({ line, column, endLine, endColumn }: Problem, lines: readonly string[]): readonly string[] {
  const source = line === undefined ? undefined : lines[line - 1];
  if (line === undefined || column === undefined || source === undefined) return [];
  const start = column - 1;
  const end = endLine === line && endColumn !== undefined ? Math.max(endColumn - 1, start + 1) : source.length;
  const from = source.length <= WIDTH ? 0 : Math.max(0, Math.min(start - 20, source.length - WIDTH));
  const part = visible(source.slice(from, from + WIDTH).replaceAll("\t", " ")).trimEnd();
  const marks = "^".repeat(Math.max(1, Math.min(end, from + WIDTH, source.trimEnd().length) - start));
  return [part, " ".repeat(Math.max(0, start - from)) + marks];
}

/** `2 errors, 1 warning`, or that there is nothing to say. */
export function tally(problems: readonly Problem[]): string {
  const words = (["error", "warning", "hint"] as const).flatMap((severity) => {
    const count = problems.filter((problem) => problem.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  return words.length === 0 ? "no problems" : words.join(", ");
}
