import type { JsonObject } from "../../src/base/json.ts";
import { isJsonObject } from "../../src/base/json.ts";
import { expandCompact } from "../../src/graph/compact/expand.ts";
import { compileGraph } from "../../src/graph/compile.ts";
import { describeGraph } from "../../src/graph/describe/describe.ts";
import { diffGraphs } from "../../src/graph/diff/diff.ts";
import { toDot } from "../../src/graph/draw/dot.ts";
import { toDrawable } from "../../src/graph/draw/drawable.ts";
import { oneLine } from "../../src/graph/draw/labels.ts";
import { toMermaid } from "../../src/graph/draw/mermaid.ts";
import { toSvg } from "../../src/graph/draw/svg.ts";
import { importDrawable } from "../../src/graph/import/drawable.ts";
import { importMermaid } from "../../src/graph/import/mermaid.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { Found } from "../../src/graph/problems.ts";
import { Problems } from "../../src/graph/problems.ts";
import { editText } from "../../src/graph/text/edit.ts";
import { readSource } from "../../src/graph/text/read.ts";
import { upgradeText } from "../../src/graph/upgrade/upgrade.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";
import type { TextFile } from "./files.ts";
import { readTextFile, shown, typeOf } from "./files.ts";
import type { Format } from "./options.ts";
import type { Output } from "./output.ts";
import { printProblems } from "./problem-lines.ts";

/** Exit code of a verb. */
export type Code = 0 | 1;

const DRAW: Readonly<Record<Format, (plan: Plan) => string>> = {
  mermaid: toMermaid,
  svg: toSvg,
  dot: toDot,
  markdown: (plan) => describeGraph(plan, nodeKinds),
  drawable: (plan) => JSON.stringify(toDrawable(plan), undefined, 2),
};

export function draw(output: Output, path: string, format: Format): Code {
  const file = readTextFile(path);
  const result = compileGraph({ text: file.text, type: typeOf(file) }, nodeKinds);
  if (!result.ok) {
    printProblems(output, shown(path), file.text, result.problems);
    return 1;
  }
  output.result(withNewline(DRAW[format](result.plan)));
  return 0;
}

export function diff(output: Output, before: string, after: string): Code {
  const documents = [before, after].map((path) => readDocument(output, readTextFile(path)));
  const [one, other] = documents;
  if (one === undefined || other === undefined) return 1;
  const { changes, likelyRenames, summary } = diffGraphs(one, other);
  for (const { text } of changes) output.result(`${oneLine(text, 300)}\n`);
  for (const rename of likelyRenames) output.note(`"${rename.before}" may now be called "${rename.after}".\n`);
  output.note(`${oneLine(summary, 300)}.\n`);
  return 0;
}

export function importDrawing(output: Output, path: string, id: string): Code {
  const file = readTextFile(path);
  const isJson = typeOf(file) === "json";
  const value = isJson ? readValue(output, file) : undefined;
  if (isJson && value === undefined) return 1;
  const { document, report } = value === undefined ? importMermaid(file.text, id) : importDrawable(value, id);
  output.result(editText("", "yaml", document));
  for (const { what, where, why } of report.notUnderstood) {
    const place = where.startsWith("line ") ? `:${where.slice("line ".length)}` : where === "" ? "" : ` ${where}`;
    output.note(`${shown(path)}${place} ${oneLine(what, 200)}: ${oneLine(why, 300)}\n`);
  }
  const left = report.notUnderstood.length;
  output.note(`${report.understood} nodes and edges imported; ${left} thing${left === 1 ? "" : "s"} to look at.\n`);
  return report.understood === 0 ? 1 : 0;
}

export function expand(output: Output, path: string): Code {
  const file = readTextFile(path);
  const document = readDocument(output, file);
  if (document === undefined) return 1;
  const expanded = expandCompact(document, nodeKinds);
  if (expanded.mistakes.length > 0) {
    printFound(output, file, expanded.mistakes);
    return 1;
  }
  if (expanded.document === document) output.note(`${shown(path)} has no steps: it is written out already.\n`);
  output.result(withNewline(editText(file.text, typeOf(file), expanded.document)));
  return 0;
}

export function upgrade(output: Output, path: string): Code {
  const file = readTextFile(path);
  if (readDocument(output, file) === undefined) return 1;
  const upgraded = upgradeText(file.text, typeOf(file));
  if ("problem" in upgraded) {
    printFound(output, file, [upgraded.problem]);
    return 1;
  }
  for (const { from, to, says } of upgraded.applied) output.note(`Format ${from} to ${to}: ${says}\n`);
  if (upgraded.applied.length === 0) output.note(`${shown(path)} is of the newest format.\n`);
  output.result(upgraded.text);
  return 0;
}

function readValue(output: Output, file: TextFile) {
  const problems = new Problems();
  const read = readSource({ text: file.text, type: typeOf(file) }, problems);
  if (!problems.failed && read !== undefined) return read.value;
  printProblems(output, shown(file.path), file.text, problems.list(file.text, read?.root));
  return undefined;
}

/** Undefined, and what is wrong printed, for a text that holds no mapping. */
function readDocument(output: Output, file: TextFile): JsonObject | undefined {
  const value = readValue(output, file);
  if (value === undefined || isJsonObject(value)) return value;
  printFound(output, file, [{ code: "invalid_type", message: "A graph document must be a mapping.", path: [] }]);
  return undefined;
}

function printFound(output: Output, file: TextFile, found: readonly Found[]): void {
  const problems = new Problems();
  const root = readSource({ text: file.text, type: typeOf(file) }, new Problems())?.root;
  for (const each of found) problems.add(each);
  printProblems(output, shown(file.path), file.text, problems.list(file.text, root));
}

function withNewline(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
