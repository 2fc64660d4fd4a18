import type { ErrorRecord } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Structure } from "../graph/structure.ts";
import type { Topology } from "../graph/topology.ts";
import { explainWait } from "./explain.ts";
import { Frame, type Flight } from "./frame.ts";
import { compareStamps } from "./order.ts";
import { Slots } from "./slots.ts";
import type { Engine, EngineEvent, EngineOptions, Outcome, Rest, Step, Task, TaskId, View } from "./types.ts";

/** A run of a graph on a thread whose channels hold `base` (R7). */
export function createEngine(
  structure: Structure,
  topology: Topology,
  options: EngineOptions,
  base: ReadonlyMap<string, Json>,
): Engine {
  return new Run(structure, topology, options, base);
}

class Run implements Engine {
  readonly #structure: Structure;
  readonly #topology: Topology;
  readonly #options: EngineOptions;
  readonly #channels: ReadonlySet<string>;
  readonly #frame: Frame;
  readonly #slots: Slots<Flight>;
  #phase: "new" | "started" | "cancelled" = "new";
  /** Tasks in flight that are ready or running. */
  #busy = 0;

  constructor(structure: Structure, topology: Topology, options: EngineOptions, base: ReadonlyMap<string, Json>) {
    this.#structure = structure;
    this.#topology = topology;
    this.#options = options;
    this.#channels = new Set(structure.channels.map(({ name }) => name));
    const nameOf = options.nodeName ?? ((node: number) => `#${node}`);
    this.#frame = new Frame({ structure, topology, nameOf }, "", base);
    this.#slots = new Slots(options.concurrency);
  }

  get state(): View {
    return this.#frame.state;
  }

  apply(event: EngineEvent): Step {
    switch (event.type) {
      case "started":
        return this.#start(event.outcome);
      case "task-succeeded":
        return this.#commit(this.#running(event.task), event.outcome);
      case "task-failed":
        return event.outcome === undefined
          ? this.#fail(event.task)
          : this.#commit(this.#running(event.task), event.outcome);
      case "task-waiting":
        return this.#wait(this.#running(event.task));
      case "task-resumed":
        return this.#resume(event.task);
      case "state-updated":
        return this.#update(event.outcome, event.as);
      case "cancelled":
        return this.#cancel();
    }
  }

  task(id: TaskId): Task | undefined {
    return this.#frame.flights.get(id)?.task;
  }

  inFlight(): readonly { readonly task: Task; readonly state: Flight["state"] }[] {
    return this.#flightsInOrder().map(({ task, state }) => ({ task, state }));
  }

  pending(): readonly { readonly node: number; readonly count: number }[] {
    const pending = [...this.#frame.pending].map(([node, { count }]) => ({ node, count }));
    return pending.sort((one, other) => one.node - other.node);
  }

  explain(node: number): { readonly waitsFor: number; readonly path: readonly number[] } | undefined {
    return this.#frame.pending.has(node) ? explainWait(node, this.#structure, this.#topology, this.#frame) : undefined;
  }

  #start(outcome: Outcome): Step {
    if (this.#phase !== "new") throw new TypeError(`A run that is ${this.#phase} cannot start.`);
    this.#check(outcome, this.#structure.starts, "The start");
    this.#phase = "started";
    this.#frame.start(outcome);
    return this.#step([]);
  }

  #commit(flight: Flight, outcome: Outcome): Step {
    this.#check(outcome, this.#structure.edges[flight.task.node] ?? [], `Task ${flight.task.id}`);
    this.#halt();
    this.#frame.commit(flight, outcome);
    return this.#step([]);
  }

