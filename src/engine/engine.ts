import type { Json } from "../base/json.ts";
import type { Structure } from "../graph/structure.ts";
import type { Topology } from "../graph/topology.ts";
import { checkFit, stepLimit } from "./events.ts";
import { explainWait } from "./explain.ts";
import type { Flight } from "./frame.ts";
import { Composite, Scope } from "./scope.ts";
import { Slots } from "./slots.ts";
import type { Announcement, Engine, EngineEvent, EngineOptions, FlightState, OpenFrame, Outcome } from "./types.ts";
import type { FrameRequest, FrameStep, LeftFrame, Rest, Send, Step, Task, TaskId, View } from "./types.ts";

/** A run of a graph on a thread whose channels hold `base` (R7). */
export function createEngine(
  structure: Structure,
  topology: Topology,
  options: EngineOptions,
  base: ReadonlyMap<string, Json>,
): Engine {
  return new Run(structure, topology, options, base);
}

/** What an event did to composites. */
interface Frames {
  readonly begin: FrameRequest[];
  readonly left: LeftFrame[];
  readonly due: Task[];
}

class Run implements Engine {
  readonly #root: Scope;
  readonly #slots: Slots<Flight>;
  /** Every frame, by the prefix of its tasks' names. */
  readonly #scopes = new Map<string, Scope>();
  #phase: "new" | "started" | "cancelled" = "new";

  constructor(structure: Structure, topology: Topology, options: EngineOptions, base: ReadonlyMap<string, Json>) {
    const { keepsParts } = options;
    this.#root = new Scope({ ...options, structure, topology }, "", base, undefined, keepsParts);
    this.#scopes.set("", this.#root);
    this.#slots = new Slots(options.concurrency);
  }

  get state(): View {
    return this.#root.frame.state;
  }

  get lowestLevel(): number {
    return this.#root.frame.lowestLevel;
  }

  get committedLevel(): number {
    return this.#root.frame.committedLevel;
  }

  stateUpTo(level: number): View {
    return this.#root.frame.stateUpTo(level);
  }

  get rest(): Rest {
    return this.#phase === "cancelled" ? { kind: "cancelled" } : this.#rest();
  }

  isBorne(id: TaskId): boolean {
    // A frame that is over with what has failed in it is forgotten.
    if (!this.#scopes.has(prefixOf(id))) return true;
    for (let scope = this.#scopes.get(prefixOf(id)); scope !== undefined; scope = scope.owner?.scope)
      if (scope.tolerant || scope.holds) return scope.tolerant;
    return false;
  }

  apply(event: EngineEvent): Step {
    switch (event.type) {
      case "started":
        return this.#start(event.outcome);
      case "task-succeeded":
        return this.#commit(event.task, event.outcome);
      case "task-failed":
        return event.outcome === undefined ? this.#fail(event.task) : this.#commit(event.task, event.outcome);
      case "task-waiting":
        return this.#wait(event.task);
      case "task-resumed":
        return this.#resume(event.task);
      case "state-updated":
        return this.#update(event.outcome, event.as);
      case "frame-updated":
        return this.#updateFrame(event.task, event.frame, event.outcome);
      case "frames-announced":
        return this.#announce(event.task, event);
      case "frame-started":
        return this.#begin(event.task, event.frame, event.outcome);
      case "frame-failed":
        return this.#skip(event.task, event.frame);
      case "frames-extended":
        return this.#extend(event.task, event.holds === true);
      case "continued":
        return this.#continue(event.steps);
      case "cancelled":
        return this.#cancel();
    }
  }

  task(id: TaskId): Task | undefined {
    return this.#scopes.get(prefixOf(id))?.frame.flights.get(id)?.task;
  }

  inFlight(): readonly { readonly task: Task; readonly state: FlightState }[] {
    return this.#flights().flatMap(({ task, state }) => (prefixOf(task.id) === "" ? [{ task, state }] : []));
  }

  inFrames(): readonly { readonly task: Task; readonly state: FlightState }[] {
    return this.#flights().flatMap(({ task, state }) => (prefixOf(task.id) === "" ? [] : [{ task, state }]));
  }

  framesOf(id: TaskId): readonly OpenFrame[] {
    return this.#scopes.get(prefixOf(id))?.composites.get(id)?.frames() ?? [];
  }

  owed(): Omit<FrameStep, "left"> {
    const composites = this.#flights().flatMap(({ task: { id } }) => this.#scope(id).composites.get(id) ?? []);
    return {
      begin: composites.flatMap((composite) => composite.asked),
      due: composites.flatMap((composite) => (composite.isDue ? [composite.flight.task] : [])),
    };
  }

  pending(): readonly { readonly node: number; readonly count: number }[] {
    return this.#root.frame.pendingByNode();
  }

  pendingSends(): readonly Send[] {
    const nodes = [...this.#root.frame.pending].sort(([one], [other]) => one - other);
    return nodes.flatMap(([to, pending]) =>
      pending.inOrder().flatMap(({ payload }) => (payload === undefined ? [] : [{ to, payload }])),
    );
  }

  explain(node: number): { readonly waitsFor: number; readonly path: readonly number[] } | undefined {
    const { frame, graph } = this.#root;
    return frame.pending.has(node) ? explainWait(node, graph.structure, graph.topology, frame) : undefined;
  }

  #start(outcome: Outcome): Step {
    if (this.#phase !== "new") throw new TypeError(`A run that is ${this.#phase} cannot start.`);
    checkFit(this.#root, outcome, this.#root.graph.structure.starts, "The start");
    this.#phase = "started";
    this.#root.frame.start(outcome);
    return this.#step(this.#root);
  }

  #commit(id: TaskId, outcome: Outcome): Step {
    const scope = this.#scope(id);
    const flight = flightIn(scope, id);
    const composite = scope.composites.get(id);
    if (!(composite?.isDue ?? (flight.state === "running" || flight.state === "ready")))
      throw new TypeError(`Task ${id} is ${flight.state}, not running.`);
    checkFit(scope, outcome, scope.graph.structure.edges[flight.task.node] ?? [], `Task ${id}`);
    if (composite !== undefined) this.#close(composite);
    else if (flight.state === "running") this.#halt(scope);
    else this.#dequeue(scope, flight);
    scope.frame.commit(flight, outcome);
    return this.#step(scope);
  }

  /** R9: what has failed stays in flight, as a waiting task does. */
  #fail(id: TaskId): Step {
    const scope = this.#scope(id);
    const flight = flightIn(scope, id);
    const composite = scope.composites.get(id);
    if (composite?.isDue === true) this.#close(composite);
    else if (flight.state === "running") this.#halt(scope);
    else if (flight.state === "waiting") scope.waiting(-1);
    else throw new TypeError(`Task ${id} is ${flight.state} and cannot fail.`);
    flight.state = "failed";
    scope.failed(1);
    return this.#step(scope);
  }

  #wait(id: TaskId): Step {
    const scope = this.#scope(id);
    const flight = running(scope, id);
    this.#halt(scope);
    flight.state = "waiting";
    scope.waiting(1);
    return this.#step(scope);
  }

  #resume(id: TaskId): Step {
    const scope = this.#scope(id);
    const flight = flightIn(scope, id);
    if (flight.state !== "waiting" && flight.state !== "failed") {
      throw new TypeError(`Task ${id} is ${flight.state} and cannot be resumed.`);
    }
    if (flight.state === "waiting") scope.waiting(-1);
    else scope.failed(-1);
    scope.frame.refresh(flight);
    return this.#step(scope, [flight]);
  }

