import { compileGraph } from "../../src/graph/compile.ts";
import { fixGraph } from "../../src/graph/lint/fix.ts";
import type { Problem } from "../../src/graph/problems.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";
import { readTextFile, replaceTextFile, shown, typeOf } from "./files.ts";
import type { TextFile } from "./files.ts";
import type { Output } from "./output.ts";
import { printProblems, tally } from "./problem-lines.ts";
import type { Code } from "./verbs.ts";

interface Checked {
  readonly file: string;
  readonly text: string;
  readonly problems: readonly Problem[];
  readonly fixed: readonly { readonly code: string; readonly says: string; readonly path: string }[];
}

/** Every problem of every file; 1 where there is an error. All files are read before any is written. */
export function check(output: Output, paths: readonly string[], options: { fix: boolean; json: boolean }): Code {
  const files = paths.map(readTextFile);
  const checked = files.map((file) => (options.fix ? mended(file) : looked(file)));
  if (options.json) {
    const list = checked.map(({ file, problems, fixed }) => ({ file, problems, ...(options.fix ? { fixed } : {}) }));
    output.result(`${JSON.stringify(list, undefined, 2)}\n`);
  } else {
    for (const { file, text, problems, fixed } of checked) {
      for (const { code, says } of fixed) output.note(`${shown(file)} fixed ${code}: ${says}\n`);
      printProblems(output, shown(file), text, problems);
    }
    output.note(
      `${files.length} file${files.length === 1 ? "" : "s"}: ${tally(checked.flatMap(({ problems }) => problems))}.\n`,
    );
  }
  return checked.some(({ problems }) => problems.some(({ severity }) => severity === "error")) ? 1 : 0;
}

function looked(file: TextFile): Checked {
  const result = compileGraph({ text: file.text, type: typeOf(file) }, nodeKinds);
  const problems = result.ok ? inOrder([...result.warnings, ...result.hints]) : result.problems;
  return { file: file.path, text: file.text, problems, fixed: [] };
}

function mended(file: TextFile): Checked {
  const { text, fixed, remaining } = fixGraph(file.text, typeOf(file), nodeKinds);
  if (text !== file.text) replaceTextFile(file.path, text);
  return { file: file.path, text, problems: inOrder(remaining), fixed };
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted(
    (one, other) => (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0),
  );
}
