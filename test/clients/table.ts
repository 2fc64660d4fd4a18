import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../sources.ts";
import { CONTRACT, has, type Item, type Version } from "./contract.ts";
import type { Result } from "./results.ts";

const PAGE = join(ROOT, "docs/langgraph.md");
const [BEGIN, END] = ["<!-- clients: begin -->", "<!-- clients: end -->"];

/** One row for each method: what works, what differs and what is not offered, by the results of its cases. */
export function tableOf(results: readonly Result[]): string {
  const lines = ["| call | clients | works | differs, or is not offered |", "| --- | --- | --- | --- |"];
  for (const [method, item] of Object.entries(CONTRACT)) lines.push(rowOf(method, item, results));
  return lines.join("\n");
}

type State = "works" | "fails" | "not tried";

function rowOf(method: string, item: Item, results: readonly Result[]): string {
  const stateOf = (promise: string): State => {
    const about = results.filter((result) => result.about.includes(promise));
    if (about.length === 0) return "not tried";
    return about.every(({ fault }) => fault === undefined) ? "works" : "fails";
  };
  const notes: string[] = [];
  const works: string[] = [];
  const told = { ...item.differs, ...item.absent };
  const name = (field: string) => (field === "" ? "" : `\`${field}\`: `);
  for (const field of ["", ...item.fields]) {
    const state = field === "" && !isCalled(method) ? "works" : stateOf(field === "" ? method : `${method}:${field}`);
    const note = told[field];
    if (note !== undefined) notes.push(`${name(field)}${note}`);
    else if (state !== "works") notes.push(`${name(field)}**${state}**`);
    else if (field !== "") works.push(newer(method, field) ? `${field} ⁺` : field);
  }
  const called = isCalled(method);
  const clients = called ? versionsOf(method) : "";
  const done = item.absent?.[""] !== undefined ? "" : works.length > 0 ? works.join(", ") : called ? "yes" : "";
  const cells = [called ? `\`${method}\`` : method, clients, done, notes.join("; ")];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

const isCalled = (method: string) => method.includes(".");
const newer = (method: string, field: string) =>
  CONTRACT[method]?.newer !== true && !has("2.0.0", `${method}:${field}`);
const versionsOf = (method: string) =>
  (["1.15.0", "2.0.0"] as const).filter((version: Version) => has(version, method)).join(", ");

/** @throws Error when the page has no place for it */
export function writeTable(table: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/langgraph.md has no place for the table: ${BEGIN} … ${END}`);
  writeFileSync(PAGE, `${page.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`);
}

/** What stands between the marks of the page. */
export function tableInPage(): string {
  const page = readFileSync(PAGE, "utf8");
  return page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).trim();
}
