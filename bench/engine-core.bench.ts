import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import type { Json } from "../src/base/json.ts";
import { createEngine } from "../src/engine/engine.ts";
import type { Outcome, Task } from "../src/engine/types.ts";
import type { Channel } from "../src/graph/channels.ts";
import { createTopology } from "../src/graph/topology.ts";
import { median } from "./measure.ts";

const CHANNELS: readonly Channel[] = [
  { name: "log", reducer: "append", conflict: "error" },
  { name: "latest", reducer: "last", conflict: "last" },
  { name: "count", reducer: "sum", conflict: "error" },
  { name: "unused", reducer: "messages", conflict: "error" },
];

/** A run that makes so many commits; every task reads one channel and writes two. */
interface Load {
  readonly name: string;
  readonly sizes: readonly [number, number];
  readonly edges: (size: number) => number[][];
  readonly takes: (task: Task, commit: number, size: number) => Omit<Outcome, "writes">;
  readonly base?: (size: number) => Json;
}

const to = (...takes: number[]): Omit<Outcome, "writes"> => ({ takes, sends: [] });

const LOADS: readonly Load[] = [
  {
    name: "sends and their join",
    sizes: [1000, 10_000],
    edges: () => [[1], [2], []],
    takes: ({ node }, _, size) => {
      if (node !== 0) return to(...(node === 1 ? [2] : []));
      return { takes: [], sends: Array.from({ length: size }, (_none, payload) => ({ to: 1, payload })) };
    },
  },
  {
    name: "turns of a loop of two",
    sizes: [1000, 10_000],
    edges: () => [[1], [0]],
    takes: ({ node }, commit, size) => to(...(commit < 2 * size ? [1 - node] : [])),
  },
  {
    name: "turns of a loop of two over a list of as many items",
    sizes: [1000, 10_000],
    edges: () => [[1], [0]],
    takes: ({ node }, commit) => to(...(commit < 2000 ? [1 - node] : [])),
    base: (size) => Array.from({ length: size }, (_, item) => item),
  },
  {
    name: "nodes in a chain",
    sizes: [200, 2000],
    edges: (size) => Array.from({ length: size }, (_, node) => (node + 1 < size ? [node + 1] : [])),
    takes: ({ node }, _, size) => to(...(node + 1 < size ? [node + 1] : [])),
  },
];

/** Microseconds that the engine alone takes per commit: no storage, no network. Flat means: ten times the work, the same per commit. */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const rounds = short ? 3 : 9;
  return LOADS.map((load) => {
    const [small, large] = load.sizes;
    const samples: { small: number[]; large: number[] } = { small: [], large: [] };
    microsecondsPerCommit(load, small);
    for (let round = 0; round < rounds; round += 1) {
      // As many commits on either side, so that the garbage of both is collected alike.
      const times = Array.from({ length: large / small }, () => microsecondsPerCommit(load, small));
      samples.small.push(times.reduce((sum, time) => sum + time, 0) / times.length);
      samples.large.push(microsecondsPerCommit(load, large));
    }
    const [one, other] = [median(samples.small), median(samples.large)];
    return {
      goal: `${large} ${load.name}, per commit: at most 3 × what ${small} take`,
      figure: `${(other / one).toFixed(2)} × (${other.toFixed(2)} µs beside ${one.toFixed(2)} µs)`,
      met: other <= 3 * one,
    };
  });
}

function microsecondsPerCommit(load: Load, size: number): number {
  const edges = load.edges(size);
  const structure = { nodes: edges.length, edges, starts: [0], each: new Set<number>(), channels: CHANNELS };
  const base = new Map(load.base === undefined ? [] : [["log", load.base(size)]]);
  const options = { steps: Number.MAX_SAFE_INTEGER, concurrency: Number.MAX_SAFE_INTEGER };
  const engine = createEngine(structure, createTopology(structure), options, base);
  const tasks = [...engine.apply({ type: "started", outcome: { writes: [], takes: [0], sends: [] } }).start];
  const startedAt = performance.now();
  let commits = 0;
  for (let task = tasks[0]; task !== undefined; task = tasks[commits]) {
    task.view.read("latest");
    const writes = [
      { channel: "log", value: task.id },
      { channel: "latest", value: task.id },
    ];
    const outcome = { writes, ...load.takes(task, commits, size) };
    for (const next of engine.apply({ type: "task-succeeded", task: task.id, outcome }).start) tasks.push(next);
    commits += 1;
  }
  engine.state.read("log");
  return ((performance.now() - startedAt) * 1000) / commits;
}
