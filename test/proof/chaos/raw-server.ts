import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { bundleWorker } from "../../../scripts/local/bundle.ts";
import { localKey } from "../../../scripts/local/key.ts";
import { applyMigrations } from "../../../scripts/local/migrate.ts";
import { freePort } from "../../e2e/server.ts";
import { ROOT } from "../../sources.ts";

const require = createRequire(import.meta.url);

/** workerd alone, with its storage on disk and no Node process: it is back 0.2 s after it was killed. */
export interface RawServer {
  readonly url: string;
  readonly key: string;
  /** The folder with the databases, as Miniflare lays it out. */
  readonly state: string;
  /** Resolves when it listens. @param heard gets what it prints, while it lives */
  start(heard: (text: string) => void): Promise<void>;
  /** `SIGKILL`; resolves when the process is gone. */
  kill(): Promise<void>;
  /** Kills it and takes the folder away. */
  remove(): Promise<void>;
}

/**
 * Miniflare is started once, with a script in workerd's place that keeps the configuration which Miniflare makes of wrangler.toml
 * and the Worker; from then on workerd is served from that.
 */
export async function prepareRawServer(worker: string, variables: Record<string, string>): Promise<RawServer> {
  const state = mkdtempSync(join(tmpdir(), "edgewise-chaos-"));
  const key = await recordConfiguration(state, worker, variables);
  const port = await freePort();
  const arguments_ = [
    "serve",
    "--binary",
    "--experimental",
    `--socket-addr=entry=127.0.0.1:${port}`,
    "--external-addr=loopback=127.0.0.1:1",
    "--control-fd=3",
    configurationOf(state),
  ];
  let child: ChildProcess | undefined;
  let gone: Promise<unknown> = Promise.resolve();
  const kill = async () => {
    child?.kill("SIGKILL");
    await gone;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    key,
    state,
    async start(heard) {
      const started = spawn(workerdPath(), arguments_, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
      child = started;
      gone = new Promise((resolve) => started.once("close", resolve));
      alive.add(started);
      void gone.then(() => alive.delete(started));
      for (const stream of [started.stdout, started.stderr]) stream?.setEncoding("utf8").on("data", heard);
      await listening(started, gone);
    },
    kill,
    async remove() {
      await kill();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** workerd tells its control pipe when a socket is open. */
async function listening(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stdio[3]?.on("data", (piece: Buffer) => {
      said += piece.toString();
      if (said.includes('"listen"')) resolve();
    });
    void gone.then(() => reject(new Error("workerd ended before it listened")));
  });
}

async function recordConfiguration(state: string, worker: string, variables: Record<string, string>): Promise<string> {
  const folder = join(state, "worker");
  const { path } = await bundleWorker(join(ROOT, worker), join(folder, "worker.js"), true);
  const script = join(state, "workerd.sh");
  writeFileSync(script, `#!/bin/sh\ntee '${configurationOf(state)}' | exec '${workerdPath()}' "$@"\n`);
  chmodSync(script, 0o755);
  const temporary = join(state, "tmp");
  mkdirSync(temporary);
  const { workerOptions } = unstable_getMiniflareWorkerOptions(join(ROOT, "wrangler.toml"));
  const { modulesRules: _rules, ...options } = workerOptions;
  const before = { MINIFLARE_WORKERD_PATH: process.env["MINIFLARE_WORKERD_PATH"], TMPDIR: process.env["TMPDIR"] };
  Object.assign(process.env, { MINIFLARE_WORKERD_PATH: script, TMPDIR: temporary });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      logRequests: false,
      log: new Log(LogLevel.NONE),
      telemetry: { enabled: false },
      resourcePersistencePath: join(state, "v3"),
      handleStructuredLogs: () => {},
      workers: [
        {
          ...options,
          name: "edgewise",
          modules: true,
          modulesRoot: folder,
          scriptPath: path,
          bindings: { ...(options.bindings as object | undefined), ...variables },
        },
      ],
    }),
  );
  try {
    await miniflare.ready;
    const database = await miniflare.getD1Database("DB");
    await applyMigrations(database, join(ROOT, "migrations"));
    return (await localKey(state, database)).key;
  } finally {
    await miniflare.dispose();
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    restoreFolders(state);
  }
}

/** Miniflare takes folders with it that its configuration names and workerd wants to find. */
function restoreFolders(state: string): void {
  const text = readFileSync(configurationOf(state), "latin1");
  for (const [path] of text.matchAll(/\/[\x21-\x7e]*\/miniflare-[0-9a-f]+\/[a-z-]+/g)) {
    if (path.startsWith(state)) mkdirSync(path, { recursive: true });
  }
}

const configurationOf = (state: string) => join(state, "workerd.config");

function workerdPath(): string {
  const found: unknown = require(require.resolve("workerd", { paths: [require.resolve("miniflare")] }));
  if (typeof found === "object" && found !== null && "default" in found) return String(found.default);
  throw new Error("the workerd package no longer exports the path of its binary");
}
