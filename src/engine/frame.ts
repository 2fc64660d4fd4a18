import type { Json } from "../base/json.ts";
import type { Structure } from "../graph/structure.ts";
import type { Region, Topology } from "../graph/topology.ts";
import { PendingActivations } from "./activations.ts";
import { type Graph, History } from "./history.ts";
import { LevelCounts } from "./levels.ts";
import { compareStamps, type Stamp, taskName } from "./order.ts";
import { Readiness } from "./readiness.ts";
import type { FlightState, Outcome, Task, TaskId, View } from "./types.ts";
import type { Entry } from "./versions.ts";
import type { FixedView } from "./views.ts";

/** A task in flight (R2): what the outside sees of it, and what the rules keep. */
export interface Flight {
  task: Task;
  view: FixedView;
  readonly stamp: Stamp;
  state: FlightState;
}

/**
 * One scope of the two rules: pending and in-flight sets, channels and history of its own (R10). A run is the root
 * frame; a composite's activation owns others over the structure of its inside, its task's name as `prefix`.
 * The frame knows no slots and no limits: it says what is ready, the engine says when it starts.
 */
export class Frame {
  readonly #structure: Structure;
  readonly #topology: Topology;
  readonly #prefix: string;
  readonly #readiness: Readiness;
  readonly #history: History;
  readonly #pending = new Map<number, PendingActivations>();
  readonly #flights = new Map<TaskId, Flight>();
  readonly #levels = new LevelCounts();
  /** Made ready by arrival at an each node since the last {@link makeReady} (R11). */
  #arrived: Flight[] = [];
  #highestLevel = -1;

  constructor(graph: Graph, prefix: string, base: ReadonlyMap<string, Json>) {
    this.#structure = graph.structure;
    this.#topology = graph.topology;
    this.#prefix = prefix;
    this.#readiness = new Readiness(graph.topology);
    this.#history = new History(graph, base);
  }

  get state(): View {
    return this.#history.state;
  }

  /** What was written to a channel, in canonical order (R5); of a `last` channel, what reading it gives. */
  writesTo(channel: string): readonly Json[] {
    return this.#history.writesTo(channel);
  }

  /** R5: what was committed up to a level; see {@link History.stateUpTo}. */
  stateUpTo(level: number): View {
    return this.#history.stateUpTo(level);
  }

  /** Highest level of what was committed; -1 before that. */
  get committedLevel(): number {
    return this.#history.committedLevel;
  }

  /**
   * The lowest level of a task in flight. Nothing gets a level below it any more: what pends is held by something in flight
   * that it will have seen, and a task of an each node is one above its cause (R2, R5, R11). Infinity: nothing is in flight.
   */
  get lowestLevel(): number {
    return this.#levels.lowest;
  }

  /** Nothing in flight, nothing pending. */
  get isDone(): boolean {
    return this.#flights.size === 0 && this.#pending.size === 0;
  }

  get flights(): ReadonlyMap<TaskId, Flight> {
    return this.#flights;
  }

  get pending(): ReadonlyMap<number, Pick<PendingActivations, "count" | "inOrder">> {
    return this.#pending;
  }

