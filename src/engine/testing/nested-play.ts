import { canonicalJson, type Json } from "../../base/json.ts";
import { createTopology } from "../../graph/topology.ts";
import { createEngine } from "../engine.ts";
import type { Engine, EngineEvent, FrameRequest, LeftFrame, Outcome, Step, Task, TaskId } from "../types.ts";
import { deedOf, digestOf, startOf } from "./behaviour.ts";
import { FrameAgreement } from "./frame-agreement.ts";
import type { FrameMutation } from "./frame-mutations.ts";
import { type Composition, interiorsOf, type Nested, placeOf, randomNested } from "./nested.ts";
import { describeTask, snapshotOf, TooLong } from "./play.ts";
import { Random } from "./random.ts";

const EVENTS_AT_MOST = 600;
const BASE: ReadonlyMap<string, Json> = new Map([["log", ["base"]]]);
const FAILURE = { code: "node_failed", message: "as planned", retryable: false } as const;

export function nestedEngine(nested: Nested, concurrency: number): Engine {
  const { structure, steps } = nested.scenario;
  return createEngine(
    structure,
    createTopology(structure),
    { steps, concurrency, interiors: interiorsOf(nested) },
    BASE,
  );
}

/** One schedule each, the last with crashes. */
const SLOTS = [1, 2, 3, 1000, 2];

/** Plays one random graph with several timings; `fault` says what must not be. Of races timing may decide, nothing else. */
export function examineNested(seed: number, races = false): { readonly fault?: string; readonly result: string } {
  const nested = randomNested(seed, races);
  const results = new Set<string>();
  for (const [timing, slots] of SLOTS.entries()) {
    try {
      results.add(playNested(nested, new Random("nested timing", seed, timing), slots, timing === SLOTS.length - 1));
    } catch (thrown) {
      if (!(thrown instanceof TooLong))
        return { fault: `seed ${seed}, timing ${timing}: ${String(thrown)}`, result: "" };
    }
  }
  const [result = ""] = results;
  return results.size > 1 && !races ? { fault: `seed ${seed}: timing decides`, result } : { result };
}

/** Plays a graph with composites to its end, and answers all that must not depend on timing. */
export function playNested(
  nested: Nested,
  timing: Random,
  concurrency: number,
  crashes: boolean,
  mutation?: FrameMutation,
): string {
  const agreement = new FrameAgreement(nested, concurrency, BASE, mutation);
  return new NestedPlayer(nested, timing, concurrency, crashes, agreement).run();
}

/** The events of one such game without crashes; undefined where it grew beyond use. */
export function nestedEvents(nested: Nested, timing: Random, concurrency: number): readonly EngineEvent[] | undefined {
  const player = new NestedPlayer(nested, timing, concurrency, false, new FrameAgreement(nested, concurrency, BASE));
  try {
    player.run();
  } catch (thrown) {
    if (thrown instanceof TooLong) return undefined;
    throw thrown;
  }
  return player.events;
}

/** The first of so many graphs in which the engine and a planted error of composites disagree; without one they never do. */
export function frameKillerOf(mutation: FrameMutation | undefined, graphs: number): number | undefined {
  for (let seed = 0; seed < graphs; seed += 1) {
    for (const [timing, slots] of SLOTS.entries()) {
      try {
        playNested(randomNested(seed), new Random("nested timing", seed, timing), slots, false, mutation);
      } catch (thrown) {
        if (!(thrown instanceof TooLong)) return seed;
      }
    }
  }
  return undefined;
}

interface Move {
  readonly task: TaskId;
  make(): EngineEvent;
}

class NestedPlayer {
  readonly #nested: Nested;
  readonly #timing: Random;
  readonly #concurrency: number;
  readonly #crashes: boolean;
  #engine: Engine;
  readonly #agreement: FrameAgreement;
  readonly events: EngineEvent[] = [];
  readonly #record = new Map<string, string>();
  readonly #ends = new Map<TaskId, string[]>();
  readonly #broken = new Set<TaskId>();
  readonly #resumed = new Set<TaskId>();
  readonly #lost = new Set<TaskId>();
  #moves: Move[] = [];
  #toResume: TaskId[] = [];

  constructor(nested: Nested, timing: Random, concurrency: number, crashes: boolean, agreement: FrameAgreement) {
    this.#nested = nested;
    this.#timing = timing;
    this.#concurrency = concurrency;
    this.#crashes = crashes;
    this.#engine = nestedEngine(nested, concurrency);
    this.#agreement = agreement;
  }

