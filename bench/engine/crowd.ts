import { readFileSync, writeFileSync } from "node:fs";
import type { Goal } from "../../scripts/goal.ts";
import { median, timed } from "../measure.ts";
import { RAW_BINDINGS, startEdgewise, startWorker } from "../servers.ts";
import { isThere, type NotRun, reasonOf, STEPS_BINDINGS } from "./field.ts";
import { notRunGoal, ratioGoal } from "./figures.ts";
import { slow } from "./graphs.ts";

const RUNS = 1000;
const NODES = 5;
const DELAY_MS = 100;
/** On a busy machine one round is enough: the whole table is to take minutes. */
const ENOUGH_MS = 45_000;

/** What a crowd of runs took, milliseconds and MiB. */
interface Crowd {
  readonly ms: number;
  readonly peak: number;
}

/** W6: 1000 runs at once on threads that were never there, 5 nodes of 100 ms each. A server of its own each time. P9. */
export async function measureCrowd(_field: unknown, short: boolean): Promise<Goal[]> {
  const runs = short ? RUNS / 10 : RUNS;
  const [ours, raw]: [Crowd[], Crowd[]] = [[], []];
  const startedAt = performance.now();
  for (let round = 0; round < (short ? 1 : 3); round++) {
    if (round > 0 && performance.now() - startedAt > ENOUGH_MS) break;
    ours.push(await withEdgewise(runs));
    raw.push(await withWorker("bench/raw/object.ts", RAW_BINDINGS, runs, rawWork));
  }
  const workflows = await withWorker("bench/engine/workflow-worker.ts", STEPS_BINDINGS, runs, () => ({
    chain: NODES,
    delayMs: DELAY_MS,
  })).catch(reasonOf);
  const of = (crowds: readonly Crowd[], pick: (crowd: Crowd) => number) => median(crowds.map(pick));
  const [mine, floor] = [of(ours, ({ ms }) => ms), of(raw, ({ ms }) => ms)];
  return crowdGoals(runs, {
    ours: { ms: mine, peak: of(ours, ({ peak }) => peak) },
    raw: { ms: floor, peak: of(raw, ({ peak }) => peak) },
    workflows,
  });
}

function crowdGoals(
  runs: number,
  { ours, raw, workflows }: { ours: Crowd; raw: Crowd; workflows: Crowd | NotRun },
): Goal[] {
  const goal = `P9 W6 ${runs} runs at once of ${NODES} nodes of ${DELAY_MS} ms`;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  const memory = (mebibytes: number) => `${mebibytes.toFixed(0)} MiB`;
  return [
    ratioGoal(goal, "cf:do", { ours: ours.ms, other: raw.ms, atMost: 1.3, show: seconds }),
    isThere(workflows)
      ? ratioGoal(goal, "cf:workflows", { ours: ours.ms, other: workflows.ms, atMost: 0.4, show: seconds })
      : notRunGoal(goal, "cf:workflows", workflows),
    ratioGoal(`${goal}, peak memory of workerd`, "cf:do", {
      ours: ours.peak,
      other: raw.peak,
      atMost: 1.3,
      show: memory,
    }),
  ];
}

async function withEdgewise(runs: number): Promise<Crowd> {
  const server = await startEdgewise();
  try {
    await server.json("POST", "/graphs", slow(NODES, DELAY_MS));
    const start = () => {
      const body = { assistant_id: "slow", input: {}, if_not_exists: "create" };
      return server.json("POST", `/threads/${crypto.randomUUID()}/runs/wait`, body);
    };
    return await measure(server.pid, runs, start);
  } finally {
    await server.stop();
  }
}

async function withWorker(entry: string, bindings: object, runs: number, workOf: () => object): Promise<Crowd> {
  const server = await startWorker(entry, bindings);
  try {
    return await measure(server.pid, runs, () => server.perform(workOf()));
  } finally {
    await server.stop();
  }
}

async function measure(pid: number | undefined, runs: number, start: () => Promise<unknown>): Promise<Crowd> {
  await start();
  forgetPeak(pid);
  const ms = await timed(() => Promise.all(Array.from({ length: runs }, start)));
  return { ms, peak: peakOf(pid) };
}

function rawWork(): object {
  return {
    object: crypto.randomUUID(),
    delays: Array.from({ length: NODES }, () => DELAY_MS),
    edges: Array.from({ length: NODES - 1 }, (_, node) => [node, node + 1]),
  };
}

/** Linux keeps the highest resident size of a process until it is told to forget it. */
function forgetPeak(pid: number | undefined): void {
  if (pid !== undefined) writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

/** MiB. */
function peakOf(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid ?? "self"}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}
