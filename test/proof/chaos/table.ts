import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeMachine } from "../../../scripts/evidence/machine.ts";
import type { Goal } from "../../../scripts/goal.ts";
import { ROOT } from "../../sources.ts";
import { POINTS } from "./points.ts";
import { type Slice, sum } from "./slices.ts";

/** What docs/reliability.md shows of the proof. */

const PAGE = join(ROOT, "docs/reliability.md");
const [BEGIN, END] = ["<!-- chaos: written by `npm run proof -- chaos --write` -->", "<!-- chaos: end -->"];

export function tableOf(slices: readonly Slice[], goals: readonly Goal[]): string {
  const { kills, points, missing, seconds } = sum(slices);
  const named = Object.values(points).reduce((all, count) => all + count, 0);
  const date = new Date().toISOString().slice(0, 10);
  const seeds = slices.map(({ seed }) => seed).join(", ");
  return [
    `\`npm run proof -- chaos\`, ${date}, ${describeMachine(ROOT).join("; ")}; seeds ${seeds}; ${Math.round(seconds)} s:`,
    "",
    "| goal | figure | met |",
    "| --- | --- | --- |",
    ...goals.map(({ goal, figure, met }) => `| ${goal} | ${figure} | ${met ? "yes" : "NO"} |`),
    "",
    "| crash point | kills |",
    "| --- | --- |",
    ...POINTS.map(({ name, isNamed }) => {
      const count = missing.includes(name) ? "part does not exist" : String(points[name] ?? 0);
      return `| ${name}${isNamed ? "" : " (beside the eighteen)"} | ${count} |`;
    }),
    `| a random moment | ${kills - named} |`,
  ].join("\n");
}

/** Between its marks on the page. @throws when the page does not have them */
export function writeTable(table: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`${PAGE} does not have the marks ${BEGIN} and ${END}`);
  writeFileSync(PAGE, `${page.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`);
}
