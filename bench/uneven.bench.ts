import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import { alternate, median, milliseconds } from "./measure.ts";
import { startServers } from "./servers.ts";

/** Delays in milliseconds by node, and edges between nodes. */
interface Shape {
  readonly id: string;
  readonly delays: readonly number[];
  readonly edges: readonly (readonly [number, number])[];
}

/** W4: both graphs have branches of different lengths; a runtime without barriers takes as long as their longest path. */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const servers = await startServers();
  try {
    const goals: Goal[] = [];
    for (const shape of [uneven(), random()]) {
      await servers.edgewise.json("POST", "/graphs", toGraph(shape));
      const thread = crypto.randomUUID();
      const body = { assistant_id: shape.id, input: null, if_not_exists: "create" };
      const ours = () => servers.edgewise.json("POST", `/threads/${thread}/runs/wait`, body);
      const raw = () => servers.raw({ object: thread, delays: shape.delays, edges: shape.edges });
      await alternate(2, { ours, raw });
      const samples = await alternate(short ? 5 : 25, { ours, raw });
      const [mine, floor, ideal] = [median(samples.ours), median(samples.raw), criticalPath(shape)];
      goals.push({
        goal: `W4 ${shape.id}: makespan at most 1.05 × the raw object's`,
        figure: `${(mine / floor).toFixed(3)} × (${milliseconds(mine)} beside ${milliseconds(floor)}; critical path ${ideal} ms)`,
        met: mine <= 1.05 * floor,
      });
    }
    return goals;
  } finally {
    await servers.stop();
  }
}

/** A 0 → B1 20 → B2 20 → B3 20 → J 0; A → C 60 → J; A → D1 50 → D2 10 → J. */
function uneven(): Shape {
  return {
    id: "uneven",
    delays: [0, 20, 20, 20, 60, 50, 10, 0],
    edges: [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 7],
      [0, 4],
      [4, 7],
      [0, 5],
      [5, 6],
      [6, 7],
    ],
  };
}

/**
 * 30 nodes by a fixed linear congruential generator (in doubles, as its published critical path of 352 ms implies), and an
 * end after all sinks. How many predecessors a node has is drawn again for each.
 */
function random(): Shape {
  let seed = 7;
  const draw = (): number => (seed = (1103515245 * seed + 12345) % 2 ** 31) / 2 ** 31;
  const delays: number[] = [];
  const edges: [number, number][] = [];
  for (let node = 0; node < 30; node++) {
    if (node > 0) {
      const predecessors = new Set<number>();
      for (let count = 0; count < 1 + Math.floor(2 * draw()); count++) {
        predecessors.add(Math.max(0, node - 1 - Math.floor(6 * draw())));
      }
      for (const from of predecessors) edges.push([from, node]);
    }
    delays.push(5 + Math.floor(46 * draw()));
  }
  const sinks = delays.flatMap((_, node) => (edges.some(([from]) => from === node) ? [] : [node]));
  for (const sink of sinks) edges.push([sink, 30]);
  return { id: "random", delays: [...delays, 0], edges };
}

function criticalPath({ delays, edges }: Shape): number {
  const ends: number[] = [];
  for (const [node, delay] of delays.entries()) {
    const before = edges.filter(([, to]) => to === node).map(([from]) => ends[from] ?? 0);
    ends.push(Math.max(0, ...before) + delay);
  }
  return Math.max(...ends);
}

function toGraph({ id, delays, edges }: Shape): object {
  const pause = (delayMs: number) => ({
    kind: "model",
    model: "builtin/scripted",
    prompt: "",
    options: { script: { turns: [{ reply: "done", chunk: 4, firstDelayMs: delayMs }] } },
    write: "done",
  });
  return {
    edgewise: 1,
    id,
    channels: { done: { reducer: "append" } },
    output: [],
    nodes: Object.fromEntries(
      delays.map((delay, node) => [`n${node}`, delay === 0 ? { kind: "transform", set: {} } : pause(delay)]),
    ),
    edges: [{ from: "start", to: "n0" }, ...edges.map(([from, to]) => ({ from: `n${from}`, to: `n${to}` }))],
    limits: { concurrency: 64 },
  };
}
