import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toolEnvironment } from "../checks/run-tool.ts";
import { takeLock } from "./lock.ts";
import { localKey } from "./key.ts";
import { chooseModel } from "./model.ts";
import { readOptions } from "./options.ts";
import { ROOT, shownPath } from "./repository.ts";
import { startServer } from "./server.ts";
import { onStopSignal } from "./shutdown.ts";
import { Stop } from "./stop.ts";
import { openTerminal } from "./terminal.ts";
import { openVariables, readEnvironment } from "./variables.ts";

// `npm run dev`: wrangler with hot reload. Its state is a folder inside that of npm start, laid out the same way.

const SWEEP_EVERY_MS = 60_000;

async function main(): Promise<void> {
  refuseOptions(process.argv.slice(2));
  const terminal = openTerminal();
  const environment = readEnvironment(ROOT);
  const options = readOptions([], environment, ROOT);
  const state = join(options.state, "dev");
  const port = options.port === 0 ? 8787 : options.port;
  const note = (line: string) => terminal.line(line);
  const model = await chooseModel(environment);
  const variables = { ...model.variables, ...openVariables(options.open) };

  // A short-lived server makes tables and key; wrangler then finds them.
  const server = await startServer({ root: ROOT, state, port, variables: {}, onLog: () => {}, note });
  const { path } = await localKey(state, server.database);
  await server.stop();
  const lock = await takeLock(state, note);

  terminal.line(
    `${terminal.style("bold", "wrangler dev")} at http://127.0.0.1:${port}, reloading on every change in src`,
  );
  terminal.line(`key     ${shownPath(path)}`);
  terminal.line(`model   ${model.reference}`);
  const child = startWrangler(state, port, variables);
  if (child.pid !== undefined) lock.record({ runtimePid: child.pid, leadsGroup: true });
  const sweep = setInterval(() => void callSweep(port), SWEEP_EVERY_MS);
  const end = () => child.pid !== undefined && process.kill(-child.pid, "SIGTERM");
  onStopSignal(async () => {
    end();
    await new Promise((resolve) => child.once("close", resolve));
    lock.release();
    return 0;
  });
  child.once("close", (code) => {
    clearInterval(sweep);
    lock.release();
    process.exitCode = code ?? 0;
  });
}

/** package.json says "wrangler dev" for who reads it there; what stands behind that would be lost without a word. */
function refuseOptions([, , ...more]: readonly string[]): void {
  if (more.length === 0) return;
  throw new Stop(
    `npm run dev takes no options (${more.join(" ")}); PORT and EDGEWISE_STATE move it: PORT=9000 npm run dev`,
  );
}

function startWrangler(state: string, port: number, variables: Record<string, string>) {
  // By a file, because everybody on the machine can read a process's arguments.
  const file = join(state, "variables.env");
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${JSON.stringify(value)}\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  const where = ["--ip", "127.0.0.1", "--port", String(port), "--persist-to", state, "--env-file", file];
  const quiet = ["--log-level", "warn", "--show-interactive-dev-session=false"];
  return spawn(join(ROOT, "node_modules/.bin/wrangler"), ["dev", ...where, ...quiet], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    // A group of its own: wrangler is four processes, and all of them must go.
    detached: true,
    env: toolEnvironment(ROOT),
  });
}

/** Cron never fires by itself in the local runtime. */
async function callSweep(port: number): Promise<void> {
  const cron = encodeURIComponent("* * * * *");
  // While wrangler reloads nobody answers; the next minute will do.
  await fetch(`http://127.0.0.1:${port}/cdn-cgi/handler/scheduled?cron=${cron}`).catch(() => {});
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