  /** R7: accepted when nothing runs; `as` only says whose edges are taken. */
  #update(outcome: Outcome, as: number | "anywhere" | undefined): Step {
    const scope = this.#root;
    if (this.#phase !== "started" || scope.isBusy) throw new TypeError("A write from outside needs a run at rest.");
    const { nodes, starts, edges } = scope.graph.structure;
    const all = as === "anywhere" ? Array.from({ length: nodes }, (_, node) => node) : edges[as ?? -1];
    checkFit(scope, outcome, as === undefined ? starts : (all ?? []), "A write from outside");
    scope.frame.commitOutside(outcome);
    return this.#step(scope);
  }

  #updateFrame(id: TaskId, frame: number, outcome: Outcome): Step {
    if (this.#phase !== "started" || this.#root.isBusy)
      throw new TypeError("A write from outside needs a run at rest.");
    const scope = this.#composite(id).open(frame);
    checkFit(scope, outcome, [], `A write from outside to frame ${frame} of ${id}`);
    scope.frame.commitOutside(outcome);
    return this.#step(scope);
  }

  /** R9: the limit is one on level, and may be another when a run goes on; what has failed by it is resumed by itself. */
  #continue(steps: number | undefined): Step {
    if (this.#phase !== "started") throw new TypeError(`A run that is ${this.#phase} cannot go on.`);
    if (steps !== undefined) this.#root.limit(steps);
    return this.#step(this.#root);
  }

