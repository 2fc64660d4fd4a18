import { oneLine, visible } from "../draw/labels.ts";

/** Text of a document as Markdown shows it: no mark-up, link or HTML of its author's takes effect. It is one line. */
export function plain(text: string, most = 2000): string {
  return oneLine(text, most)
    .replace(/[\\`*_[\]|~@]/g, "\\$&")
    .replace(/[<>&]/g, (character) => HTML[character] ?? "")
    .replace(/:(?=\/\/)|(?<=www)\./gi, "\\$&")
    .replace(/^(?:[-+#=]|\d+(?=[.)]))/, (begin) => (/\d/.test(begin) ? `${begin}\\` : `\\${begin}`));
}

const HTML: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;" };

/** A span of code; in a table a bar would end the cell even here. */
export function code(text: string, most = 120): string {
  const line = oneLine(text, most).replaceAll("|", "\\|");
  const ticks = "`".repeat(longestRun(line) + 1);
  const space = line.startsWith("`") || line.endsWith("`") || line === "" ? " " : "";
  return `${ticks}${space}${line}${space}${ticks}`;
}

/** A block of code that its content cannot close. */
export function fenced(language: string, content: string): string {
  const ticks = "`".repeat(Math.max(3, longestRun(content) + 1));
  const lines = content.trimEnd().split("\n").map(visible);
  return [`${ticks}${language}`, ...lines, ticks].join("\n");
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return lines.join("\n");
}

/** Names as code, shortened to the first few. */
export function names(ids: readonly string[], most = 8): string {
  if (ids.length === 0) return "–";
  const shown = ids.slice(0, most).map((id) => code(id));
  return ids.length > most ? `${shown.join(", ")} and ${ids.length - most} more` : shown.join(", ");
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
}
