import { type ChildProcess, execFile, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseGatewayFile } from "../gpu-gateway/config.ts";
import { makeKey } from "../gpu-gateway/keys.ts";
import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import type { Loaded } from "./gateway/load.ts";
import { median } from "./measure.ts";

const ROOT = join(import.meta.dirname, "..");
const MODELS = ["fast", "paced", "silent"];
const LEAVERS = 10;

interface Target {
  readonly name: "direct" | "floor" | "gateway";
  readonly url: string;
  readonly process: ChildProcess;
}

type Load = { readonly model: "fast" | "paced"; readonly isStream: boolean; readonly clients: number };

/**
 * What the gateway adds (GW1, GW2, GW3), with keys, routing, usage, journal and metrics on, beside a proxy that does nothing but
 * pass bytes, in the same run. `npm run bench -- gateway [--short]`
 */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const started: ChildProcess[] = [];
  try {
    const upstream = await start("bench/gateway/upstream.ts", [], started);
    const { key, sha256 } = makeKey();
    const floor = await start("bench/gateway/floor.ts", [upstream.url], started);
    const gateway = await start("bench/gateway/served.ts", [fileOf(upstream.url, sha256)], started);
    const targets: Target[] = [
      { name: "direct", ...upstream },
      { name: "floor", ...floor },
      { name: "gateway", ...gateway },
    ];
    const rounds = short ? 1 : 3;
    const seconds = short ? 1 : 4;
    const measure = (load: Load) => rounded(targets, load, key, rounds, seconds);
    const json1 = await measure({ model: "fast", isStream: false, clients: 1 });
    const json32 = await measure({ model: "fast", isStream: false, clients: 32 });
    const paced = await measure({ model: "paced", isStream: true, clients: 32 });
    const fast = await measure({ model: "fast", isStream: true, clients: 32 });
    return [
      ...overheadGoals(json1, json32),
      ...streamGoals(paced, fast),
      await sameBytes(upstream.url, gateway.url, key),
      ...(await leavingGoals(upstream.url, gateway.url, key)),
    ];
  } finally {
    for (const child of started) child.kill("SIGKILL");
  }
}

function fileOf(upstream: string, sha256: string): string {
  const host = { name: "up", url: upstream, kind: "openai", slots: 512, models: MODELS };
  const text = JSON.stringify({
    listen: { port: 0 },
    keys: [{ name: "bench", tenant: "bench", sha256 }],
    hosts: [host],
  });
  parseGatewayFile(text, "bench", {});
  return text;
}

async function start(file: string, args: readonly string[], started: ChildProcess[]) {
  const child = fork(join(ROOT, file), args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  started.push(child);
  const port = await new Promise<number>((resolve, reject) => {
    child.once("message", (message) => resolve((message as { port: number }).port));
    child.once("exit", (code) => reject(new Error(`${file} ended with ${code}.`)));
  });
  return { url: `http://127.0.0.1:${port}`, process: child };
}

type Figures = Readonly<Record<Target["name"], Loaded>>;

/** Each target in turn, several times over: what disturbs the machine disturbs all of them. Medians. */
async function rounded(
  targets: readonly Target[],
  load: Load,
  key: string,
  rounds: number,
  seconds: number,
): Promise<Figures> {
  const runs = new Map<string, Loaded[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const {
      name,
      url,
      process: { pid },
    } of targets) {
      const asked = JSON.stringify({ ...load, url, key, seconds, pid });
      const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, "bench/gateway/load.ts"), asked]);
      runs.get(name)?.push(JSON.parse(stdout) as Loaded);
    }
  const middle = (name: Target["name"]): Loaded => {
    const all = runs.get(name) ?? [];
    const of = (field: keyof Loaded) => median(all.map((each) => each[field]));
    return {
      perSecond: of("perSecond"),
      bad: all.reduce((sum, { bad }) => sum + bad, 0),
      p50: of("p50"),
      p99: of("p99"),
      firstP50: of("firstP50"),
      firstP99: of("firstP99"),
      cpuUs: of("cpuUs"),
      cpuShare: of("cpuShare"),
    };
  };
  return { direct: middle("direct"), floor: middle("floor"), gateway: middle("gateway") };
}