  /** R10: a composite holds no slot while its frames run. */
  #announce(id: TaskId, announcement: Announcement): Step {
    const scope = this.#scope(id);
    const flight = running(scope, id);
    const interior = scope.graph.interiors?.get(flight.task.node);
    if (interior === undefined) throw new TypeError(`Task ${id} is of no composite: it has no frames.`);
    this.#halt(scope);
    flight.state = "open";
    const composite = new Composite(flight, scope, interior, announcement);
    scope.composites.set(id, composite);
    return this.#step(scope, [], composite);
  }

  #begin(id: TaskId, frame: number, outcome: Outcome): Step {
    const scope = this.#composite(id).begin(frame);
    checkFit(scope, outcome, scope.graph.structure.starts, `The start of frame ${frame} of ${id}`);
    this.#scopes.set(scope.prefix, scope);
    scope.frame.start(outcome);
    return this.#step(scope);
  }

  #extend(id: TaskId, holds: boolean): Step {
    const composite = this.#composite(id);
    composite.extend(holds);
    return this.#step(composite.scope, [], composite);
  }

  #skip(id: TaskId, frame: number): Step {
    const composite = this.#composite(id);
    composite.skip(frame);
    return this.#step(composite.scope, [], composite);
  }

  #cancel(): Step {
    this.#phase = "cancelled";
    this.#root.clear();
    this.#scopes.clear();
    this.#scopes.set("", this.#root);
    return { ready: [], start: [], failed: [], rest: { kind: "cancelled" } };
  }

  /** What an event made possible: `resumed` tasks, whatever became ready (R2), and what became of frames (R10). */
  #step(scope: Scope, resumed: readonly Flight[] = [], opened?: Composite): Step {
    const ready: Task[] = [];
    const failed: Step["failed"][number][] = [];
    const made = scope.frame.makeReady();
    for (const flight of [...resumed, ...made]) {
      if (flight.stamp.level >= scope.steps) {
        flight.state = "failed";
        scope.failed(1);
        failed.push({ task: flight.task, error: stepLimit(scope, flight) });
        continue;
      }
      flight.state = "ready";
      scope.busy(1);
      this.#slots.enqueue(flight);
      if (!resumed.includes(flight)) ready.push(flight.task);
    }
    const start = this.#slots.fill();
    for (const flight of start) flight.state = "running";
    const tasks = { ready, start: start.map(({ task }) => task), failed };
    if (opened === undefined && scope.owner === undefined) return { ...tasks, rest: this.#rest() };
    const frames: Frames = { begin: [], left: [], due: [] };
    if (opened !== undefined) advance(opened, frames);
    this.#leave(scope, frames);
    return { ...tasks, frames, rest: this.#rest() };
  }

  /** R10: frames that are over are left, from the inside out. */
  #leave(from: Scope, frames: Frames): void {
    for (let scope = from; scope.owner !== undefined; scope = scope.owner.scope) {
      if (!scope.isOver) continue;
      frames.left.push(scope.owner.leave(scope));
      this.#forget(scope);
      advance(scope.owner, frames);
    }
  }

  #close(composite: Composite): void {
    composite.close();
    for (const scope of composite.scopes()) this.#drop(scope);
    composite.scope.composites.delete(composite.flight.task.id);
  }

  /** R11: a frame that lost is dropped with all that is in flight in it, and gives its slots back. */
  #drop(scope: Scope): void {
    const flights = new Set(scope.flights());
    for (const { state } of flights) if (state === "running") this.#slots.release();
    this.#slots.remove(flights);
    scope.abandon();
    this.#forget(scope);
  }

  #forget(scope: Scope): void {
    for (const composite of scope.composites.values()) for (const inner of composite.scopes()) this.#forget(inner);
    this.#scopes.delete(scope.prefix);
  }

  #rest(): Rest {
    const root = this.#root;
    if (root.isBusy) return { kind: "running" };
    if (root.frame.flights.size > 0) {
      const flights = this.#flights();
      const waiting = flights.filter(({ state }) => state === "waiting").map(({ task }) => task.id);
      const failed = flights.filter(({ state }) => state === "failed").map(({ task }) => task.id);
      return { kind: "paused", waiting, failed };
    }
    // "It cannot stall on itself": among pending activations some have no pending one upstream.
    if (root.frame.pending.size > 0) throw new Error("The run has stalled: activations pend and nothing is in flight.");
    return { kind: "done" };
  }

  #halt(scope: Scope): void {
    this.#slots.release();
    scope.busy(-1);
  }

  /** An outcome from outside came before a slot was free. */
  #dequeue(scope: Scope, flight: Flight): void {
    this.#slots.remove(new Set([flight]));
    scope.busy(-1);
  }

  #composite(id: TaskId): Composite {
    const composite = this.#scope(id).composites.get(id);
    if (composite === undefined) throw new TypeError(`Task ${id} is no open composite.`);
    return composite;
  }

  #scope(id: TaskId): Scope {
    const scope = this.#scopes.get(prefixOf(id));
    if (scope === undefined) throw new TypeError(`There is no task ${id} in flight.`);
    return scope;
  }

  #flights(): Flight[] {
    return [...this.#root.flights()];
  }
}

/** R10: asks for further frames; when none is to come and all are over, the composite's outcome is due. */
function advance(composite: Composite, frames: Frames): void {
  frames.begin.push(...composite.ask());
  if (composite.isDue) frames.due.push(composite.flight.task);
}

/** The frame that a task is in, as its name says. */
function prefixOf(id: TaskId): string {
  return id.slice(0, id.lastIndexOf("/") + 1);
}

function flightIn(scope: Scope, id: TaskId): Flight {
  const flight = scope.frame.flights.get(id);
  if (flight === undefined) throw new TypeError(`There is no task ${id} in flight.`);
  return flight;
}

function running(scope: Scope, id: TaskId): Flight {
  const flight = flightIn(scope, id);
  if (flight.state !== "running") throw new TypeError(`Task ${id} is ${flight.state}, not running.`);
  return flight;
}
