import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../sources.ts";
import { until } from "./api.ts";
import { freePort } from "./server.ts";

// A server whose state is on a disk of its own, a small one in memory that only it sees. Where that cannot be had, nothing is told.

const SIZE = "64m";
const program = "unshare";
const options = ["--user", "--map-root-user", "--mount", "sh", "-c"];
const canMount = spawnSync(program, [...options, 'mount -t tmpfs tmpfs "$0"', tmpdir()]).status === 0;

interface SmallDisk {
  readonly url: string;
  readonly key: string;
  fill(): void;
  empty(): void;
  stop(): Promise<void>;
}

async function startOnSmallDisk(): Promise<SmallDisk> {
  const state = mkdtempSync(join(tmpdir(), "edgewise-small-"));
  const port = await freePort();
  const script = `mount -t tmpfs -o size=${SIZE} tmpfs "$0" && exec "$@"`;
  const server = [process.execPath, join(ROOT, "scripts/start.mjs"), "--no-job"];
  const child = spawn(program, [...options, script, state, ...server], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], PORT: String(port), EDGEWISE_STATE: state },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("The server did not start.");
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await until(() => /ready at/.test(output) || child.exitCode !== null, "a server on a small disk", 60_000);
  if (child.exitCode !== null) throw new Error(output);
  // As the server sees it: the mount is its own.
  const seen = `/proc/${pid}/root${state}`;
  return {
    url: `http://127.0.0.1:${port}`,
    key: readFileSync(join(seen, "key"), "utf8").trim(),
    fill: () => fillUp(join(seen, "filler")),
    empty: () => rmSync(join(seen, "filler")),
    async stop() {
      process.kill(-pid, "SIGINT");
      await gone;
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** To the last byte. */
function fillUp(path: string): void {
  const file = openSync(path, "w");
  try {
    for (let size = 1024 * 1024; size >= 1; ) {
      try {
        writeSync(file, Buffer.alloc(size));
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
}

const GRAPH = {
  edgewise: 1,
  id: "note",
  channels: { text: {}, log: { reducer: "append", default: [] } },
  nodes: { one: { kind: "transform", set: { log: "state.text" } }, two: { kind: "transform", set: { log: "'two'" } } },
  edges: [
    { from: "start", to: "one" },
    { from: "one", to: "two" },
  ],
};

describe.skipIf(!canMount)("[F32] a server whose disk is full", () => {
  let disk: SmallDisk | undefined;
  beforeAll(async () => {
    disk = await startOnSmallDisk();
  }, 90_000);
  afterAll(() => disk?.stop());

  async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${disk?.url}${path}`, {
      method,
      headers: { "x-api-key": disk?.key ?? "", "content-type": "application/json", ...headers },
      signal: AbortSignal.timeout(15_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      body: (await response.json().catch(() => null)) as Record<string, unknown> | null,
    };
  }
  const threadOf = (n: number) => `0190a5a0-7c1e-7000-8000-${String(n).padStart(12, "0")}`;
  const text = (n: number, turn: number) => `${n} ${turn} `.padEnd(9_000, "x");
  const start = (n: number, turn = 0) =>
    ask(
      "POST",
      `/threads/${threadOf(n)}/runs`,
      { assistant_id: "note", if_not_exists: "create", input: { text: text(n, turn) } },
      { "idempotency-key": `run ${n} ${turn}` },
    );
  const logOf = async (n: number) => {
    const state = await ask("GET", `/threads/${threadOf(n)}/state`);
    return (state.body?.["values"] as { log?: unknown } | undefined)?.log;
  };
  const logAfter = (n: number, turns: number) =>
    Array.from({ length: turns }, (_, turn) => [text(n, turn), "two"]).flat();
  const ends = (n: number, turns: number) =>
    until(
      async () => JSON.stringify(await logOf(n)) === JSON.stringify(logAfter(n, turns)),
      `run ${turns} of thread ${n}`,
      60_000,
    );

  it("refuses what it cannot keep, keeps what it has acknowledged, and goes on when there is room", {
    timeout: 180_000,
  }, async () => {
    expect((await ask("POST", "/graphs", GRAPH)).status).toBe(201);
    const known = [1, 2, 3];
    const news = [11, 12, 13, 14, 15, 16];
    for (const n of known) expect((await start(n)).status).toBe(200);
    for (const n of known) await ends(n, 1);

    disk?.fill();
    const channels = { ...GRAPH.channels, text: { default: "d".repeat(20_000) } };
    const publish = () => ask("POST", "/graphs", { ...GRAPH, id: "other", channels });
    const answers = await Promise.all([...known.map((n) => start(n, 1)), ...news.map((n) => start(n)), publish()]);
    disk?.empty();

    const refused = answers.filter(({ status }) => status >= 300);
    expect(refused.map(({ status, body }) => [status, body?.["code"], body?.["retryable"]])).toEqual(
      refused.map(() => [503, "unavailable", true]),
    );
    expect(refused.length).toBeGreaterThan(0);
    // What was refused is not there by half: sent again under its key it is taken, and comes to the same.
    for (const n of known)
      await until(async () => (await start(n, 1)).status === 200, `thread ${n}, asked again`, 60_000);
    for (const n of news) await until(async () => (await start(n)).status === 200, `thread ${n}, asked again`, 60_000);
    await until(async () => (await publish()).status < 300, "the graph, published again", 60_000);
    for (const n of known) await ends(n, 2);
    for (const n of news) await ends(n, 1);
  });
});