function overheadGoals(one: Figures, many: Figures): Goal[] {
  const ratio = many.gateway.cpuUs / many.floor.cpuUs;
  const added = one.gateway.p50 - one.direct.p50;
  const perCore = many.gateway.perSecond / many.gateway.cpuShare;
  const bad = one.gateway.bad + many.gateway.bad;
  return [
    {
      goal: "GW1 CPU per JSON request, 32 clients: at most 2.0 times the floor's",
      figure: `${ratio.toFixed(2)} (${many.gateway.cpuUs.toFixed(0)} µs beside ${many.floor.cpuUs.toFixed(0)} µs)`,
      met: ratio <= 2,
    },
    {
      goal: "GW1 added to the median of one client: at most 0.6 ms",
      figure: `${added.toFixed(2)} ms (${one.gateway.p50.toFixed(2)} beside ${one.direct.p50.toFixed(2)} directly, ${one.floor.p50.toFixed(2)} by the floor)`,
      met: added <= 0.6,
    },
    {
      goal: "GW1 requests a second for each core it uses, 32 clients: at least 4,000",
      figure: `${perCore.toFixed(0)} (${many.gateway.perSecond.toFixed(0)} a second beside the floor's ${many.floor.perSecond.toFixed(0)})`,
      met: perCore >= 4_000,
    },
    { goal: "GW1 failed requests: 0", figure: String(bad), met: bad === 0 },
  ];
}

function streamGoals(paced: Figures, fast: Figures): Goal[] {
  const cpu = paced.gateway.cpuUs / paced.floor.cpuUs;
  const [p50, p99] = [paced.gateway.firstP50 - paced.floor.firstP50, paced.gateway.firstP99 - paced.floor.firstP99];
  const full = fast.gateway.cpuUs / fast.floor.cpuUs;
  const bad = paced.gateway.bad + fast.gateway.bad;
  return [
    {
      goal: "GW2 CPU per chunk of 32 paced streams: at most 1.3 times the floor's",
      figure: `${cpu.toFixed(2)} (${(paced.gateway.cpuUs / 200).toFixed(1)} µs beside ${(paced.floor.cpuUs / 200).toFixed(1)} µs); at full speed ${full.toFixed(2)}`,
      met: cpu <= 1.3,
    },
    {
      goal: "GW2 first token later than by the floor, 32 paced streams: p50 at most 1 ms, p99 at most 5 ms",
      figure: `${p50.toFixed(2)} ms, ${p99.toFixed(2)} ms (${paced.gateway.firstP50.toFixed(2)} and ${paced.gateway.firstP99.toFixed(2)} beside ${paced.floor.firstP50.toFixed(2)} and ${paced.floor.firstP99.toFixed(2)})`,
      met: p50 <= 1 && p99 <= 5,
    },
    { goal: "GW2 streams that were cut or failed: 0", figure: String(bad), met: bad === 0 },
  ];
}

function post(url: string, key: string, body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ messages: [], ...body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

async function sameBytes(upstream: string, gateway: string, key: string): Promise<Goal> {
  const body = { model: "fast", stream: true, stream_options: { include_usage: true } };
  const hashes = await Promise.all(
    [upstream, gateway].map(async (url) => {
      const bytes = await (await post(url, key, body)).arrayBuffer();
      return createHash("sha256").update(Buffer.from(bytes)).digest("hex").slice(0, 12);
    }),
  );
  return {
    goal: "GW2 a stream's bytes are the host's (SHA-256)",
    figure: hashes.join(" and "),
    met: hashes[0] === hashes[1],
  };
}

/** GW3: of clients that leave, in mid-stream and before the first byte of either kind of answer. */
async function leavingGoals(upstream: string, gateway: string, key: string): Promise<Goal[]> {
  const goals: Goal[] = [];
  for (const [what, body] of [
    ["in mid-stream", { model: "paced", stream: true }],
    ["before the first token", { model: "silent", stream: true }],
    ["before an answer in one piece", { model: "silent" }],
  ] as const) {
    const before = (await stats(upstream)).aborted;
    const leaving = new AbortController();
    const asked = Array.from({ length: LEAVERS }, () =>
      post(gateway, key, body, leaving.signal)
        .then((response) => response.text())
        .catch(() => undefined),
    );
    await pause(300);
    const left = Date.now();
    leaving.abort();
    await Promise.all(asked);
    await pause(300);
    const { aborted, abortedAt } = await stats(upstream);
    const latest = Math.max(0, ...abortedAt.slice(before).map((at) => at - left));
    goals.push({
      goal: `GW3 clients that leave ${what}: all of them told to the host within 50 ms`,
      figure: `${aborted - before} of ${LEAVERS}, the last after ${latest} ms`,
      met: aborted - before === LEAVERS && latest <= 50,
    });
  }
  return goals;
}

async function stats(upstream: string): Promise<{ readonly aborted: number; readonly abortedAt: readonly number[] }> {
  return (await fetch(`${upstream}/stats`)).json() as Promise<{ aborted: number; abortedAt: number[] }>;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
