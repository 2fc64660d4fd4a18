import type { FlatEngine, EngineEvent, Step, Task } from "../types.ts";
import type { Scenario } from "./graphs.ts";
import { describeTask, snapshotOf } from "./play.ts";

/** Two engines disagree about what an event made of a run. */
export class Difference extends Error {}

/** Runs two engines side by side and compares all they say after every event. */
export class Twin implements FlatEngine {
  readonly #scenario: Scenario;
  readonly #one: FlatEngine;
  readonly #other: FlatEngine;

  constructor(scenario: Scenario, one: FlatEngine, other: FlatEngine) {
    this.#scenario = scenario;
    this.#one = one;
    this.#other = other;
  }

  get state(): FlatEngine["state"] {
    return this.#one.state;
  }

  apply(event: EngineEvent): Step {
    const step = this.#one.apply(event);
    const [one, other] = [this.#describe(this.#one, step), this.#describe(this.#other, this.#other.apply(event))];
    if (one !== other)
      throw new Difference(`seed ${this.#scenario.seed}, ${JSON.stringify(event)}:\n${one}\n--- but ---\n${other}`);
    return step;
  }

  task(id: string): Task | undefined {
    return this.#one.task(id);
  }

  inFlight(): ReturnType<FlatEngine["inFlight"]> {
    return this.#one.inFlight();
  }

  pending(): ReturnType<FlatEngine["pending"]> {
    return this.#one.pending();
  }

  explain(node: number): ReturnType<FlatEngine["explain"]> {
    return this.#one.explain(node);
  }

  #describe(engine: FlatEngine, step: Step): string {
    const tasks = (list: readonly Task[]): string =>
      list.map((task) => describeTask(this.#scenario, task)).join("\n  ");
    const failed = step.failed.map(({ task, error }) => `${describeTask(this.#scenario, task)} ${error.code}`);
    const snapshot = snapshotOf(this.#scenario, engine, step.rest);
    const waits = engine.pending().map(({ node }) => this.#describeWait(engine, node));
    return `ready ${tasks(step.ready)}\nstart ${tasks(step.start)}\nfailed ${failed.join(" ")}\n${snapshot}\n${waits.join(" ")}`;
  }

  /** The two may name different nodes and ways; each has to be one. */
  #describeWait(engine: FlatEngine, node: number): string {
    const wait = engine.explain(node);
    if (wait === undefined) return "free";
    if (engine !== this.#one) return "waits";
    const { edges } = this.#scenario.structure;
    const active = [...engine.inFlight().map(({ task }) => task.node), ...engine.pending().map((one) => one.node)];
    const isWay = wait.path.every(
      (from, at) => at + 1 === wait.path.length || edges[from]?.includes(wait.path[at + 1] ?? -1),
    );
    const holds =
      isWay && wait.path[0] === wait.waitsFor && wait.path.at(-1) === node && active.includes(wait.waitsFor);
    return holds ? "waits" : `waits for ${wait.waitsFor} by ${wait.path.join(" ")}, which is no way`;
  }
}
