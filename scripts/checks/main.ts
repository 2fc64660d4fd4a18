import { ROOT } from "../local/repository.ts";
import { openTerminal, seconds, type Terminal } from "../local/terminal.ts";
import { runTool, type ToolResult } from "./run-tool.ts";
import { runVitest, type Tally } from "./vitest.ts";
import { checkWeight } from "./weight.ts";

interface StageResult extends ToolResult {
  /** Shown behind the time. */
  readonly fact?: string;
  readonly tally?: Tally;
}
interface Stage {
  readonly name: string;
  run(): Promise<StageResult>;
}

const STAGES: readonly Stage[] = [
  { name: "format", run: () => runTool(ROOT, "biome", ["format", "."]) },
  { name: "lint", run: () => runTool(ROOT, "oxlint", ["--type-aware", "--deny-warnings"]) },
  { name: "types", run: () => runTool(ROOT, "tsc", ["--noEmit"]) },
  { name: "unit tests", run: () => testStage("unit") },
  { name: "tests in workerd", run: () => testStage("workerd", "workerd-alone") },
  { name: "tests end to end", run: () => testStage("e2e") },
  { name: "weight", run: () => checkWeight(ROOT) },
];

async function testStage(...projects: readonly string[]): Promise<StageResult> {
  const { result, tally } = await runVitest(
    ROOT,
    projects.flatMap((project) => ["--project", project]),
  );
  return { ...result, tally, fact: `${tally.passed} passed` };
}

/** Every stage in turn; the first that fails is shown and ends it. Answers the exit code. */
async function runAll(terminal: Terminal): Promise<number> {
  const tally = { passed: 0, failed: 0 };
  for (const stage of STAGES) {
    const startedAt = performance.now();
    terminal.write(`${stage.name.padEnd(18)}`);
    const result = await stage.run();
    tally.passed += result.tally?.passed ?? 0;
    tally.failed += result.tally?.failed ?? 0;
    const fact = result.fact === undefined ? "" : `  ${result.fact}`;
    const mark = result.ok ? terminal.style("green", "ok    ") : terminal.style("red", "failed");
    terminal.write(`${mark} ${seconds(performance.now() - startedAt).padStart(7)}${fact}\n`);
    if (result.ok) continue;
    terminal.line();
    terminal.write(result.output);
    printTally(terminal, tally);
    return 1;
  }
  printTally(terminal, tally);
  return 0;
}

/** `npm test -- path`: only the tests, only those, with everything they print. */
async function runSome(terminal: Terminal, arguments_: readonly string[]): Promise<number> {
  const { result, tally } = await runVitest(ROOT, arguments_, "inherit");
  printTally(terminal, tally);
  return result.ok ? 0 : 1;
}

function printTally(terminal: Terminal, { passed, failed }: Tally): void {
  terminal.line(`${passed} passed, ${failed} failed`);
}

const terminal = openTerminal();
const arguments_ = process.argv.slice(2);
process.exitCode = arguments_.length === 0 ? await runAll(terminal) : await runSome(terminal, arguments_);
