import { EdgewiseError } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Structure } from "../graph/structure.ts";
import type { Topology } from "../graph/topology.ts";
import { Frame, type Flight } from "./frame.ts";
import type { Announcement, FrameRequest, Interior, Interiors, LeftFrame, OpenFrame, TaskId, View } from "./types.ts";

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
  /** In which only failed tasks are left, it is over; otherwise it holds its composite (R9). */
  readonly tolerant: boolean;
  /** What fails in here holds all that is around it, whatever frames around bear: a saga's compensations (R9). */
  readonly holds: boolean;
  #steps: number;
  /** The open composites of this frame. */
  readonly composites = new Map<TaskId, Composite>();
  /** Tasks that are ready or running, and what the caller owes to composites; in here and in all frames within. */
  #busy = 0;
  #waiting = 0;

  constructor(
    graph: ScopeGraph,
    prefix: string,
    base: ReadonlyMap<string, Json>,
    owner?: Composite,
    keepsParts = false,
  ) {
    const { structure, topology } = graph;
    const nameOf = graph.nodeName ?? ((node: number) => `#${node}`);
    this.graph = graph;
    this.prefix = prefix;
    this.owner = owner;
    this.tolerant = owner?.tolerant === true;
    this.holds = !this.tolerant && (owner?.holds === true || owner?.scope.holds === true);
    this.#steps = graph.steps;
    this.channels = new Set(structure.channels.map(({ name }) => name));
    this.frame = new Frame({ structure, topology, nameOf, keepsParts }, prefix, base);
  }

  /** Highest level a task may have is one less. */
  get steps(): number {
    return this.#steps;
  }

  limit(steps: number): void {
    this.#steps = steps;
  }

  get isBusy(): boolean {
    return this.#busy > 0;
  }

  busy(by: 1 | -1): void {
    this.#count(by, 0);
  }

  waiting(by: 1 | -1): void {
    this.#count(0, by);
  }

  /** A task has failed here, or one that had is tried again (R9). Where it holds, it waits for that as others do for an answer. */
  failed(by: 1 | -1): void {
    if (this.holds) this.#count(0, by);
  }

  /** Nothing can happen here any more: it is done, or what is left has failed and its composite bears that. */
  get isOver(): boolean {
    if (this.#busy > 0 || this.#waiting > 0) return false;
    return this.frame.isDone || this.tolerant;
  }

  /** The tasks of this frame, and behind each open composite those of its frames; in canonical order (R5). */
  *flights(): Generator<Flight> {
    for (const flight of this.frame.flightsInOrder()) {
      yield flight;
      for (const scope of this.composites.get(flight.task.id)?.scopes() ?? []) yield* scope.flights();
    }
  }

  /** What goes on in here counts no more for what is around it (R11). */
  abandon(): void {
    if (this.owner !== undefined) this.owner.scope.#count(-this.#busy, -this.#waiting);
  }

  #count(busy: number, waiting: number): void {
    this.#busy += busy;
    this.#waiting += waiting;
    if (this.owner !== undefined) this.owner.scope.#count(busy, waiting);
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
  #tolerant: boolean;
  #holds = false;
  #frames: number;
  readonly #concurrency: number;
  readonly #winners: number;
  #won = 0;
  /** What the last frame left, for the next to begin with. */
  #carried: View | undefined;
  readonly #open = new Map<number, Scope>();
  /** Asked for, not begun. */
  readonly #asked = new Set<number>();
  #next = 0;
  #over = 0;
  #isDue = false;

  constructor(
    flight: Flight,
    scope: Scope,
    interior: Interior,
    { frames, concurrency, tolerant, winners = Number.POSITIVE_INFINITY }: Announcement,
  ) {
    this.flight = flight;
    this.scope = scope;
    this.interior = interior;
    this.#tolerant = tolerant;
    this.#frames = frames;
    this.#concurrency = concurrency;
    this.#winners = winners;
  }

  /** Of the frames that begin now. */
  get tolerant(): boolean {
    return this.#tolerant;
  }

  /** Of the frames that begin now: see {@link Scope.holds}. */
  get holds(): boolean {
    return this.#holds;
  }

  get isDue(): boolean {
    return this.#isDue;
  }

  get asked(): readonly FrameRequest[] {
    return [...this.#asked].map((frame) => ({ composite: this.flight.task, frame }));
  }

  /** The open frames, by number. */
  scopes(): readonly Scope[] {
    return this.#inOrder().map(([, scope]) => scope);
  }

  /** The same, for reading. */
  frames(): readonly OpenFrame[] {
    return this.#inOrder().map(([number, { frame }]) => ({
      frame: number,
      state: frame.state,
      inFlight: () => frame.flightsInOrder().map(({ task, state }) => ({ task, state })),
      pending: () => frame.pendingByNode(),
    }));
  }

  /** @throws TypeError where that frame is not open */
  open(frame: number): Scope {
    const scope = this.#open.get(frame);
    if (scope === undefined) throw new TypeError(`Frame ${frame} of ${this.flight.task.id} is not open.`);
    return scope;
  }

  #inOrder(): [number, Scope][] {
    return [...this.#open].sort(([one], [other]) => one - other);
  }

  /** Asks for as many frames as may be open; when none is left to come, its outcome is due. */
  ask(): readonly FrameRequest[] {
    const asked: FrameRequest[] = [];
    const isWon = this.#won >= this.#winners;
    while (!isWon && this.#next < this.#frames && this.#open.size + this.#asked.size < this.#concurrency) {
      this.#asked.add(this.#next);
      asked.push({ composite: this.flight.task, frame: this.#next });
      this.#next += 1;
      this.scope.busy(1);
    }
    if ((isWon || this.#over === this.#frames) && !this.#isDue) {
      this.#isDue = true;
      this.scope.busy(1);
    }
    return asked;
  }

  /** Goes on with one frame more instead of its outcome. */
  extend(holds: boolean): void {
    if (!this.#isDue) throw new TypeError(`Task ${this.flight.task.id} is not due, and cannot be extended.`);
    this.close();
    if (holds) {
      this.#tolerant = false;
      this.#holds = true;
    }
    this.#frames += 1;
  }

  /** R10, R7: the frame begins on what the composite's task sees of the channels it shares. */
  begin(frame: number): Scope {
    if (!this.#asked.delete(frame)) throw new TypeError(`Frame ${frame} of ${this.flight.task.id} was not asked for.`);
    this.scope.busy(-1);
    const scope = new Scope(this.interior, this.#prefixOf(frame), this.#base(), this);
    this.#open.set(frame, scope);
    return scope;
  }

  #base(): ReadonlyMap<string, Json> {
    const carried = this.#carried;
    const channels =
      carried === undefined ? this.interior.shares : this.interior.structure.channels.map(({ name }) => name);
    const from = carried ?? this.flight.view;
    const base = new Map<string, Json>();
    for (const channel of channels) {
      const value = carried === undefined ? from.read(channel) : settled(from, channel);
      if (value !== undefined) base.set(channel, value);
    }
    return base;
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
    if (this.interior.carries === true) this.#carried = scope.frame.state;
    const failed = [...scope.flights()].filter(({ state }) => state === "failed").map(({ task }) => task.id);
    if (failed.length === 0) this.#won += 1;
    const { frame } = scope;
    return {
      composite: this.flight.task,
      frame: number,
      state: frame.state,
      writesTo: (channel) => frame.writesTo(channel),
      failed,
    };
  }

  /** Its outcome has come, it has failed, or it goes on: nothing is owed to it any more. */
  close(): void {
    if (this.#isDue) this.scope.busy(-1);
    this.#isDue = false;
    // a race that is won begins none of those that it has asked for (R11)
    for (let left = this.#asked.size; left > 0; left -= 1) this.scope.busy(-1);
    this.#asked.clear();
  }

  #prefixOf(frame: number): string {
    return this.interior.many ? `${this.flight.task.id}[${frame}]/` : `${this.flight.task.id}/`;
  }
}

/** A frame that failed may leave a conflict (R6), which the frames after it are not to fail of: the channel is absent there. */
function settled(state: View, channel: string): Json | undefined {
  try {
    return state.read(channel);
  } catch (thrown) {
    if (thrown instanceof EdgewiseError && thrown.code === "conflicting_write") return undefined;
    throw thrown;
  }
}
