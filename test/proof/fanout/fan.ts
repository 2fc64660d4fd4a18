import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type EdgewiseServer, startEdgewise } from "../../../bench/servers.ts";
import { readLogs } from "../chaos/log-files.ts";
import { startCountingUpstream } from "./upstream.ts";

/** How long the model takes for an answer. */
const DELAY_MS = 5;
/** Between two of the calls beside the run, which go to so many threads in turn: what a new one takes is not the run's. */
const PAUSE_MS = 50;
const OTHER_THREADS = 10;

/** Each branch asks the model, or says the same by itself. */
const askOf = (item: string, calls: boolean) =>
  calls
    ? { kind: "model", model: "ollama/double", prompt: `{{ ${item} }}`, write: "answer" }
    : { kind: "transform", set: { answer: `'answer ' + string(${item})` } };

/** One branch an item: frames of a map, or sends to one node that a join waits for. */
const GRAPHS = {
  map: (calls: boolean) => ({
    edgewise: 1,
    id: "fan-map",
    channels: { items: {}, answers: {} },
    input: ["items"],
    output: ["answers"],
    nodes: {
      each: {
        kind: "map",
        over: "state.items",
        input: { n: "item" },
        output: { answers: "state.answer" },
        graph: {
          channels: { n: {}, answer: {} },
          nodes: { ask: askOf("state.n", calls) },
          edges: [{ from: "start", to: "ask" }],
        },
      },
    },
    edges: [{ from: "start", to: "each" }],
  }),
  sends: (calls: boolean) => ({
    edgewise: 1,
    id: "fan-sends",
    channels: { items: {}, answer: { reducer: "append" }, answers: {} },
    input: ["items"],
    output: ["answers"],
    nodes: {
      split: { kind: "transform" },
      ask: askOf("payload", calls),
      join: { kind: "transform", set: { answers: "state.answer" } },
    },
    edges: [
      { from: "start", to: "split" },
      { from: "split", to: "ask", send: "state.items" },
      { from: "ask", to: "join" },
    ],
  }),
};

const SMALL = {
  edgewise: 1,
  id: "small",
  channels: { n: {} },
  nodes: { set: { kind: "transform", set: { n: "1" } } },
  edges: [{ from: "start", to: "set" }],
};

export type Shape = keyof typeof GRAPHS;
export const SHAPES = Object.keys(GRAPHS) as Shape[];

/** What became of a run of so many branches, on a server of its own. */
export interface Fan {
  readonly shape: Shape;
  readonly branches: number;
  readonly ms: number;
  /** Each answer once, in the items' order. */
  readonly isWhole: boolean;
  /** A gap in the log, or a second result of a task. */
  readonly faults: readonly string[];
  readonly commits: number;
  readonly calls: number;
  readonly prompts: number;
  readonly mostAtOnce: number;
  /** MiB that the server's process held at most. */
  readonly peakMib: number;
  /** Milliseconds, ascending: runs in other threads, and calls to the thread that is busy. */
  readonly others: readonly number[];
  readonly same: readonly number[];
}

/** @param asks whether branches call the model */
export async function fanOut(shape: Shape, branches: number, asks = true): Promise<Fan> {
  const upstream = await startCountingUpstream(DELAY_MS);
  const server = await startEdgewise({ OLLAMA_BASE_URL: upstream.url });
  try {
    for (const graph of [GRAPHS[shape](asks), SMALL]) await server.json("POST", "/graphs", graph);
    const thread = crypto.randomUUID();
    const items = Array.from({ length: branches }, (_, index) => index);
    const small = aside(server);
    await small();
    const startedAt = performance.now();
    let isOver = false;
    const body = start(`fan-${shape}`, { items });
    const run = server.json<{ answers: string[] }>("POST", `/threads/${thread}/runs/wait`, body);
    const over = run.finally(() => {
      isOver = true;
    });
    const read = () => server.json("GET", `/threads/${thread}`);
    const beside = Promise.all([small, read].map((call) => waits(() => isOver, call)));
    const { answers } = await over;
    const ms = performance.now() - startedAt;
    const [others = [], same = []] = await beside;
    const peakMib = peakOf(server);
    const runs = await server.json<{ run_id: string }[]>("GET", `/threads/${thread}/runs`);
    const { runs: logged, faults } = readLogs(server.state);
    const commits = logged.find(({ runId }) => runId === runs[0]?.run_id)?.commits.length ?? Number.NaN;
    const { calls, prompts, most: mostAtOnce } = upstream.counts();
    const isWhole = JSON.stringify(answers) === JSON.stringify(items.map((item) => `answer ${item}`));
    return { shape, branches, ms, isWhole, faults, commits, calls, prompts, mostAtOnce, peakMib, others, same };
  } finally {
    await server.stop();
    upstream.stop();
  }
}

function start(assistant: string, input: object) {
  return { assistant_id: assistant, input, if_not_exists: "create" };
}

/** Runs of a small graph, in one thread after the other. */
function aside(server: EdgewiseServer): () => Promise<unknown> {
  const threads = Array.from({ length: OTHER_THREADS }, () => crypto.randomUUID());
  let next = 0;
  return () => server.json("POST", `/threads/${threads[next++ % OTHER_THREADS]}/runs/wait`, start("small", {}));
}

/** How long each call took while it went on, ascending; a first one in any case. */
async function waits(isOver: () => boolean, call: () => Promise<unknown>): Promise<readonly number[]> {
  const waited: number[] = [];
  do {
    const askedAt = performance.now();
    // The thread that is asked for may not be there yet.
    await call().catch(() => undefined);
    waited.push(performance.now() - askedAt);
    await sleep(PAUSE_MS);
  } while (!isOver());
  return waited.sort((one, other) => one - other);
}

function peakOf({ pid }: EdgewiseServer): number {
  const status = readFileSync(`/proc/${pid ?? "self"}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
