import type { Task, TaskId } from "../../src/engine/types.ts";
import type { Globals, Plan, Scope } from "../../src/graph/plan.ts";
import { planOf } from "../log/places.ts";
import { type Given, globalsOf } from "./globals.ts";
import type { Playback } from "./playback.ts";

/** What the expressions of a run see. */
export class Scopes {
  readonly #playback: Playback;
  readonly #localsOf: (task: TaskId) => Globals | undefined;
  readonly #globals = new Map<Plan, Globals>();
  #given: Given;

  /** @param localsOf what those of a task in a frame see besides */
  constructor(playback: Playback, given: Given, localsOf: (task: TaskId) => Globals | undefined) {
    this.#playback = playback;
    this.#given = given;
    this.#localsOf = localsOf;
  }

  /** The run goes on with this. */
  give(given: Given): void {
    this.#given = given;
    this.#globals.clear();
  }

  /** What a task's expressions see: its view, what the run was given, and in a frame its item. */
  of({ id, view, payload }: Task): Scope {
    const globals = this.globals(planOf(this.#playback.plan, id));
    const locals = this.#localsOf(id);
    return {
      read: (channel) => view.read(channel),
      globals: locals === undefined ? globals : { ...globals, ...locals },
      ...(payload === undefined ? {} : { payload }),
    };
  }

  /** What the run's own expressions would see now. */
  now(): Scope {
    const { engine, plan } = this.#playback;
    return { read: (channel) => engine.state.read(channel), globals: this.globals(plan) };
  }

  globals(plan: Plan): Globals {
    const globals = this.#globals.get(plan) ?? globalsOf(plan, this.#given);
    this.#globals.set(plan, globals);
    return globals;
  }
}