  /** What pends, in the order of the nodes. */
  pendingByNode(): { readonly node: number; readonly count: number }[] {
    const pending = [...this.#pending].map(([node, { count }]) => ({ node, count }));
    return pending.sort((one, other) => one.node - other.node);
  }

  /** What is in flight, in canonical order (R5). */
  flightsInOrder(): Flight[] {
    return [...this.#flights.values()].sort((one, other) => compareStamps(one.stamp, other.stamp));
  }

  /** R7: the input stands before everything, and is seen by everything. */
  start(outcome: Outcome): void {
    this.#history.begin(outcome.writes);
    this.#deliver(outcome, undefined, (node) => this.#arrivalFromOutside(node, undefined));
  }

  commit(flight: Flight, outcome: Outcome): void {
    this.#history.trim(this.#levels.lowest);
    const wrote = this.#history.commit(flight.stamp, flight.view, outcome.writes);
    this.#deliver(outcome, flight.stamp, (node) => this.#arrivalFrom(flight, wrote, node));
    this.#flights.delete(flight.task.id);
    this.#levels.remove(flight.stamp.level);
    this.#readiness.removeInFlight(flight.stamp.node);
  }

  /** R7: ordered after every task made ready before it, seen by every task made ready after it. */
  commitOutside(outcome: Outcome): void {
    this.#highestLevel += 1;
    const stamp = this.#history.commitOutside(this.#highestLevel, outcome.writes);
    this.#deliver(outcome, stamp, (node) => this.#arrivalFromOutside(node, stamp));
  }

  /** R8: writes from outside since it was made ready join its view, and its level is raised above them. */
  refresh(flight: Flight): void {
    const before = flight.stamp.level;
    const view = this.#history.refresh(flight.stamp, flight.view);
    if (view === flight.view) return;
    this.#levels.add(flight.stamp.level);
    this.#levels.remove(before);
    flight.view = view;
    flight.task = { ...flight.task, level: flight.stamp.level, view };
    this.#highestLevel = Math.max(this.#highestLevel, flight.stamp.level);
  }

  /** R2: everything that is ready now, judged and given its view before any of it is in flight; in canonical order. */
  makeReady(): readonly Flight[] {
    const nodes = this.#readiness.judge();
    const made = this.#arrived;
    this.#arrived = [];
    if (nodes.length > 0) {
      this.#beginTurns(nodes);
      for (const node of nodes) for (const flight of this.#batch(node)) made.push(flight);
      for (const node of nodes) {
        this.#readiness.takePending(node, this.#pending.get(node)?.count ?? 0);
        this.#pending.delete(node);
      }
    }
    if (made.length > 1) made.sort((one, other) => compareStamps(one.stamp, other.stamp));
    for (const flight of made) {
      this.#flights.set(flight.task.id, flight);
      this.#levels.add(flight.stamp.level);
      this.#highestLevel = Math.max(this.#highestLevel, flight.stamp.level);
    }
    return made;
  }

  /** R9: what is in flight or pending is dropped. */
  clear(): void {
    this.#flights.clear();
    this.#levels.clear();
    this.#pending.clear();
  }

  /** R3: heads of one loop that are ready together begin one turn. */
  #beginTurns(nodes: readonly number[]): void {
    const begun = new Set<Region>();
    for (const node of nodes) {
      const place = this.#topology.places[node];
      if (place?.head !== true || begun.has(place.region)) continue;
      begun.add(place.region);
      this.#history.beginTurn(place.region);
    }
  }

  /** R1, R5: the pending activations of a node become one batch of tasks with one view. */
  #batch(node: number): Flight[] {
    const place = this.#history.placeOf(node);
    const view = this.#history.viewOf(node);
    const arrivals = this.#pending.get(node)?.inOrder() ?? [];
    return arrivals.map(({ payload }, ordinal) => this.#flight({ ...place, ordinal }, view, payload));
  }

  /** R1: each edge taken and each send is an activation of its target; at an each node, a task at once (R11). */
  #deliver(outcome: Outcome, sender: Stamp | undefined, arrivalAt: (node: number) => Arrival): void {
    for (const [index, node] of outcome.takes.entries()) {
      if (this.#isEach(node)) this.#arrive(arrivalAt(node), index, undefined);
      else this.#pendingAt(node).addOrdinary();
    }
    for (const [place, { to, payload }] of outcome.sends.entries()) {
      const index = outcome.takes.length + place;
      if (this.#isEach(to)) this.#arrive(arrivalAt(to), index, payload);
      else this.#pendingAt(to).addSend({ sender, index, payload });
    }
  }

  #arrive({ place, view, cause }: Arrival, index: number, payload: Json | undefined): void {
    this.#arrived.push(this.#flight({ ...place, ordinal: index }, view, payload, cause));
    this.#readiness.addInFlight(place.node, 1);
  }

  /** R11: the task sees what its cause saw, and wrote. */
  #arrivalFrom({ stamp, task, view }: Flight, wrote: ReadonlyMap<number, Entry>, node: number): Arrival {
    const place = { ...this.#history.placeOf(node), kind: "each", level: stamp.level + 1, cause: stamp } as const;
    return { place, view: this.#history.viewAfter(node, view, wrote), cause: task.id.slice(this.#prefix.length) };
  }

  /** R7, R11: the start, or a write from outside, has seen nothing: the task sees what any task of its node would. */
  #arrivalFromOutside(node: number, cause: Stamp | undefined): Arrival {
    return { place: { ...this.#history.placeOf(node), cause }, view: this.#history.viewOf(node) };
  }

  #flight(stamp: Stamp, view: FixedView, payload: Json | undefined, cause?: string): Flight {
    const { node, level, ordinal } = stamp;
    const id = this.#prefix + taskName(level, node, ordinal, cause);
    const task: Task =
      payload === undefined ? { id, node, level, ordinal, view } : { id, node, level, ordinal, payload, view };
    return { task, view, stamp, state: "ready" };
  }

  #pendingAt(node: number): PendingActivations {
    let pending = this.#pending.get(node);
    if (pending === undefined) {
      pending = new PendingActivations();
      this.#pending.set(node, pending);
      this.#readiness.addPending(node);
    }
    return pending;
  }

  /** R11 holds for nodes that are not the head of a loop. */
  #isEach(node: number): boolean {
    return this.#structure.each.has(node) && this.#topology.places[node]?.head !== true;
  }
}

/** At an each node: where the task stands, what it sees, and its cause's name if that was a task. */
interface Arrival {
  readonly place: Stamp;
  readonly view: FixedView;
  readonly cause?: string;
}
