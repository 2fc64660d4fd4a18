import type { Goal } from "../goal.ts";
import type { Terminal } from "../local/terminal.ts";

/** goal | figure | met, as Markdown, so that it can be pasted into a README. */
export function printGoals(terminal: Terminal, goals: readonly Goal[]): void {
  const rows = goals.map(({ goal, figure, met }) => [goal, figure, wordOf(met)] as const);
  const widths = [0, 1, 2].map((column) => Math.max(6, ...rows.map((row) => (row[column] ?? "").length)));
  const print = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  terminal.line(print(["goal", "figure", "met"]));
  terminal.line(`|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  for (const row of rows) terminal.line(row[2] === "NO" ? terminal.style("red", print(row)) : print(row));
}

function wordOf(met: Goal["met"]): string {
  if (met === "not run") return met;
  return met ? "yes" : "NO";
}
