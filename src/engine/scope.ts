import type { Json } from "../base/json.ts";
import type { Structure } from "../graph/structure.ts";
import type { Topology } from "../graph/topology.ts";
import { Frame, type Flight } from "./frame.ts";
import { compareStamps } from "./order.ts";
import type { Announcement, FrameRequest, Interior, Interiors, LeftFrame, TaskId } from "./types.ts";

/** What a scope runs. */
export interface ScopeGraph {
  readonly structure: Structure;
  readonly topology: Topology;
  readonly nodeName?: (node: number) => string;
  readonly steps: number;
  readonly interiors?: Interiors;
}

/** A frame and what goes on in it, the frames of its composites included (R10). The run itself is the outermost. */
export class Scope {
  readonly graph: ScopeGraph;
  readonly frame: Frame;
  readonly prefix: string;
  /** Whose frame it is; undefined for the run itself. */
  readonly owner: Composite | undefined;
  readonly channels: ReadonlySet<string>;
  /** The open composites of this frame. */
  readonly composites = new Map<TaskId, Composite>();
  /** Tasks that are ready or running, and what the caller owes to composites; in here and in all frames within. */
  #busy = 0;
  #waiting = 0;

  constructor(graph: ScopeGraph, prefix: string, base: ReadonlyMap<string, Json>, owner?: Composite) {
    const { structure, topology } = graph;
    const nameOf = graph.nodeName ?? ((node: number) => `#${node}`);
    this.graph = graph;
    this.prefix = prefix;
    this.owner = owner;
    this.channels = new Set(structure.channels.map(({ name }) => name));
    this.frame = new Frame({ structure, topology, nameOf }, prefix, base);
  }

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  busy(by: 1 | -1): void {
    this.#busy += by;
    this.owner?.scope.busy(by);
  }

  waiting(by: 1 | -1): void {
    this.#waiting += by;
    this.owner?.scope.waiting(by);
  }

  /** Nothing can happen here any more: it is done, or what is left has failed and its composite bears that. */
  get isOver(): boolean {
    if (this.#busy > 0 || this.#waiting > 0) return false;
    return this.frame.isDone || this.owner?.tolerant === true;
  }

  /** The tasks of this frame, and behind each open composite those of its frames; in canonical order (R5). */
  *flights(): Generator<Flight> {
    const inOrder = [...this.frame.flights.values()].sort((one, other) => compareStamps(one.stamp, other.stamp));
    for (const flight of inOrder) {
      yield flight;
      for (const scope of this.composites.get(flight.task.id)?.scopes() ?? []) yield* scope.flights();
    }
  }

  /** The run is cancelled: whatever goes on here is dropped. */
  clear(): void {
    this.frame.clear();
    this.composites.clear();
    this.#busy = 0;
    this.#waiting = 0;
  }
}

/** An open composite: a task in flight that owns frames (R10). */
export class Composite {
  readonly flight: Flight;
  /** Where its task is. */
  readonly scope: Scope;
  readonly interior: Interior;
  readonly tolerant: boolean;
  readonly #frames: number;
  readonly #concurrency: number;
  readonly #open = new Map<number, Scope>();
  /** Asked for, not begun. */
  readonly #asked = new Set<number>();
  #next = 0;
  #over = 0;
  #isDue = false;

  constructor(flight: Flight, scope: Scope, interior: Interior, { frames, concurrency, tolerant }: Announcement) {
    this.flight = flight;
    this.scope = scope;
    this.interior = interior;
    this.tolerant = tolerant;
    this.#frames = frames;
    this.#concurrency = concurrency;
  }

  get isDue(): boolean {
    return this.#isDue;
  }

  get asked(): readonly FrameRequest[] {
    return [...this.#asked].map((frame) => ({ composite: this.flight.task, frame }));
  }

  /** The open frames, by number. */
  scopes(): readonly Scope[] {
    return [...this.#open].sort(([one], [other]) => one - other).map(([, scope]) => scope);
  }

  /** Asks for as many frames as may be open; when none is left to come, its outcome is due. */
  ask(): readonly FrameRequest[] {
    const asked: FrameRequest[] = [];
    while (this.#next < this.#frames && this.#open.size + this.#asked.size < this.#concurrency) {
      this.#asked.add(this.#next);
      asked.push({ composite: this.flight.task, frame: this.#next });
      this.#next += 1;
      this.scope.busy(1);
    }
    if (this.#over === this.#frames && !this.#isDue) {
      this.#isDue = true;
      this.scope.busy(1);
    }
    return asked;
  }

  /** R10, R7: the frame begins on what the composite's task sees of the channels it shares. */
  begin(frame: number): Scope {
    if (!this.#asked.delete(frame)) throw new TypeError(`Frame ${frame} of ${this.flight.task.id} was not asked for.`);
    this.scope.busy(-1);
    const base = new Map<string, Json>();
    for (const channel of this.interior.shares) {
      const value = this.flight.view.read(channel);
      if (value !== undefined) base.set(channel, value);
    }
    const scope = new Scope(this.interior, this.#prefixOf(frame), base, this);
    this.#open.set(frame, scope);
    return scope;
  }

  /** A frame that was asked for and cannot begin. */
  skip(frame: number): void {
    if (!this.#asked.delete(frame)) throw new TypeError(`Frame ${frame} of ${this.flight.task.id} was not asked for.`);
    this.scope.busy(-1);
    this.#over += 1;
  }

  leave(scope: Scope): LeftFrame {
    const number = [...this.#open].find(([, open]) => open === scope)?.[0] ?? -1;
    this.#open.delete(number);
    this.#over += 1;
    const failed = [...scope.flights()].filter(({ state }) => state === "failed").map(({ task }) => task.id);
    const { frame } = scope;
    return {
      composite: this.flight.task,
      frame: number,
      state: frame.state,
      writesTo: (channel) => frame.writesTo(channel),
      failed,
    };
  }

  /** Its outcome has come, or it has failed: nothing is owed to it any more. */
  close(): void {
    if (this.#isDue) this.scope.busy(-1);
    this.#isDue = false;
  }

  #prefixOf(frame: number): string {
    return this.interior.many ? `${this.flight.task.id}[${frame}]/` : `${this.flight.task.id}/`;
  }
}
