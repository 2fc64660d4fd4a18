import { toErrorRecord } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";
import { ReferenceEngine } from "../reference.ts";
import type { Announcement, EngineEvent, FlightState, LeftFrame, Rest, Step, Task, TaskId, View } from "../types.ts";
import type { FrameMutation } from "./frame-mutations.ts";
import type { Composition, Nested } from "./nested.ts";

/** A run of a graph by itself, which is all that a frame is; the outermost has the prefix "". */
interface NaiveFrame {
  readonly prefix: string;
  readonly nested: Nested;
  readonly reference: ReferenceEngine;
  readonly number: number;
  readonly owner: NaiveComposite | undefined;
  /** What its composite made of failures when it began. */
  readonly tolerant: boolean;
  readonly holds: boolean;
}

type OwnedFrame = NaiveFrame & { readonly owner: NaiveComposite };

interface NaiveComposite {
  readonly id: TaskId;
  readonly frame: NaiveFrame;
  readonly inner: Composition;
  readonly announced: Announcement;
  readonly asked: Set<number>;
  frames: number;
  next: number;
  over: number;
  won: number;
  due: boolean;
  holds: boolean;
  carried: View | undefined;
}

/** A frame that is over, its composite by name. */
export type NaiveLeft = Omit<LeftFrame, "composite"> & { readonly composite: TaskId };

/** A frame that is open. */
export interface NaiveOpen {
  readonly composite: TaskId;
  readonly frame: number;
  readonly state: View;
  readonly pending: readonly { readonly node: number; readonly count: number }[];
  readonly flights: readonly { readonly id: TaskId; readonly state: FlightState }[];
}

/** What became of an event: {@link Step}, by names. */
export interface NaiveStep {
  readonly ready: readonly Task[];
  readonly start: readonly TaskId[];
  readonly begin: readonly string[];
  readonly left: readonly NaiveLeft[];
  readonly due: readonly TaskId[];
  readonly rest: Rest;
}

/**
 * R10 a second time: a reference for each open frame, and everything about frames scanned at every event. The engine must
 * agree with it; a planted error must make them disagree. Of one run; not for cancelled ones.
 */
export class NaiveFrames {
  readonly #concurrency: number;
  readonly #mutation: FrameMutation | undefined;
  readonly #frames = new Map<string, NaiveFrame>();
  readonly #composites = new Map<TaskId, NaiveComposite>();
  readonly #running = new Set<TaskId>();
  #queue: TaskId[] = [];

  constructor(nested: Nested, concurrency: number, base: ReadonlyMap<string, Json>, mutation?: FrameMutation) {
    this.#concurrency = concurrency;
    this.#mutation = mutation;
    const { structure, steps } = nested.scenario;
    const reference = new ReferenceEngine(structure, { steps, concurrency: Number.POSITIVE_INFINITY }, base);
    this.#frames.set("", { prefix: "", nested, reference, number: 0, owner: undefined, tolerant: false, holds: false });
  }

  /** What is committed in the run itself. */
  get state(): View {
    return this.#frame("").reference.state;
  }

  /** The task while it is in flight, with what it sees by now. */
  task(id: TaskId): Task | undefined {
    const at = id.lastIndexOf("/") + 1;
    const task = this.#frames.get(id.slice(0, at))?.reference.task(id.slice(at));
    return task && { ...task, id };
  }

