import type { Notes } from "./sketch.ts";

export interface Statement {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** The statements of a flowchart, comments and settings taken out and noted. */
export function statementsOf(text: string, notes: Notes): readonly Statement[] {
  const statements: Statement[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const { from, to } = drawingIn(lines, notes);
  let inSettings = false;
  for (const [index, whole] of lines.entries()) {
    if (index < from || index >= to) continue;
    const line = whole.trim();
    const where = `line ${index + 1}`;
    if (inSettings || line.startsWith("%%{")) {
      if (!inSettings) notes.add("settings", where, "How it is drawn is not part of a graph.");
      inSettings = !line.includes("}%%");
    } else if (line.startsWith("%%")) {
      notes.add(`the comment ${JSON.stringify(line.slice(2, 82).trim())}`, where, "Comments are not taken over.");
    } else {
      for (const part of splitAtSemicolons(line)) if (part !== "") statements.push({ text: part, line: index + 1 });
    }
  }
  return statements;
}

/** In a page of Markdown the first drawing; else everything behind the front matter. */
function drawingIn(lines: readonly string[], notes: Notes): { readonly from: number; readonly to: number } {
  const fence = lines.findIndex((line) => /^\s{0,3}```\s?mermaid/.test(line));
  if (fence === -1) return { from: afterFrontMatter(lines, notes), to: lines.length };
  notes.add("the page around the drawing", "line 1", "Only its first drawing is imported.");
  const end = lines.findIndex((line, index) => index > fence && line.trim().startsWith("```"));
  return { from: fence + 1, to: end === -1 ? lines.length : end };
}

/** `---` … `---` at the top holds a title and settings. */
function afterFrontMatter(lines: readonly string[], notes: Notes): number {
  if (lines[0]?.trim() !== "---") return 0;
  const end = lines.findIndex((line, index) => index > 0 && line.trim() === "---");
  notes.add("the front matter", "line 1", "Title and settings of a drawing are not taken over.");
  return end === -1 ? 0 : end + 1;
}

/** A semicolon ends a statement unless it stands in quotes, brackets, bars, or ends a character's number (`#60;`, `&nbsp;`). */
function splitAtSemicolons(line: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  let depth = 0;
  let quoted = false;
  let barred = false;
  let word = -1;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? "";
    if (character === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (character === "|") barred = !barred;
    else if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth = Math.max(0, depth - 1);
    else if (character === ";" && depth === 0 && !barred && (word === -1 || at - word > 9)) {
      parts.push(line.slice(start, at).trim());
      start = at + 1;
    }
    if (character === "&" || character === "#") word = at;
    else if (!/[a-z0-9#]/.test(character)) word = -1;
  }
  return [...parts, line.slice(start).trim()];
}
