import { readFileSync } from "node:fs";
import { Pool } from "undici";
import { percentile } from "../measure.ts";

/** A closed loop of so many clients against one address, in a process of its own; one line of JSON at the end. */
interface Asked {
  readonly url: string;
  readonly key: string;
  readonly model: "fast" | "paced";
  readonly isStream: boolean;
  readonly clients: number;
  readonly seconds: number;
  /** The process whose CPU time is counted. */
  readonly pid: number;
}

export interface Loaded {
  readonly perSecond: number;
  readonly bad: number;
  readonly p50: number;
  readonly p99: number;
  readonly firstP50: number;
  readonly firstP99: number;
  /** Microseconds of the process's CPU for each request. */
  readonly cpuUs: number;
  /** Of one core, 0 to 1 and more. */
  readonly cpuShare: number;
}

const WARM_MS = 800;
const asked = JSON.parse(process.argv[2] ?? "{}") as Asked;
const pool = new Pool(asked.url, { connections: asked.clients, pipelining: 1 });
const headers = { "content-type": "application/json", authorization: `Bearer ${asked.key}` };
const body = JSON.stringify({
  model: asked.model,
  stream: asked.isStream,
  ...(asked.isStream ? { stream_options: { include_usage: true } } : {}),
  messages: [
    { role: "system", content: "You are a helpful assistant." },
    { role: "user", content: "hello ".repeat(100) },
  ],
});
const DONE = Buffer.from("[DONE]");
let [isMeasuring, isOver, good, bad] = [false, false, 0, 0];
const [whole, first]: [number[], number[]] = [[], []];

function once(): Promise<void> {
  return new Promise((resolve) => {
    const begun = performance.now();
    let [firstAt, status, isDone] = [0, 0, !asked.isStream];
    const end = (isGood: boolean): void => {
      if (isMeasuring && isGood) {
        good += 1;
        whole.push(performance.now() - begun);
        first.push(firstAt - begun);
      } else if (isMeasuring) bad += 1;
      resolve();
    };
    pool.dispatch(
      { path: "/v1/chat/completions", method: "POST", headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_controller, answered) => {
          status = answered;
        },
        onResponseData: (_controller, piece) => {
          if (firstAt === 0) firstAt = performance.now();
          if (!isDone && piece.includes(DONE)) isDone = true;
        },
        onResponseEnd: () => end(status === 200 && isDone),
        onResponseError: () => end(false),
      },
    );
  });
}

/** Milliseconds of CPU that the process has used. */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${asked.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const clients = Array.from({ length: asked.clients }, async () => {
  while (!isOver) await once();
});
await pause(WARM_MS);
const [cpu, begun] = [cpuMs(), performance.now()];
isMeasuring = true;
await pause(asked.seconds * 1_000);
isMeasuring = false;
const [used, took] = [cpuMs() - cpu, performance.now() - begun];
isOver = true;
await Promise.race([Promise.all(clients), pause(3_000)]);
const loaded: Loaded = {
  perSecond: good / (took / 1_000),
  bad,
  p50: percentile(whole, 0.5),
  p99: percentile(whole, 0.99),
  firstP50: percentile(first, 0.5),
  firstP99: percentile(first, 0.99),
  cpuUs: (used * 1_000) / Math.max(1, good),
  cpuShare: used / took,
};
process.stdout.write(JSON.stringify(loaded));
process.exit(0);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
