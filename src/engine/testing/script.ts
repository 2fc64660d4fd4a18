import type { Json } from "../../base/json.ts";
import type { Channel } from "../../graph/channels.ts";
import type { Structure } from "../../graph/structure.ts";
import { createTopology } from "../../graph/topology.ts";
import { createEngine } from "../engine.ts";
import type { Engine, Outcome, Send, Step, Task } from "../types.ts";

/** A graph written for one test. `edges[v]` are v's targets; it starts at node 0. */
export interface Sketch {
  readonly edges: readonly (readonly number[])[];
  readonly starts?: readonly number[];
  readonly each?: readonly number[];
  readonly channels?: readonly Channel[];
  readonly base?: Record<string, Json>;
  readonly input?: Record<string, Json>;
  readonly steps?: number;
  readonly concurrency?: number;
}

/** What a test says of an outcome; by default every edge is taken. */
export interface Result {
  readonly writes?: Record<string, Json>;
  readonly takes?: readonly number[];
  readonly sends?: readonly Send[];
}

/** One append channel that every task may sign, and two plain ones. */
export const CHANNELS: readonly Channel[] = [
  { name: "log", reducer: "append", conflict: "error" },
  { name: "x", reducer: "last", conflict: "error" },
  { name: "latest", reducer: "last", conflict: "last" },
];

/** Plays an engine by hand: tasks are named by their node, the oldest of several first. */
export class Script {
  readonly engine: Engine;
  readonly structure: Structure;
  last: Step;
  readonly #running: Task[] = [];

  constructor(sketch: Sketch, result: Result = {}) {
    this.structure = {
      nodes: sketch.edges.length,
      edges: sketch.edges,
      starts: sketch.starts ?? [0],
      each: new Set(sketch.each),
      channels: sketch.channels ?? CHANNELS,
    };
    const options = { steps: sketch.steps ?? 1000, concurrency: sketch.concurrency ?? 1000 };
    const base = new Map(Object.entries(sketch.base ?? {}));
    this.engine = createEngine(this.structure, createTopology(this.structure), options, base);
    const outcome = toOutcome({ ...result, writes: sketch.input ?? {} }, this.structure.starts);
    this.last = this.#note(this.engine.apply({ type: "started", outcome }));
  }

  /** The nodes of the tasks that the last event made ready. */
  get ready(): readonly number[] {
    return this.last.ready.map(({ node }) => node);
  }

  /** The nodes of the tasks that run. */
  get running(): readonly number[] {
    return this.#running.map(({ node }) => node).sort((one, other) => one - other);
  }

  task(node: number): Task {
    const task = this.engine.inFlight().find((flight) => flight.task.node === node)?.task;
    if (task === undefined) throw new Error(`No task of node ${node} is in flight.`);
    return task;
  }

  /** The oldest running task of the node succeeds. */
  done(node: number, result: Result = {}): this {
    const at = this.#running.findIndex((task) => task.node === node);
    const [task] = this.#running.splice(at, 1);
    if (at < 0 || task === undefined) throw new Error(`No task of node ${node} runs; ${this.running.join(", ")} do.`);
    return this.finish(task, result);
  }

  finish(task: Task, result: Result = {}): this {
    const at = this.#running.indexOf(task);
    if (at >= 0) this.#running.splice(at, 1);
    const outcome = toOutcome(result, this.structure.edges[task.node] ?? []);
    return this.#apply({ type: "task-succeeded", task: task.id, outcome });
  }

  wait(node: number): this {
    this.#drop(node);
    return this.#apply({ type: "task-waiting", task: this.task(node).id });
  }

  fail(node: number): this {
    const error = { code: "node_failed", message: "as planned", retryable: false } as const;
    const { id } = this.task(node);
    this.#drop(node);
    return this.#apply({ type: "task-failed", task: id, error });
  }

  resume(node: number): this {
    return this.#apply({ type: "task-resumed", task: this.task(node).id });
  }

  /** A write from outside; as a node, all of whose edges it takes, or as nobody. */
  update(writes: Record<string, Json>, as?: number): this {
    const outcome = toOutcome({ writes }, as === undefined ? [] : (this.structure.edges[as] ?? []));
    return this.#apply({ type: "state-updated", outcome, ...(as === undefined ? {} : { as }) });
  }

  cancel(): this {
    return this.#apply({ type: "cancelled" });
  }

  #drop(node: number): void {
    const at = this.#running.findIndex((task) => task.node === node);
    if (at >= 0) this.#running.splice(at, 1);
  }

  #apply(event: Parameters<Engine["apply"]>[0]): this {
    this.last = this.#note(this.engine.apply(event));
    return this;
  }

  #note(step: Step): Step {
    this.#running.push(...step.start);
    return step;
  }
}

function toOutcome({ writes = {}, takes, sends = [] }: Result, edges: readonly number[]): Outcome {
  const written = Object.entries(writes).map(([channel, value]) => ({ channel, value }));
  return { writes: written, takes: takes ?? edges, sends };
}
