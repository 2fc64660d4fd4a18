import { toErrorRecord } from "../../base/errors.ts";
import { canonicalJson } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";
import type { Engine, EngineEvent, Step } from "../types.ts";
import { digestOf } from "./behaviour.ts";
import type { FrameMutation } from "./frame-mutations.ts";
import { NaiveFrames } from "./naive-frames.ts";
import type { NaiveLeft, NaiveOpen, NaiveStep } from "./naive-frames.ts";
import { type Nested, placeOf } from "./nested.ts";
import { describeTask } from "./play.ts";

/** Holds an engine to {@link NaiveFrames} after every event: ids, views, slots, frames asked for and left, and the rest. */
export class FrameAgreement {
  readonly #nested: Nested;
  readonly #naive: NaiveFrames;

  constructor(nested: Nested, concurrency: number, base: ReadonlyMap<string, Json>, mutation?: FrameMutation) {
    this.#nested = nested;
    this.#naive = new NaiveFrames(nested, concurrency, base, mutation);
  }

  /** @throws Error where they disagree */
  compare(event: EngineEvent, step: Step): void {
    const wanted = this.#told(this.#naive.apply(event));
    const { begin = [], left = [], due = [] } = step.frames ?? {};
    const is = this.#told({
      ready: step.ready,
      start: step.start.map(({ id }) => id),
      begin: begin.map(({ composite, frame }) => `${composite.id} ${frame}`),
      left: left.map((each) => ({ ...each, composite: each.composite.id })),
      due: due.map(({ id }) => id),
      rest: step.rest,
    });
    if (is !== wanted) throw new Error(`after ${event.type}:\n${is}\n--- but ---\n${wanted}`);
  }

  /** What can be read of open frames. @throws Error where they disagree */
  compareFrames(engine: Engine): void {
    const frames = [...engine.inFlight(), ...engine.inFrames()].flatMap(({ task: { id } }) =>
      engine.framesOf(id).map((open) => {
        const flights = open.inFlight().map(({ task, state }) => ({ id: task.id, state }));
        return { composite: id, frame: open.frame, state: open.state, pending: open.pending(), flights };
      }),
    );
    const [is, wanted] = [this.#opened(frames), this.#opened(this.#naive.open())];
    if (is !== wanted) throw new Error(`open frames:\n${is}\n--- but ---\n${wanted}`);
  }

  #opened(frames: readonly NaiveOpen[]): string {
    const told = frames.map(({ composite, frame, state, pending, flights }) => {
      const { scenario } = placeOf(this.#nested, `${composite}/`).nested;
      const tasks = flights.map(({ id, state: is }) => `${id} ${is}`).join(" ");
      return `${composite}[${frame}]: ${tasks} pends ${JSON.stringify(pending)} holds ${digestOf(scenario, state)}`;
    });
    return told.sort().join("\n");
  }

  #told({ ready, start, begin, left, due, rest }: NaiveStep): string {
    const tasks = ready.map((task) => {
      const local = { ...task, id: task.id.slice(task.id.lastIndexOf("/") + 1) };
      return `${task.id} ${describeTask(placeOf(this.#nested, task.id).nested.scenario, local)}`;
    });
    const asked = [`starts ${start.join(" ")}`, `begin ${begin.join(", ")}`, `due ${due.join(" ")}`];
    return [...tasks, ...asked, ...left.map((each) => this.#left(each)), JSON.stringify(rest)].join("\n");
  }

  #left({ composite, frame, state, writesTo, failed }: NaiveLeft): string {
    const { scenario } = placeOf(this.#nested, `${composite}/`).nested;
    const shared = scenario.structure.channels.map(
      ({ name }) => `${name} ${textOr(() => canonicalJson(writesTo(name)))}`,
    );
    return `${composite} left ${frame}: ${digestOf(scenario, state)} with ${shared.join(" ")} failed ${failed.join(" ")}`;
  }
}

function textOr(read: () => string): string {
  try {
    return read();
  } catch (thrown) {
    return toErrorRecord(thrown).code;
  }
}