  /** R9: what has failed stays in flight, as a waiting task does. */
  #fail(id: TaskId): Step {
    const flight = this.#flight(id);
    if (flight.state === "running") this.#halt();
    else if (flight.state !== "waiting") throw new TypeError(`Task ${id} is ${flight.state} and cannot fail.`);
    flight.state = "failed";
    return this.#step([]);
  }

  #wait(flight: Flight): Step {
    this.#halt();
    flight.state = "waiting";
    return this.#step([]);
  }

  #resume(id: TaskId): Step {
    const flight = this.#flight(id);
    if (flight.state !== "waiting" && flight.state !== "failed") {
      throw new TypeError(`Task ${id} is ${flight.state} and cannot be resumed.`);
    }
    this.#frame.refresh(flight);
    return this.#step([flight]);
  }

  /** R7: accepted when nothing runs; `as` only says whose edges are taken. */
  #update(outcome: Outcome, as: number | undefined): Step {
    if (this.#phase !== "started" || this.#busy > 0) throw new TypeError("A write from outside needs a run at rest.");
    const edges = as === undefined ? this.#structure.starts : (this.#structure.edges[as] ?? []);
    this.#check(outcome, edges, "A write from outside");
    this.#frame.commitOutside(outcome);
    return this.#step([]);
  }

  #cancel(): Step {
    this.#phase = "cancelled";
    this.#busy = 0;
    this.#frame.clear();
    return { ready: [], start: [], failed: [], rest: { kind: "cancelled" } };
  }

  /** What an event made possible: `resumed` tasks, and whatever became ready (R2). */
  #step(resumed: readonly Flight[]): Step {
    const ready: Task[] = [];
    const failed: Step["failed"][number][] = [];
    const made = this.#frame.makeReady();
    for (const flight of [...resumed, ...made]) {
      if (flight.stamp.level >= this.#options.steps) {
        flight.state = "failed";
        failed.push({ task: flight.task, error: this.#stepLimit(flight) });
        continue;
      }
      flight.state = "ready";
      this.#busy += 1;
      this.#slots.enqueue(flight);
      if (!resumed.includes(flight)) ready.push(flight.task);
    }
    const start = this.#slots.fill();
    for (const flight of start) flight.state = "running";
    return { ready, start: start.map(({ task }) => task), failed, rest: this.#rest() };
  }

  #rest(): Rest {
    if (this.#busy > 0) return { kind: "running" };
    if (this.#frame.flights.size > 0) {
      const flights = this.#flightsInOrder();
      const waiting = flights.filter(({ state }) => state === "waiting").map(({ task }) => task.id);
      const failed = flights.filter(({ state }) => state === "failed").map(({ task }) => task.id);
      return { kind: "paused", waiting, failed };
    }
    // "It cannot stall on itself": among pending activations some have no pending one upstream.
    if (this.#frame.pending.size > 0)
      throw new Error("The run has stalled: activations pend and nothing is in flight.");
    return { kind: "done" };
  }

  /** R9: the limit on steps is a limit on level, and so the same in every schedule. */
  #stepLimit(flight: Flight): ErrorRecord {
    const { steps } = this.#options;
    const message = `The run needs more than its limit of ${steps} steps; raise the graph's limit, or let its loop end.`;
    return { code: "step_limit", message, retryable: false, details: { steps, level: flight.stamp.level } };
  }

  #halt(): void {
    this.#slots.release();
    this.#busy -= 1;
  }

  #running(id: TaskId): Flight {
    const flight = this.#flight(id);
    if (flight.state !== "running") throw new TypeError(`Task ${id} is ${flight.state}, not running.`);
    return flight;
  }

  #flight(id: TaskId): Flight {
    const flight = this.#frame.flights.get(id);
    if (flight === undefined) throw new TypeError(`There is no task ${id} in flight.`);
    return flight;
  }

  #flightsInOrder(): Flight[] {
    return [...this.#frame.flights.values()].sort((one, other) => compareStamps(one.stamp, other.stamp));
  }

  /** Before anything is changed: an event fits whole or not at all. */
  #check(outcome: Outcome, edges: readonly number[], who: string): void {
    for (const { channel } of outcome.writes) {
      if (!this.#channels.has(channel)) throw new TypeError(`${who} wrote "${channel}", which is no channel.`);
    }
    for (const node of outcome.takes) if (!edges.includes(node)) throw new TypeError(`${who} has no edge to ${node}.`);
    for (const { to } of outcome.sends) if (!edges.includes(to)) throw new TypeError(`${who} has no edge to ${to}.`);
  }
}
