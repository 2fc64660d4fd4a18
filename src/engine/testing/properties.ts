import type { Json } from "../../base/json.ts";
import { createTopology } from "../../graph/topology.ts";
import { createEngine } from "../engine.ts";
import { ReferenceEngine } from "../reference.ts";
import type { FlatEngine, EngineEvent, Rest } from "../types.ts";
import { type Scenario, randomScenario } from "./graphs.ts";
import type { Mutation } from "./mutations.ts";
import { play, type Played, snapshotOf, TooLong } from "./play.ts";
import { Random } from "./random.ts";
import { Twin } from "./twin.ts";

/** What must hold of every graph. Each property plays a scenario and answers with what was wrong. */
export const PROPERTIES = {
  timing: "timing never changes a result",
  reference: "the engine agrees with the reference after every event",
  restore: "a crash at any commit and a restore from the events change nothing",
  cancel: "a cancelled run is a causally closed part of the whole one",
  limit: "a run that hits the step limit is the part of the whole one below that level",
} as const;
export type Property = keyof typeof PROPERTIES;

export interface Examined {
  readonly games: number;
  readonly events: number;
  /** "stall" when the run came to rest with something still to do. */
  readonly found: readonly { readonly property: Property | "stall"; readonly seed: number; readonly detail: string }[];
}

const BASE: ReadonlyMap<string, Json> = new Map<string, Json>([
  ["log", ["base"]],
  ["latest", 0],
]);
/** One schedule each: from one slot, where little can overlap, to as many as there are tasks. */
const SLOTS = [1, 2, 3, 1000];

export function fastEngine(scenario: Scenario, concurrency: number): FlatEngine {
  const { structure, steps } = scenario;
  return createEngine(structure, createTopology(structure), { steps, concurrency }, BASE);
}

export function referenceEngine(scenario: Scenario, concurrency: number, mutation?: Mutation): FlatEngine {
  return new ReferenceEngine(scenario.structure, { steps: scenario.steps, concurrency }, BASE, mutation);
}

/** Plays one random graph with several timings, and with every disturbance. */
export function examine(seed: number, timings: number): Examined {
  const scenario = randomScenario(seed);
  const found: Examined["found"][number][] = [];
  let [games, events] = [0, 0];
  const played = (property: Property, game: () => Played): Played | undefined => {
    try {
      const result = game();
      games += 1;
      events += result.events.length;
      return result;
    } catch (thrown) {
      if (thrown instanceof TooLong) return undefined;
      const detail = thrown instanceof Error ? thrown.message : String(thrown);
      found.push({ property: /stalled/.test(detail) ? "stall" : property, seed, detail });
      return undefined;
    }
  };
  const expectThat = (property: Property, holds: boolean, detail: string): void => {
    if (!holds) found.push({ property, seed, detail });
  };

  const results = Array.from({ length: timings }, (_, timing) => {
    const slots = SLOTS[timing % SLOTS.length] ?? 1;
    const twin = new Twin(scenario, fastEngine(scenario, slots), referenceEngine(scenario, slots));
    return played("reference", () => play(scenario, twin, new Random("timing", seed, timing)));
  });
  const [whole] = results;
  if (whole === undefined) return { games, events, found };
  for (const other of results) expectThat("timing", other === undefined || sameResult(whole, other), "other results");

  const crashed = played("restore", () => playCrashing(scenario));
  expectThat("restore", crashed === undefined || sameResult(whole, crashed), "other results after a crash");
  const cancelAfter = 1 + new Random("cancel", seed).below(whole.events.length);
  const timing = new Random("cancelled timing", seed);
  const part = played("cancel", () => play(scenario, fastEngine(scenario, 3), timing, { cancelAfter }));
  expectThat("cancel", part === undefined || isPartOf(part, whole), "what ran is not a part of the whole run");
  expectThat("limit", isLimitOnLevel(scenario), "what ran is not the part below the limit");
  return { games, events, found };
}

/** Replaces the engine at random by one that is rebuilt from the events. */
function playCrashing(scenario: Scenario): Played {
  const crash = new Random("crash", scenario.seed);
  const after = (engine: FlatEngine, events: readonly EngineEvent[]): FlatEngine => {
    if (!crash.chance(0.2)) return engine;
    const replayed = fastEngine(scenario, 2);
    let rest: Rest = { kind: "running" };
    for (const event of events) rest = replayed.apply(event).rest;
    const [was, is] = [snapshotOf(scenario, engine, rest), snapshotOf(scenario, replayed, rest)];
    if (was !== is) throw new Error(`wrong restore after ${events.length} events:\n${was}\n--- but ---\n${is}`);
    return replayed;
  };
  return play(scenario, fastEngine(scenario, 2), new Random("crashing timing", scenario.seed), { after });
}

/** R9: below the limit nothing changes, at the limit a task fails, above it there is none. */
function isLimitOnLevel(scenario: Scenario): boolean {
  // Where the run rests decides what is written from outside, and the limit decides where it rests.
  const quiet = { ...scenario, features: { ...scenario.features, outside: false } };
  const limited = { ...quiet, steps: Math.max(1, Math.floor(scenario.steps / 2)) };
  const timing = (): Random => new Random("limited timing", scenario.seed);
  try {
    const whole = play(quiet, fastEngine(quiet, 3), timing());
    const part = play(limited, fastEngine(limited, 3), timing());
    const levelOf = (id: string): number => Number.parseInt(id, 10);
    return [...part.tasks].every(([id, entry]) => {
      if (entry.endsWith("step limit; ")) return levelOf(id) >= limited.steps;
      return levelOf(id) < limited.steps && whole.tasks.get(id) === entry;
    });
  } catch (thrown) {
    if (thrown instanceof TooLong) return true;
    throw thrown;
  }
}

function sameResult(one: Played, other: Played): boolean {
  const sorted = ({ tasks }: Played): string => [...tasks.values()].sort().join("\n");
  return one.end === other.end && sorted(one) === sorted(other);
}

/** Every task saw and did what it sees and does in the whole run, as far as it came. */
function isPartOf(part: Played, whole: Played): boolean {
  return [...part.tasks].every(([id, entry]) => whole.tasks.get(id)?.startsWith(entry) === true);
}

export type Killed = { readonly by: "timing" | "reference"; readonly seed: number };

/** The first of so many graphs in which a planted error is noticed; without one nothing may be. */
export function killerOf(mutation: Mutation | undefined, graphs: number): Killed | undefined {
  for (let seed = 0; seed < graphs; seed += 1) {
    const scenario = randomScenario(seed);
    const outcomes = SLOTS.map((slots, timing) => {
      return attempt(() =>
        play(scenario, referenceEngine(scenario, slots, mutation), new Random("timing", seed, timing)),
      );
    });
    if (new Set(outcomes).size > 1) return { by: "timing", seed };
    const twin = new Twin(scenario, fastEngine(scenario, 2), referenceEngine(scenario, 2, mutation));
    const compared = attempt(() => play(scenario, twin, new Random("timing", seed, 1)));
    if (compared === "error") return { by: "reference", seed };
  }
  return undefined;
}

function attempt(game: () => Played): string {
  try {
    const { tasks, end } = game();
    return `${[...tasks.values()].sort().join("\n")}\n${end}`;
  } catch (thrown) {
    return thrown instanceof TooLong ? "too long" : "error";
  }
}
