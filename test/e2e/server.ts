import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../sources.ts";

/** A real server, started the way `npm start` starts it: a process group of its own, a free port, a state folder of its own. */
export interface TestServer {
  readonly url: string;
  readonly key: string;
  readonly state: string;
  /** What the running server has printed. */
  output(): string;
  /** Everything at once, as a power cut would. */
  kill9(): Promise<void>;
  /** Ctrl-C; answers the exit code. */
  stop(): Promise<number | null>;
  /** Starts it again on the same port and folder. */
  start(): Promise<void>;
  /** {@link stop}, and the folder goes too. */
  remove(): Promise<void>;
}

export async function startTestServer(environment: Record<string, string> = {}): Promise<TestServer> {
  const state = mkdtempSync(join(tmpdir(), "edgewise-e2e-"));
  const port = await freePort();
  const settings = { PORT: String(port), EDGEWISE_STATE: state, ...environment };
  let running: Running | undefined;
  const server = {
    url: `http://127.0.0.1:${port}`,
    state,
    key: "",
    output: () => running?.output() ?? "",
    async start() {
      running = startScript(["--no-job"], settings);
      await running.says(/ready at/);
    },
    async kill9() {
      running?.signal("SIGKILL");
      await running?.ended;
    },
    async stop() {
      running?.signal("SIGINT");
      return (await running?.ended) ?? null;
    },
    async remove() {
      await server.stop();
      rmSync(state, { recursive: true, force: true });
    },
  };
  await server.start();
  return Object.assign(server, { key: readFileSync(join(state, "key"), "utf8").trim() });
}

export interface Running {
  /** What it has printed, both streams. */
  output(): string;
  /** Resolves when the pattern is in its output; rejects when it ends before. */
  says(pattern: RegExp): Promise<void>;
  /** To every process of its group. */
  signal(name: NodeJS.Signals): void;
  /** The exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) signalGroup(child, "SIGKILL");
});
// A signal's own way of ending a process skips what `exit` would do.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** `npm start` without npm. */
export function startScript(arguments_: readonly string[], environment: Record<string, string>): Running {
  const child = spawn(process.execPath, [join(ROOT, "scripts/start.mjs"), ...arguments_], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    // No key of the person who runs the tests, and no Ollama of theirs: the tests are to mean the same everywhere.
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], EDGEWISE_MODEL: "builtin/extractive", ...environment },
  });
  running.add(child);
  let output = "";
  const onOutput = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      output += piece;
      for (const look of onOutput) look();
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  const says = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => pattern.test(output) && resolve();
      onOutput.add(look);
      look();
      void ended.then((code) => reject(new Error(`ended with ${code} and never said ${pattern}:\n${output}`)));
    });
  return { output: () => output, says, signal: (name) => signalGroup(child, name), ended };
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // All of the group are gone already.
  }
}

export function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