  run(): string {
    let step = this.#apply({ type: "started", outcome: startOf(this.#nested.scenario) });
    for (let event = this.#next(step); event !== undefined; event = this.#next(step)) {
      if (this.events.length > EVENTS_AT_MOST) throw new TooLong(`seed ${this.#nested.scenario.seed}`);
      step = this.#apply(event);
    }
    const lines = [...this.#record].map(([id, entry]) => `${id}: ${entry}`).sort();
    return `${lines.join("\n")}\n${snapshotOf(this.#nested.scenario, this.#engine, step.rest)}`;
  }

  #apply(event: EngineEvent): Step {
    const step = this.#engine.apply(event);
    this.events.push(event);
    this.#agreement.compare(event, step);
    // Reading folds every channel of every frame: not each time.
    if (this.events.length % 3 === 0) this.#agreement.compareFrames(this.#engine);
    for (const task of step.start) this.#moves.push({ task: task.id, make: () => this.#finish(task) });
    for (const { task } of step.failed) this.#lose(task.id, `${task.id} step limit`);
    for (const request of step.frames?.begin ?? [])
      this.#moves.push({ task: request.composite.id, make: () => this.#begin(request) });
    for (const left of step.frames?.left ?? []) this.#leave(left);
    for (const task of step.frames?.due ?? []) this.#moves.push({ task: task.id, make: () => this.#conclude(task) });
    // What a race has dropped does not move any more (R11).
    this.#moves = this.#moves.filter(({ task }) => this.#engine.task(task) !== undefined);
    this.#toResume = this.#toResume.filter((task) => this.#engine.task(task) !== undefined);
    if (this.#crashes && this.#timing.chance(0.1)) this.#crash();
    return step;
  }

  #next({ rest }: Step): EngineEvent | undefined {
    if (this.#moves.length > 0 && (this.#toResume.length === 0 || this.#timing.chance(0.6))) {
      const [move] = this.#moves.splice(this.#timing.below(this.#moves.length), 1);
      return move?.make();
    }
    if (rest.kind === "running" && this.#moves.length === 0) throw new Error("It runs, and nothing can move.");
    if (this.#toResume.length === 0 && rest.kind === "paused")
      this.#toResume = [...rest.waiting, ...rest.failed].filter((task) => !this.#lost.has(task));
    const [task] = this.#toResume.splice(this.#timing.below(this.#toResume.length), 1);
    if (task === undefined) return undefined;
    this.#resumed.add(task);
    return { type: "task-resumed", task };
  }

  #finish(task: Task): EngineEvent {
    const { nested, tolerated } = placeOf(this.#nested, task.id);
    const composition = nested.composites.get(task.node);
    if (composition !== undefined) return this.#announce(task, nested, composition);
    const deed = deedOf(nested.scenario, task, this.#resumed.has(task.id));
    this.#note(task.id, `${describeTask(nested.scenario, task)} ${deed.kind}`);
    if (deed.kind === "wait") return { type: "task-waiting", task: task.id };
    if (deed.kind === "succeed") return { type: "task-succeeded", task: task.id, outcome: deed.outcome };
    if (deed.kind === "take-error-edge")
      return { type: "task-failed", task: task.id, error: FAILURE, outcome: deed.outcome };
    if (tolerated || !deed.redriven) this.#lost.add(task.id);
    return { type: "task-failed", task: task.id, error: FAILURE };
  }

  #announce(task: Task, { scenario }: Nested, { many, tolerant, shares, carries, winners }: Composition): EngineEvent {
    if (shares.some((channel) => isInConflict(task, channel))) {
      this.#lose(task.id, `${describeTask(scenario, task)} cannot read what it shares`);
      return { type: "task-failed", task: task.id, error: FAILURE };
    }
    const random = new Random("announce", scenario.seed, task.node, digestOf(scenario, task.view));
    const frames = carries ? random.below(2) : many ? random.below(4) : 1;
    this.#note(task.id, `${describeTask(scenario, task)} opens ${frames}`);
    this.#ends.set(task.id, []);
    this.#broken.delete(task.id);
    const announced = { frames, concurrency: 1 + random.below(3), tolerant };
    return {
      type: "frames-announced",
      task: task.id,
      ...announced,
      ...(winners === undefined ? {} : { winners }),
    };
  }

  #begin({ composite, frame }: FrameRequest): EngineEvent {
    const { composites, scenario } = placeOf(this.#nested, composite.id).nested;
    const inner = composites.get(composite.node);
    if (inner === undefined) throw new Error(`${composite.id} is no composite.`);
    const random = new Random("begin", scenario.seed, composite.id, frame);
    if (!random.chance(0.1))
      return { type: "frame-started", task: composite.id, frame, outcome: startOf(inner.scenario) };
    this.#ends.get(composite.id)?.push(`${frame} cannot begin`);
    if (!inner.tolerant) this.#broken.add(composite.id);
    return { type: "frame-failed", task: composite.id, frame };
  }

  #leave(left: LeftFrame): void {
    const { composite, frame, state, failed } = left;
    const inner = placeOf(this.#nested, composite.id).nested.composites.get(composite.node);
    if (inner === undefined) throw new Error(`${composite.id} is no composite.`);
    const shared = inner.shares.map((channel) => `${channel} ${orThrown(() => canonicalJson(left.writesTo(channel)))}`);
    const end = `${frame} ends ${digestOf(inner.scenario, state)} with ${shared.join(" ")} failed ${failed.join(" ")}`;
    this.#ends.get(composite.id)?.push(end);
  }

  #conclude(task: Task): EngineEvent {
    const { scenario, composites } = placeOf(this.#nested, task.id).nested;
    const { carries = false, holds = false } = composites.get(task.node) ?? {};
    if (carries && this.#goesOn(task, holds))
      return { type: "frames-extended", task: task.id, ...(holds ? { holds } : {}) };
    const ends = [...(this.#ends.get(task.id) ?? [])].sort().join("\n  ");
    this.#note(task.id, `is over: ${ends}`);
    if (this.#broken.has(task.id)) {
      this.#lost.add(task.id);
      return { type: "task-failed", task: task.id, error: FAILURE };
    }
    const random = new Random("conclude", scenario.seed, task.node, ends);
    const takes = (scenario.structure.edges[task.node] ?? []).filter(() => random.chance(0.6));
    const outcome: Outcome = { writes: [{ channel: "log", value: random.below(1000) }], takes, sends: [] };
    return { type: "task-succeeded", task: task.id, outcome };
  }

  /** A loop has another turn: decided by what the last one left, and never after one that failed. A saga may have one then. */
  #goesOn(task: Task, holds: boolean): boolean {
    const ends = this.#ends.get(task.id) ?? [];
    const last = ends.at(-1) ?? "none";
    if (ends.length >= 4 || last.includes("cannot begin")) return false;
    if (!holds && (last.includes("conflicting_write") || /failed \S/.test(last))) return false;
    return new Random("again", last).chance(0.7);
  }

  #lose(task: TaskId, why: string): void {
    this.#lost.add(task);
    this.#note(task, why);
  }

  #note(task: TaskId, entry: string): void {
    this.#record.set(task, `${this.#record.get(task) ?? ""}${entry}; `);
  }

  /** The engine is rebuilt from its events: all that can be asked of it must be the same. */
  #crash(): void {
    const replayed = nestedEngine(this.#nested, this.#concurrency);
    for (const event of this.events) replayed.apply(event);
    const [was, is] = [askedOf(this.#engine), askedOf(replayed)];
    if (was !== is) throw new Error(`wrong restore after ${this.events.length} events:\n${was}\n--- but ---\n${is}`);
    this.#engine = replayed;
  }
}

function askedOf(engine: Engine): string {
  const flights = [...engine.inFlight(), ...engine.inFrames()].map(({ task, state }) => `${task.id} ${state}`);
  const { begin, due } = engine.owed();
  const owed = [...begin.map(({ composite, frame }) => `${composite.id}[${frame}]`), ...due.map(({ id }) => id)];
  return `${flights.join(" ")} owes ${owed.join(" ")} pends ${JSON.stringify(engine.pending())}`;
}

/** R6: who reads it fails; handing it to a frame is reading it. */
function isInConflict(task: Task, channel: string): boolean {
  try {
    task.view.read(channel);
    return false;
  } catch {
    return true;
  }
}

function orThrown(read: () => string): string {
  try {
    return read();
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : "thrown";
  }
}
