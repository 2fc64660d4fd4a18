import { parseGatewayFile } from "../../../gpu-gateway/config.ts";
import { Gateway } from "../../../gpu-gateway/gateway.ts";
import { type Ollama, type OllamaOptions, startOllama } from "../../../gpu-gateway/testing/ollama.ts";

/** GW4: a seeded trace of five models over three Ollamas that hold one or two each. */

const MODELS = ["a", "b", "c", "d", "e"].map((name) => `${name}:latest`);
/** How often each is asked for, and for how many requests a favourite stays one. */
const POPULARITY = [8, 5, 3, 2, 1];
const PHASE = 60;
const HOLDS = [1, 2, 1];
const HOST: Omit<OllamaOptions, "holds"> = { models: MODELS, parallel: 4, loadMs: 120, answerMs: 25 };

export interface Traced {
  readonly loads: number;
  readonly reloads: number;
  readonly abortedLoads: number;
  readonly failed: number;
  readonly longestMs: number;
}

/** The models asked for, one request each; clients that leave are `true`. */
export interface TraceEntry {
  readonly model: string;
  readonly leaves: boolean;
}

export function traceOf(seed: number, requests: number): TraceEntry[] {
  // mulberry32
  let state = seed >>> 0;
  const chance = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const total = POPULARITY.reduce((sum, each) => sum + each, 0);
  return Array.from({ length: requests }, (_, n) => {
    let at = chance() * total;
    const rank = POPULARITY.findIndex((weight) => (at -= weight) < 0);
    const shift = Math.floor(n / PHASE);
    return { model: MODELS[(Math.max(0, rank) + shift) % MODELS.length] ?? "a:latest", leaves: chance() < 0.03 };
  });
}

/** By the gateway. */
export async function byGateway(trace: readonly TraceEntry[]): Promise<Traced> {
  const hosts = await startAll();
  const listed = hosts.map(({ url }, index) => ({
    name: `h${index}`,
    url,
    kind: "ollama",
    slots: 4 * (HOLDS[index] ?? 1),
    holds: HOLDS[index],
  }));
  const text = JSON.stringify({
    listen: { port: 0 },
    hosts: listed,
    queue: { most: 1_000, patience: "2s" },
    probe: { every: "1s" },
  });
  const gateway = new Gateway(parseGatewayFile(text, "proof", {}), {
    env: {},
    log: () => undefined,
    journalPath: ":memory:",
  });
  const { port } = await gateway.start();
  const asked = await play(trace, () => `http://127.0.0.1:${port}`);
  await gateway.stop(500);
  return counted(hosts, asked);
}

/** Each host in turn, as a proxy that knows nothing of models has it. */
export async function byTurns(trace: readonly TraceEntry[]): Promise<Traced> {
  const hosts = await startAll();
  let turn = 0;
  const asked = await play(trace, () => hosts[turn++ % hosts.length]?.url ?? "");
  return counted(hosts, asked);
}

/**
 * The fewest loads that any plan could have had that knew the whole trace: all memory as one place, from which what is asked for
 * again last is put out (Belady, 1966). No real plan reaches it: a model in one host's memory is of no use to another's slots.
 */
export function clairvoyant(trace: readonly TraceEntry[]): number {
  const places = HOLDS.reduce((sum, each) => sum + each, 0);
  const held = new Set<string>();
  let loads = 0;
  for (const [at, { model }] of trace.entries()) {
    if (held.has(model)) continue;
    loads += 1;
    if (held.size >= places) {
      const next = (name: string): number => {
        const again = trace.findIndex((entry, index) => index > at && entry.model === name);
        return again < 0 ? Number.POSITIVE_INFINITY : again;
      };
      const [last] = [...held].toSorted((one, other) => next(other) - next(one));
      if (last !== undefined) held.delete(last);
    }
    held.add(model);
  }
  return loads;
}

interface Played {
  readonly failed: number;
  readonly longestMs: number;
}

const EVERY_MS = 12;

async function play(trace: readonly TraceEntry[], urlOf: () => string): Promise<Played> {
  let [failed, longestMs] = [0, 0];
  const begun = performance.now();
  const all = trace.map(async ({ model, leaves }, n) => {
    await until(begun + n * EVERY_MS);
    const leaving = new AbortController();
    if (leaves) setTimeout(() => leaving.abort(), 15);
    const asked = performance.now();
    try {
      const body = JSON.stringify({ model, messages: [{ role: "user", content: "hi" }], stream: false });
      const response = await fetch(`${urlOf()}/api/chat`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal: leaving.signal,
      });
      await response.text();
      if (response.status !== 200) failed += 1;
      longestMs = Math.max(longestMs, performance.now() - asked);
    } catch {
      if (!leaves) failed += 1;
    }
  });
  await Promise.all(all);
  return { failed, longestMs };
}

function startAll(): Promise<Ollama[]> {
  return Promise.all(HOLDS.map((holds) => startOllama({ ...HOST, holds })));
}

async function counted(hosts: readonly Ollama[], { failed, longestMs }: Played): Promise<Traced> {
  const sum = (of: (counts: Ollama["counts"]) => number) => hosts.reduce((total, { counts }) => total + of(counts), 0);
  const traced = {
    loads: sum(({ loads, abortedLoads }) => loads + abortedLoads),
    reloads: sum(({ reloads }) => reloads),
    abortedLoads: sum(({ abortedLoads }) => abortedLoads),
    failed,
    longestMs,
  };
  await Promise.all(hosts.map((host) => host.close()));
  return traced;
}

function until(at: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));
}
