import { canonicalJson, type Json } from "../../src/base/json.ts";
import { randomScenario } from "../../src/engine/testing/graphs.ts";
import { nestedEngine, nestedEvents } from "../../src/engine/testing/nested-play.ts";
import { type Nested, randomNested } from "../../src/engine/testing/nested.ts";
import { play, TooLong } from "../../src/engine/testing/play.ts";
import { fastEngine } from "../../src/engine/testing/properties.ts";
import { Random } from "../../src/engine/testing/random.ts";
import type { Engine, EngineEvent, FrameRequest, Step, Task, View } from "../../src/engine/types.ts";

/** One run of a random graph, as its events tell it. */
export interface Game {
  readonly seed: number;
  /** At most so many tasks run at once. */
  readonly concurrency: number;
  readonly events: readonly EngineEvent[];
  /** The run before its first event. */
  open(): Engine;
}

const SLOTS = [1, 2, 3, 1000];

/**
 * Games of the engine's own generators: of three, one without composites (waits, resumes, failures, redrives, `each`, sends,
 * outside writes, step limits), one with them (maps, subgraphs, loops, sagas in each other) and one with races besides.
 */
export function gameOf(seed: number): Game | undefined {
  const concurrency = SLOTS[Math.floor(seed / 3) % SLOTS.length] ?? 1;
  const timing = new Random("game", seed);
  if (seed % 3 !== 0) {
    const nested = randomNested(seed, seed % 3 === 2);
    const events = nestedEvents(nested, timing, concurrency);
    return events && { seed, concurrency, events, open: () => nestedEngine(nested, concurrency) };
  }
  const scenario = randomScenario(seed);
  // A graph without composites is one whose engine has no frames.
  const flat: Nested = { scenario, composites: new Map() };
  try {
    const { events } = play(scenario, fastEngine(scenario, concurrency), timing);
    return { seed, concurrency, events, open: () => nestedEngine(flat, concurrency) };
  } catch (thrown) {
    if (thrown instanceof TooLong) return undefined;
    throw thrown;
  }
}

/** The first games are played once: to play one costs more than to look at it. */
const PLAYED = new Map<number, Game | undefined>();
const PLAYED_AT_MOST = 200;

export function* gamesOf(from: number, count: number): IterableIterator<Game> {
  for (let seed = from; seed < from + count; seed += 1) {
    const game = PLAYED.has(seed) ? PLAYED.get(seed) : gameOf(seed);
    if (seed < PLAYED_AT_MOST) PLAYED.set(seed, game);
    if (game !== undefined) yield game;
  }
}

/** All that an engine commands in answer to an event. */
export function commandsOf({ ready, start, failed, frames, rest }: Step): string {
  const frame = ({ composite, frame: number }: FrameRequest): string => `${composite.id}[${number}]`;
  return JSON.stringify([
    ready.map(taskText),
    start.map(({ id }) => id),
    failed.map(({ task, error }) => [task.id, error.code]),
    frames?.begin.map(frame),
    frames?.left.map((left) => [frame(left), viewText(left.state), left.failed]),
    frames?.due.map(({ id }) => id),
    rest,
  ]);
}

/** All that can be asked of an engine between two events. */
export function standOf(engine: Engine): string {
  const flights = [...engine.inFlight(), ...engine.inFrames()].map(({ task, state }) => `${state} ${taskText(task)}`);
  const { begin, due } = engine.owed();
  const owed = [begin.map(({ composite, frame }) => [composite.id, frame]), due.map(({ id }) => id)];
  return JSON.stringify([flights, owed, engine.pending(), engine.rest, viewText(engine.state)]);
}

const CHANNELS = ["plain", "other", "latest", "log", "object"];

export function viewText(view: View): string {
  return CHANNELS.map((name) => {
    try {
      const value = view.read(name);
      return value === undefined ? "absent" : canonicalJson(value);
    } catch (thrown) {
      return thrown instanceof Error ? thrown.message : "thrown";
    }
  }).join(" | ");
}

function taskText({ id, level, payload, view }: Task): string {
  return `${id} ${level} ${canonicalJson((payload ?? null) as Json)} ${viewText(view)}`;
}

/** A run as it stands after its first events. */
export function replayed(game: Game, count: number): Engine {
  const engine = game.open();
  for (const event of game.events.slice(0, count)) engine.apply(event);
  return engine;
}
