import type { FlatEngine, EngineEvent, Rest, Task, TaskId } from "../types.ts";
import { deedOf, digestOf, startOf, updateOf } from "./behaviour.ts";
import type { Scenario } from "./graphs.ts";
import { Random } from "./random.ts";

/** What of a run must not depend on timing (R5): each task with what it was given and did, and the end. */
export interface Played {
  readonly tasks: ReadonlyMap<TaskId, string>;
  readonly end: string;
  readonly events: readonly EngineEvent[];
}

export interface Disturbance {
  /** Called after every event; may replace the engine (a crash, and its restore from the events). */
  readonly after?: (engine: FlatEngine, events: readonly EngineEvent[]) => FlatEngine;
  /** Cancels once so many events have happened. */
  readonly cancelAfter?: number;
}

/** A graph whose run grows beyond this is of no use to a test. */
export const EVENTS_AT_MOST = 250;
export class TooLong extends Error {}

/** Plays a scenario to its end; `timing` decides what happens next whenever several things could. */
export function play(scenario: Scenario, engine: FlatEngine, timing: Random, disturbance: Disturbance = {}): Played {
  return new Player(scenario, engine, timing, disturbance).run();
}

class Player {
  readonly #scenario: Scenario;
  readonly #timing: Random;
  readonly #disturbance: Disturbance;
  #engine: FlatEngine;
  readonly #events: EngineEvent[] = [];
  readonly #tasks = new Map<TaskId, string>();
  #running: Task[] = [];
  readonly #resumed = new Set<TaskId>();
  /** Failed for good. */
  readonly #lost = new Set<TaskId>();
  /** What rested when the current phase began; all of it goes on, in any order, before the next write from outside. */
  #toResume: TaskId[] = [];
  #pauses = 0;

  constructor(scenario: Scenario, engine: FlatEngine, timing: Random, disturbance: Disturbance) {
    this.#scenario = scenario;
    this.#engine = engine;
    this.#timing = timing;
    this.#disturbance = disturbance;
  }

  run(): Played {
    let rest = this.#apply({ type: "started", outcome: startOf(this.#scenario) });
    for (let next = this.#next(rest); next !== undefined; next = this.#next(rest)) {
      if (this.#events.length > EVENTS_AT_MOST) throw new TooLong(`seed ${this.#scenario.seed}`);
      if (this.#events.length === this.#disturbance.cancelAfter) next = { type: "cancelled" };
      rest = this.#apply(next);
    }
    return { tasks: this.#tasks, end: snapshotOf(this.#scenario, this.#engine, rest), events: this.#events };
  }

  #apply(event: EngineEvent): Rest {
    const { start, failed, rest } = this.#engine.apply(event);
    this.#events.push(event);
    this.#engine = this.#disturbance.after?.(this.#engine, this.#events) ?? this.#engine;
    this.#running.push(...start);
    for (const { task } of failed) {
      this.#lost.add(task.id);
      this.#record(task, "step limit");
    }
    return rest;
  }

  #next(rest: Rest): EngineEvent | undefined {
    if (rest.kind === "cancelled") return undefined;
    if (this.#running.length > 0 && (this.#toResume.length === 0 || this.#timing.chance(0.6))) {
      return this.#finish(this.#takeAny(this.#running));
    }
    if (this.#toResume.length > 0) {
      const task = this.#takeAny(this.#toResume);
      this.#resumed.add(task);
      return { type: "task-resumed", task };
    }
    return this.#atRest(rest);
  }

  /** A new phase: perhaps a write from outside, then everything that rests goes on. */
  #atRest(rest: Rest): EngineEvent | undefined {
    this.#pauses += 1;
    if (rest.kind === "paused") {
      this.#toResume = [...rest.waiting, ...rest.failed].filter((task) => !this.#lost.has(task));
    }
    const { features, seed } = this.#scenario;
    if (features.outside && this.#pauses <= 3 && new Random("update", seed, this.#pauses).chance(0.6)) {
      return { type: "state-updated", ...updateOf(this.#scenario, this.#pauses) };
    }
    if (this.#toResume.length === 0) return undefined;
    // Who goes on may raise the limit by which tasks have failed.
    const raised = new Random("limit", seed, this.#pauses);
    if (features.outside && raised.chance(0.3))
      return { type: "continued", steps: this.#scenario.steps + 1 + raised.below(8) };
    return this.#next(rest);
  }

  #finish(task: Task): EngineEvent {
    const deed = deedOf(this.#scenario, task, this.#resumed.has(task.id));
    this.#record(task, deed.kind);
    if (deed.kind === "wait") return { type: "task-waiting", task: task.id };
    if (deed.kind === "succeed") return { type: "task-succeeded", task: task.id, outcome: deed.outcome };
    const error = { code: "node_failed", message: "as planned", retryable: false } as const;
    if (deed.kind === "take-error-edge") return { type: "task-failed", task: task.id, error, outcome: deed.outcome };
    if (!deed.redriven) this.#lost.add(task.id);
    return { type: "task-failed", task: task.id, error };
  }

  #record(task: Task, deed: string): void {
    const entry = `${describeTask(this.#scenario, task)} -> ${deed}; `;
    this.#tasks.set(task.id, (this.#tasks.get(task.id) ?? "") + entry);
  }

  #takeAny<Item>(from: Item[]): Item {
    const [item] = from.splice(this.#timing.below(from.length), 1);
    if (item === undefined) throw new Error("Nothing to choose from.");
    return item;
  }
}

/** All that can be asked of an engine between two events. */
export function snapshotOf(scenario: Scenario, engine: FlatEngine, rest: Rest): string {
  const flights = engine.inFlight().map(({ task, state }) => `${state} ${describeTask(scenario, task)}`);
  const pending = engine.pending().map(({ node, count }) => `${node}x${count}`);
  const state = digestOf(scenario, engine.state);
  return [JSON.stringify(rest), ...flights, `pending ${pending.join(" ")}`, `state ${state}`].join("\n");
}

export function describeTask(scenario: Scenario, task: Task): string {
  const payload = JSON.stringify(task.payload ?? null);
  return `${task.id} node ${task.node} level ${task.level} ordinal ${task.ordinal} payload ${payload} sees ${digestOf(scenario, task.view)}`;
}
