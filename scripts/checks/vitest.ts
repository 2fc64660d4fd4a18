import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool, type ToolResult } from "./run-tool.ts";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** Runs vitest; the numbers are its own. */
export async function runVitest(
  root: string,
  arguments_: readonly string[],
  output: "collect" | "inherit" = "collect",
): Promise<{ readonly result: ToolResult; readonly tally: Tally }> {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-tests-"));
  const path = join(folder, "tally.json");
  try {
    const reporters = ["--reporter=default", "--reporter=./scripts/checks/tally-reporter.ts"];
    const environment = { EDGEWISE_TALLY: path };
    const result = await runTool(root, "vitest", ["run", ...reporters, ...arguments_], { output, environment });
    return { result, tally: readTally(path) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** None means that vitest died before it could write one; its exit code says so. */
function readTally(path: string): Tally {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Tally) : { passed: 0, failed: 0 };
}
