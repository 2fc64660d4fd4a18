import { spawn } from "node:child_process";
import { expect } from "vitest";
import { fencesOf } from "../docs/page.ts";
import { ROOT } from "../sources.ts";

/** Between what the blocks print. */
const MARK = "--- the next block ---";

/** A command of a page, and the JSON that stands behind it: a part of the last answer that it prints. */
export interface Block {
  readonly text: string;
  readonly answer: unknown;
}

/** The page's commands in their order but the first, which starts the server. @param here the page's words for this test's places */
export function blocksOf(page: string, here: (command: string) => string): readonly Block[] {
  const [, ...fences] = fencesOf(page).filter(({ language }) => language === "sh" || language === "json");
  return fences.flatMap(({ language, text }, at) => {
    if (language !== "sh") return [];
    const next = fences[at + 1];
    return [{ text: here(text), answer: next?.language === "json" ? shown(JSON.parse(next.text)) : undefined }];
  });
}

/** Objects may hold more than is shown, lists may not. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return expect.objectContaining(Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shown(each)])));
}

/** Runs them in one shell, one after the other; each must answer as is shown. Answers what each printed. */
export async function runBlocks(blocks: readonly Block[], environment: Record<string, string> = {}): Promise<string[]> {
  const script = blocks.map(({ text }) => text).join(`\necho; echo "${MARK}"\n`);
  const { stdout, stderr } = await shell(script, environment);
  const printed = stdout.split(MARK).map((text) => text.trim());
  expect(printed, stderr).toHaveLength(blocks.length);
  for (const [at, { text, answer }] of blocks.entries()) {
    if (answer === undefined) continue;
    const last = answersIn(printed[at] ?? "").at(-1);
    expect(last, `${text}\n${printed[at]}`).toEqual(answer);
  }
  return printed;
}

/** Not `spawnSync`: what the commands speak to may live in this process. */
function shell(script: string, environment: Record<string, string>): Promise<{ stdout: string; stderr: string }> {
  const child = spawn("sh", ["-eu", "-c", script], { cwd: ROOT, env: { ...process.env, ...environment } });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    stdout += piece;
  });
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    stderr += piece;
  });
  return new Promise((resolve) => child.once("close", () => resolve({ stdout, stderr })));
}

/** JSON values printed one after the other, without anything between them; `runs/wait` begins with white space. */
function answersIn(text: string): readonly unknown[] {
  const answers: unknown[] = [];
  for (let from = 0, to = 1; to <= text.length; to += 1) {
    if (text[to] !== undefined && !/[\s[{]/.test(text[to] ?? "")) continue;
    try {
      answers.push(JSON.parse(text.slice(from, to)));
      from = to;
    } catch {
      // not yet whole
    }
  }
  return answers;
}
