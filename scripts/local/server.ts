import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorker } from "./bundle.ts";
import { readRuntimePid, takeLock } from "./lock.ts";
import { applyMigrations, type MigrationDatabase } from "./migrate.ts";
import { recordRuntimeProcess } from "./runtime-process.ts";
import { brokenState, prepareStateFolder } from "./state-folder.ts";
import { Stop } from "./stop.ts";

export interface ServerOptions {
  /** The repository. */
  readonly root: string;
  /** Absolute path of the folder that keeps everything. */
  readonly state: string;
  /** Absolute path of the Worker's module; without one it is that of wrangler.toml. */
  readonly worker?: string;
  /** 0 = any free port. */
  readonly port: number;
  /** The Worker's variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** What the Worker writes to its console. */
  readonly onLog: (level: string, message: string) => void;
  /** A line for the person who started it. */
  readonly note: (line: string) => void;
}

export interface LocalServer {
  readonly url: string;
  readonly database: MigrationDatabase;
  /** Calls the Worker's scheduled handler; cron never fires by itself in the local runtime. */
  scheduled(cron: string): Promise<void>;
  /** Ends the runtime and gives the state folder back. */
  stop(): Promise<void>;
}

/** @throws Stop for everything that a person can put right: port, state folder, a Worker that does not start. */
export async function startServer(options: ServerOptions): Promise<LocalServer> {
  prepareStateFolder(options.state);
  const lock = await takeLock(options.state, options.note);
  let miniflare: Miniflare | undefined;
  const stop = async () => {
    // A runtime that never came up rejects this too, with what `ready` has said already.
    await miniflare?.dispose().catch(() => {});
    lock.release();
  };
  try {
    await refuseTakenPort(options.port);
    const starting = startingConsole(options);
    miniflare = await openMiniflare(options, starting.onLog);
    const url = await miniflare.ready.then(
      (address) => address.origin,
      (error: unknown) => Promise.reject(startFailure(options.state, starting.lines(), error)),
    );
    const runtimePid = readRuntimePid(options.state);
    lock.record({ url, ...(runtimePid !== undefined && { runtimePid }) });
    const database: MigrationDatabase = await miniflare.getD1Database("DB");
    await applyMigrations(database, join(options.root, "migrations")).catch((error: unknown) =>
      Promise.reject(startFailure(options.state, starting.lines(), error)),
    );
    starting.passOn();
    const runtime = miniflare;
    // Asked for at each call: a runtime that died is replaced, and what was got of it answers no more.
    const scheduled = async (cron: string) => void (await (await runtime.getWorker()).scheduled({ cron }));
    return { url, database, scheduled, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function openMiniflare(options: ServerOptions, onLog: ServerOptions["onLog"]): Promise<Miniflare> {
  const { workerOptions, main } = unstable_getMiniflareWorkerOptions(join(options.root, "wrangler.toml"));
  const folder = join(options.state, "worker");
  const entry = options.worker ?? main ?? resolve(options.root, "src/worker.ts");
  const bundle = await bundleWorker(entry, join(folder, "worker.js")).catch((error: Error) =>
    Promise.reject(new Stop(`The Worker does not build. ${error.message}`)),
  );
  const { modulesRules: _rules, ...worker } = workerOptions;
  return new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: options.port,
      cf: false,
      logRequests: false,
      log: new Log(LogLevel.NONE),
      telemetry: { enabled: false },
      // The folder inside is wrangler's own name for it: `wrangler … --persist-to <state>` finds the same databases.
      resourcePersistencePath: join(options.state, "v3"),
      handleStructuredLogs: ({ level, message }) => onLog(level, message),
      unsafeRuntimeEnv: recordRuntimeProcess(options.state),
      workers: [
        {
          ...worker,
          name: "edgewise",
          modules: true,
          modulesRoot: folder,
          scriptPath: bundle.path,
          bindings: { ...(worker.bindings as object | undefined), ...options.variables },
        },
      ],
    }),
  );
}

/** Keeps what the runtime says until it is up: if it does not come up, one sentence is made of it. */
function startingConsole(options: ServerOptions) {
  const kept: [level: string, message: string][] = [];
  let up = false;
  return {
    onLog: (level: string, message: string) => {
      if (up) options.onLog(level, message);
      else kept.push([level, message]);
    },
    lines: () => kept.map(([, message]) => message),
    passOn: () => {
      up = true;
      for (const [level, message] of kept) options.onLog(level, message);
    },
  };
}

function startFailure(state: string, lines: readonly string[], error: unknown): Error {
  const said = lines.flatMap((line) => line.split("\n")).filter((line) => !line.startsWith("***"));
  const database = said.find((line) => line.includes("SQLite failed"));
  if (database !== undefined) return brokenState(state, database.replace(/^.* = /, ""));
  if (String(error).includes("D1_ERROR")) return brokenState(state, error);
  const words = said.slice(0, 5).join("\n") || (error instanceof Error ? error.message : String(error));
  return new Stop(`The Workers runtime did not start:\n${words}`);
}

/** The runtime's own words for this are a page long. */
async function refuseTakenPort(port: number): Promise<void> {
  let reason = await probePort(port);
  // A runtime that was just ended may hold its port for a moment longer.
  for (let attempt = 0; reason === "EADDRINUSE" && attempt < 10; attempt += 1) {
    await sleep(100);
    reason = await probePort(port);
  }
  if (reason === undefined) return;
  const words = reason === "EADDRINUSE" ? "is in use by another program" : `cannot be opened (${reason})`;
  throw new Stop(`Port ${port} ${words}. Choose another: PORT=${port + 1} npm start`);
}

/** Why the port cannot be had; undefined when it can. */
function probePort(port: number): Promise<string | undefined> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(undefined)));
  });
}
