import { openClient, Refused, type Client } from "./client.ts";
import { nextCommands } from "./commands.ts";
import { readDocuments } from "./documents.ts";
import { publishExamples } from "./examples.ts";
import { runJob } from "./job.ts";
import { localKey, refusedKey } from "./key.ts";
import { chooseModel, type ModelChoice } from "./model.ts";
import { HELP, readOptions, type Options } from "./options.ts";
import { ROOT, shownPath } from "./repository.ts";
import type { LocalServer } from "./server.ts";
import { onStopSignal } from "./shutdown.ts";
import { Stop } from "./stop.ts";
import { openTerminal, seconds, type Terminal } from "./terminal.ts";
import { openVariables, readEnvironment } from "./variables.ts";

const SWEEP_EVERY_MS = 60_000;

async function main(): Promise<void> {
  const startedAt = performance.now();
  const environment = readEnvironment(ROOT);
  const options = readOptions(process.argv.slice(2), environment, ROOT);
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const terminal = openTerminal();
  // Nobody reads on, as after `npm start | head`: as good as Ctrl-C.
  process.stdout.on("error", () => process.kill(process.pid, "SIGTERM"));
  const model = await chooseModel(environment);
  // Loaded after the options are known to be good: it takes half a second.
  const { startServer } = await import("./server.ts");
  const server = await startServer({
    root: ROOT,
    state: options.state,
    port: options.port,
    ...(options.worker === undefined ? {} : { worker: options.worker }),
    variables: { ...model.variables, ...openVariables(options.open) },
    onLog: (level, message) => showLog(terminal, level, message),
    note: (line) => terminal.line(line),
  });
  leaveOnSignal(terminal, options, server);
  const { key, path, isNew } = await localKey(options.state, server.database);
  const client = openClient(server.url, key);
  await publishExamples(client, ROOT).catch((error: unknown) =>
    Promise.reject(error instanceof Refused && error.status === 401 ? refusedKey(path) : error),
  );
  await keepSweeping(server, terminal);
  greet(terminal, options, server, model, performance.now() - startedAt);
  if (isNew)
    terminal.line(`key     ${key}\n        ${terminal.style("dim", `kept in ${shownPath(path)}; shown this once`)}`);
  terminal.line();
  await work(terminal, options, server, model, client, shownPath(path));
}

/** Runs the example if asked to, and either leaves or says what to try next and stays. */
async function work(
  terminal: Terminal,
  options: Options,
  server: LocalServer,
  model: ModelChoice,
  client: Client,
  keyPath: string,
): Promise<void> {
  const job = options.job ? await runJob(client, terminal, readDocuments(ROOT, model.sourceBytes)) : undefined;
  if (options.once) {
    await server.stop();
    process.exit(job === undefined || job.succeeded ? 0 : 1);
  }
  terminal.line();
  for (const line of nextCommands(terminal, server.url, keyPath, job)) terminal.line(line);
  terminal.line(terminal.style("dim", "Ctrl-C stops it; threads and runs stay."));
}

function greet(terminal: Terminal, options: Options, server: LocalServer, model: ModelChoice, elapsedMs: number): void {
  const { style } = terminal;
  terminal.line(`${style("bold", "Edgewise")} ready at ${style("cyan", server.url)} in ${seconds(elapsedMs)}`);
  terminal.line(`state   ${shownPath(options.state)}`);
  terminal.line(`model   ${model.reference}`);
  for (const line of model.explanation) terminal.line(`        ${style("dim", line)}`);
  if (options.open) {
    terminal.line(
      style(["bold", "red"], "OPEN    EDGEWISE_OPEN=1: anybody on this machine may use this server, without a key."),
    );
  }
}

/** Once at the start for what a kill left behind, then as often as cron would. */
async function keepSweeping(server: LocalServer, terminal: Terminal): Promise<void> {
  const sweep = (cron: string) =>
    server.scheduled(cron).catch((error: unknown) => showLog(terminal, "error", `The sweep failed: ${String(error)}`));
  await sweep("startup");
  setInterval(() => void sweep("* * * * *"), SWEEP_EVERY_MS);
}

/** What fails from then on fails because the server is gone, and is nobody's news. */
let leaving = false;

function leaveOnSignal(terminal: Terminal, options: Options, server: LocalServer): void {
  onStopSignal(async () => {
    leaving = true;
    terminal.line();
    terminal.line("Stopping.");
    await server.stop();
    // Somebody who asked for the result did not get it.
    return options.once ? 130 : 0;
  });
}

function showLog(terminal: Terminal, level: string, message: string): void {
  if (level === "error" || level === "warn")
    terminal.line(terminal.style(level === "error" ? "red" : "yellow", message));
}

try {
  await main();
} catch (error) {
  if (!leaving) {
    if (!(error instanceof Stop) && !(error instanceof Refused)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
