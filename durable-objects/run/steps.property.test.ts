import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEngine } from "../../src/engine/engine.ts";
import { digestOf } from "../../src/engine/testing/behaviour.ts";
import { type Scenario, randomScenario } from "../../src/engine/testing/graphs.ts";
import { play, TooLong } from "../../src/engine/testing/play.ts";
import { Random } from "../../src/engine/testing/random.ts";
import type { Engine, EngineEvent, FlatEngine, Outcome } from "../../src/engine/types.ts";
import { createTopology } from "../../src/graph/topology.ts";
import { type ShownStep, Steps } from "./steps.ts";

const BASE = new Map([["log", ["base"]]]);
/** Nothing is committed after its level was shown: whatever waits or fails once is what rests at the end. */
function withoutLate(seed: number): Scenario {
  const scenario = randomScenario(seed);
  return { ...scenario, features: { ...scenario.features, waits: false, outside: false } };
}

function engineOf({ structure, steps }: Scenario, concurrency: number): Engine {
  return createEngine(structure, createTopology(structure), { steps, concurrency, keepsParts: true }, BASE);
}

/** What was committed, as whoever asks the log would list it. */
interface Written {
  readonly level: number;
  readonly outcome: Outcome;
}

/** The steps that a run shows, and what each of them holds. */
class Watch {
  readonly shown: string[] = [];
  readonly written: Written[] = [];
  readonly #scenario: Scenario;
  readonly engine: Engine;
  readonly #steps: Steps;
  readonly #rests: boolean;
  #number = -2;

  /** @param rests whether all is shown whenever the run rests: what was in flight then is late when it goes on */
  constructor(scenario: Scenario, engine: Engine, rests: boolean) {
    this.#rests = rests;
    this.#scenario = scenario;
    this.engine = engine;
    this.#steps = new Steps(engine);
  }

  apply(event: EngineEvent): ReturnType<FlatEngine["apply"]> {
    const level = "task" in event && "outcome" in event ? this.engine.task(event.task)?.level : undefined;
    const step = this.engine.apply(event);
    if ("outcome" in event && level !== undefined) this.written.push({ level, outcome: event.outcome as Outcome });
    if (event.type === "started" || event.type === "state-updated") this.#steps.everything();
    else this.#steps.progressed(level);
    this.#note(this.#steps.completed);
    if (this.#rests && step.rest.kind === "paused") this.rest();
    return step;
  }

  rest(): void {
    const before = this.#steps.completed;
    const more = this.#steps.rest();
    this.#note(before + more, more);
    expect(this.#steps.areAllShown).toBe(true);
    expect(this.shown.at(-1)?.replace(/^-?\d+: /, "")).toBe(digestOf(this.#scenario, this.engine.state));
  }

  #note(shows: number, added = shows): void {
    if (added === 0) return;
    this.#number += added;
    const steps = this.#steps.shown({ step: this.#number, shows });
    for (const step of steps.slice(-added)) this.shown.push(`${step.step}: ${this.#valuesOf(step)}`);
  }

  #valuesOf({ upTo }: ShownStep): string {
    return digestOf(this.#scenario, upTo === undefined ? this.engine.state : this.engine.stateUpTo(upTo));
  }
}

/** Plays the scenario; the watch sees every event before whatever comes next. */
function watch(scenario: Scenario, timing: Random, slots: number, rests = false): Watch | undefined {
  const seen = new Watch(scenario, engineOf(scenario, slots), rests);
  const { engine } = seen;
  const watched: FlatEngine = {
    apply: (event) => seen.apply(event),
    task: (id) => engine.task(id),
    inFlight: () => engine.inFlight(),
    pending: () => engine.pending(),
    explain: (node) => engine.explain(node),
    get state() {
      return engine.state;
    },
  };
  try {
    play(scenario, watched, timing);
  } catch (thrown) {
    if (thrown instanceof TooLong) return undefined;
    throw thrown;
  }
  seen.rest();
  return seen;
}

const aSeed = fc.integer({ min: 0, max: 100_000 });

describe("levels are steps", () => {
  it("[R5, property 1] every schedule of a graph shows the same steps with the same values", () => {
    let compared = 0;
    fc.assert(
      fc.property(aSeed, fc.array(fc.integer(), { minLength: 2, maxLength: 5 }), (seed, timings) => {
        const scenario = withoutLate(seed);
        const lists = timings.map((timing, at) =>
          watch(scenario, new Random("steps", timing), [1, 2, 1000][at % 3] ?? 1),
        );
        const [first, ...others] = lists.flatMap((list) => list ?? []);
        for (const other of others) expect(other.shown).toEqual(first?.shown);
        compared += others.length;
      }),
      { numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(300);
  });

  it("[R5] shows one step a level that something was committed at, and the last one shows everything", () => {
    fc.assert(
      fc.property(aSeed, fc.integer(), (seed, timing) => {
        const seen = watch(withoutLate(seed), new Random("steps", timing), 1000);
        if (seen === undefined) return;
        expect(seen.shown).toHaveLength(1 + new Set(seen.written.map(({ level }) => level)).size);
        expect(seen.shown.at(-1)?.replace(/^-?\d+: /, "")).toBe(digestOf(randomScenario(seed), seen.engine.state));
      }),
      { numRuns: 200 },
    );
  });

  it("[R5] a step holds what was written up to its level, in canonical order", () => {
    fc.assert(
      fc.property(aSeed, fc.integer(), (seed, timing) => {
        const scenario = withoutLate(seed);
        const seen = watch(scenario, new Random("steps", timing), 1000);
        if (seen === undefined) return;
        const levels = [...new Set(seen.written.map(({ level }) => level))].sort((one, other) => one - other);
        for (const [index, level] of levels.entries()) {
          const logged = seen.written
            .filter((written) => written.level <= level)
            .flatMap(({ outcome }) => outcome.writes.filter(({ channel }) => channel === "log"))
            .flatMap(({ value }) => value);
          const shown = seen.shown[index + 1]?.split(" | ")[3] ?? "[]";
          expect((JSON.parse(shown) as string[]).slice(-logged.length || Infinity).sort()).toEqual(
            logged.map(String).sort(),
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it("[R8] with waits, answers and writes from outside numbers only grow, and everything is shown at rest", () => {
    fc.assert(
      fc.property(aSeed, fc.integer(), (seed, timing) => {
        const scenario = randomScenario(seed);
        const seen = watch(scenario, new Random("steps", timing), 2, true);
        if (seen === undefined) return;
        const numbers = seen.shown.map((line) => Number.parseInt(line, 10));
        expect(numbers).toEqual(numbers.map((_, index) => index - 1));
      }),
      { numRuns: 200 },
    );
  });
});