  /** Every open frame, by the prefix of its tasks' names: what is in flight there, what pends, what is committed. */
  open(): readonly NaiveOpen[] {
    const owned = [...this.#frames.values()].filter((frame): frame is OwnedFrame => frame.owner !== undefined);
    return owned.map(({ prefix, number, owner, reference }) => ({
      composite: owner.id,
      frame: number,
      state: reference.state,
      pending: reference.pending(),
      flights: reference.inFlight().map(({ task: { id }, state }) => {
        const name = prefix + id;
        return { id: name, state: this.#composites.has(name) ? "open" : this.#stateOf(name, state) };
      }),
    }));
  }

  /** Of the run's slots a reference knows nothing. */
  #stateOf(id: TaskId, state: FlightState): FlightState {
    return state === "running" && !this.#running.has(id) ? "ready" : state;
  }

  apply(event: EngineEvent): NaiveStep {
    const begin: string[] = [];
    const left: NaiveLeft[] = [];
    const due: TaskId[] = [];
    const advance = (composite: NaiveComposite): void => {
      begin.push(...this.#ask(composite).map((frame) => `${composite.id} ${frame}`));
      if (composite.due) due.push(composite.id);
    };
    const { frame, step, opened } = this.#take(event);
    this.#queue.push(...(step?.start ?? []).map(({ id }) => frame.prefix + id));
    const holds = this.#is("open-composite-holds-a-slot") ? this.#composites.size : 0;
    const start = this.#queue.splice(0, Math.max(0, this.#concurrency - this.#running.size - holds));
    for (const id of start) this.#running.add(id);
    if (opened !== undefined) advance(opened);
    for (let over = this.#findOver(); over !== undefined; over = this.#findOver()) {
      left.push(this.#leave(over, over.owner));
      advance(over.owner);
    }
    const ready = (step?.ready ?? []).map((task) => ({ ...task, id: frame.prefix + task.id }));
    return { ready, start, begin, left, due, rest: this.#rest() };
  }

  #take(event: EngineEvent): { frame: NaiveFrame; step?: Step; opened?: NaiveComposite } {
    if (!("task" in event)) return { frame: this.#frame(""), step: this.#frame("").reference.apply(event) };
    const { task } = event;
    const frame = this.#frameOf(task);
    const opened = this.#composites.get(task);
    this.#running.delete(task);
    if (event.type === "frames-announced") return { frame, opened: this.#open(task, frame, event) };
    if (event.type === "frame-started" && opened !== undefined) {
      const inside = this.#begin(opened, event.frame);
      return { frame: inside, step: inside.reference.apply({ type: "started", outcome: event.outcome }) };
    }
    if (event.type === "frame-failed" && opened?.asked.delete(event.frame) === true) {
      opened.over += 1;
      return { frame, opened };
    }
    if (event.type === "frames-extended" && opened !== undefined) {
      const holds = opened.holds || event.holds === true;
      Object.assign(opened, { due: false, frames: opened.frames + 1, holds });
      return { frame, opened };
    }
    this.#drop(task);
    return { frame, step: frame.reference.apply({ ...event, task: task.slice(frame.prefix.length) }) };
  }

  #open(id: TaskId, frame: NaiveFrame, announced: Announcement): NaiveComposite {
    const inner = frame.nested.composites.get(Number(id.slice(frame.prefix.length).split(".")[1]));
    if (inner === undefined) throw new Error(`${id} is no composite.`);
    const counts = { frames: announced.frames, next: 0, over: 0, won: 0, due: false, holds: false, carried: undefined };
    const composite: NaiveComposite = { id, frame, inner, announced, asked: new Set(), ...counts };
    this.#composites.set(id, composite);
    return composite;
  }

  #ask(composite: NaiveComposite): number[] {
    const { announced, asked } = composite;
    const isOpen = (): number => this.#framesOf(composite).length + asked.size;
    const most = this.#is("frames-begin-all-at-once") ? Number.POSITIVE_INFINITY : announced.concurrency;
    const isWon = composite.won >= (announced.winners ?? Number.POSITIVE_INFINITY);
    const now: number[] = [];
    for (; !isWon && composite.next < composite.frames && isOpen() < most; composite.next += 1) {
      asked.add(composite.next);
      now.push(composite.next);
    }
    const enough = this.#is("over-with-its-first-frame") ? Math.min(1, composite.frames) : composite.frames;
    composite.due ||= isWon || composite.over >= enough;
    return now;
  }

  #begin(composite: NaiveComposite, number: number): NaiveFrame {
    const { id, inner, frame } = composite;
    composite.asked.delete(number);
    const { structure, steps } = inner.scenario;
    const task = frame.reference.task(id.slice(frame.prefix.length));
    if (task === undefined) throw new Error(`${id} is not in flight.`);
    const carried = this.#is("turn-begins-as-the-first") ? undefined : composite.carried;
    const channels = carried === undefined ? inner.shares : structure.channels.map(({ name }) => name);
    const from = carried ?? (this.#is("frame-sees-later-writes") ? frame.reference.state : task.view);
    const base = channels.flatMap((channel): [string, Json][] => {
      const value = this.#is("shared-channel-begins-empty") ? undefined : readFrom(from, channel, carried);
      return value === undefined ? [] : [[channel, value]];
    });
    const limit = this.#is("frame-limit-counts-levels-around") ? steps - task.level : steps;
    const options = { steps: limit, concurrency: Number.POSITIVE_INFINITY };
    const prefix = inner.many && !this.#is("ids-without-the-frame") ? `${id}[${number}]/` : `${id}/`;
    const reference = new ReferenceEngine(structure, options, new Map(base));
    const holds = composite.holds && !this.#is("held-frame-is-over");
    const tolerant = composite.announced.tolerant && !holds;
    const begun: NaiveFrame = { prefix, nested: inner, reference, number, owner: composite, tolerant, holds };
    this.#frames.set(prefix, begun);
    return begun;
  }

  /** The innermost frame in which nothing can happen any more. */
  #findOver(): OwnedFrame | undefined {
    const over = [...this.#frames.values()].filter((frame): frame is OwnedFrame => this.#isOver(frame));
    return over.sort((one, other) => other.prefix.length - one.prefix.length)[0];
  }

  #isOver({ prefix, owner, reference, tolerant }: NaiveFrame): boolean {
    if (owner === undefined || this.#isBusy(prefix)) return false;
    const flights = this.#flights(prefix);
    const waits = flights.some(({ state }) => state === "waiting");
    if (waits && !(tolerant && this.#is("tolerant-frame-leaves-its-waits"))) return false;
    const isHeld = flights.some(({ id, state }) => state === "failed" && this.#isHeld(id, prefix));
    if (isHeld && !this.#is("frame-around-bears-what-holds")) return false;
    if (tolerant || this.#is("failed-frame-is-over")) return true;
    return reference.inFlight().length === 0 && reference.pending().length === 0;
  }

  /** Between the task and the frame around it there is one that holds, before any that bears failures. */
  #isHeld(id: TaskId, around: string): boolean {
    for (let frame: NaiveFrame | undefined = this.#frameOf(id); frame !== undefined; frame = frame.owner?.frame) {
      if (frame.holds) return true;
      if (frame.tolerant || frame.prefix === around) return false;
    }
    return false;
  }

  #isBusy(prefix: string): boolean {
    if ([...this.#running, ...this.#queue].some((id) => id.startsWith(prefix))) return true;
    return [...this.#composites.values()].some(
      ({ id, due, asked }) => id.startsWith(prefix) && (due || asked.size > 0),
    );
  }

  #leave({ prefix, number, reference }: NaiveFrame, owner: NaiveComposite): NaiveLeft {
    const failed = this.#flights(prefix).flatMap(({ id, state }) => (state === "failed" ? [id] : []));
    this.#forget(prefix);
    owner.over += 1;
    if (failed.length === 0) owner.won += 1;
    if (owner.inner.carries) owner.carried = reference.state;
    const byCommit = this.#is("shared-writes-in-order-of-commit");
    const writesTo = (channel: string): readonly Json[] => reference.writesTo(channel, byCommit);
    return { composite: owner.id, frame: number, state: reference.state, writesTo, failed };
  }

  /** A composite has its outcome: what is still open in it is dropped. */
  #drop(id: TaskId): void {
    const composite = this.#composites.get(id);
    if (composite === undefined) return;
    for (const { prefix } of this.#framesOf(composite)) this.#forget(prefix);
    this.#composites.delete(id);
  }

  #forget(prefix: string): void {
    for (const id of this.#composites.keys()) if (id.startsWith(prefix)) this.#composites.delete(id);
    for (const inner of this.#frames.keys()) if (inner.startsWith(prefix)) this.#frames.delete(inner);
    for (const id of this.#running) if (id.startsWith(prefix)) this.#running.delete(id);
    this.#queue = this.#queue.filter((id) => !id.startsWith(prefix));
  }

  /** In canonical order, behind each composite those of its frames. */
  #flights(prefix: string): { readonly id: TaskId; readonly state: string }[] {
    return this.#frame(prefix)
      .reference.inFlight()
      .flatMap(({ task, state }) => {
        const id = prefix + task.id;
        const composite = this.#composites.get(id);
        if (composite === undefined) return [{ id, state }];
        const inner = this.#framesOf(composite).flatMap((frame) => this.#flights(frame.prefix));
        return [{ id, state: "open" }, ...inner];
      });
  }

  #framesOf(composite: NaiveComposite): NaiveFrame[] {
    const frames = [...this.#frames.values()].filter(({ owner }) => owner === composite);
    return frames.sort((one, other) => one.number - other.number);
  }

  #rest(): Rest {
    if (this.#isBusy("")) return { kind: "running" };
    const flights = this.#flights("");
    const named = (wanted: string): TaskId[] => flights.flatMap(({ id, state }) => (state === wanted ? [id] : []));
    return flights.length === 0
      ? { kind: "done" }
      : { kind: "paused", waiting: named("waiting"), failed: named("failed") };
  }

  #frameOf(task: TaskId): NaiveFrame {
    return this.#frame(task.slice(0, task.lastIndexOf("/") + 1));
  }

  #frame(prefix: string): NaiveFrame {
    const frame = this.#frames.get(prefix);
    if (frame === undefined) throw new Error(`There is no frame ${prefix}.`);
    return frame;
  }

  #is(mutation: FrameMutation): boolean {
    return this.#mutation === mutation;
  }
}

/** What a frame left in conflict (R6) is absent in the next. */
function readFrom(state: View, channel: string, carried: View | undefined): Json | undefined {
  try {
    return state.read(channel);
  } catch (thrown) {
    if (carried === undefined || toErrorRecord(thrown).code !== "conflicting_write") throw thrown;
    return undefined;
  }
}
