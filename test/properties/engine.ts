import type { Engine, EngineEvent, TaskId } from "../../src/engine/types.ts";
import { commandsOf, type Game, gamesOf, replayed, standOf } from "./games.ts";
import { Fault, type Found } from "./property.ts";

/** Places in a run at which it is disturbed: at most so many of each, other ones in each graph. */
const PLACES = 20;

function placesIn({ events, seed }: Game): readonly number[] {
  const stride = Math.ceil(events.length / PLACES);
  const first = 1 + (seed % stride);
  return Array.from({ length: PLACES }, (_, index) => first + index * stride).filter((at) => at <= events.length);
}

/** 2 and 4: wherever a run is cut off and read back, it stands as it stood and commands what it would have commanded. */
export function crashesAnywhere(games: number, from = 0): Found {
  return each(games, from, (game) => {
    const places = placesIn(game);
    const whole = game.open();
    const told = game.events.map((event, index) => ({
      commands: commandsOf(whole.apply(event)),
      stand: places.includes(index + 1) ? standOf(whole) : "",
    }));
    for (const at of places) {
      const restored = replayed(game, at);
      expectSame(`restored after ${at}`, standOf(restored), told[at - 1]?.stand);
      // The whole suffix from one place, some events from all.
      const until = at === places[0] ? game.events.length : at + 5;
      for (const [index, event] of game.events.slice(at, until).entries())
        expectSame(
          `event ${at + index}, resumed at ${at}`,
          commandsOf(restored.apply(event)),
          told[at + index]?.commands,
        );
    }
    return places.length;
  });
}

/** What is delivered once more changes nothing: a task or a frame has one outcome. Writes from outside are told apart by ids (see the log). */
const ONCE: ReadonlySet<EngineEvent["type"]> = new Set([
  "started",
  "task-succeeded",
  "task-failed",
  "task-waiting",
  "task-resumed",
  "frames-announced",
  "frame-started",
  "frame-failed",
]);

/** 3, of the engine: an event that comes twice is refused, and the run stands as if it had come once. */
export function deliveredTwice(games: number, from = 0): Found {
  return each(games, from, (game) => {
    const engine = game.open();
    const places = placesIn(game);
    let doubled = 0;
    for (const [index, event] of game.events.entries()) {
      const { failed } = engine.apply(event);
      // What goes on beyond the step limit has failed at once, and may be told to go on again.
      if (!places.includes(index + 1) || !ONCE.has(event.type) || failed.length > 0) continue;
      const before = standOf(engine);
      if (!isRefused(engine, event)) throw new Fault(`a second ${JSON.stringify(event)} was taken`);
      expectSame(`after a second ${event.type}`, standOf(engine), before);
      doubled += 1;
    }
    return doubled;
  });
}

/** 6: cancelled after any event, nothing starts any more, and whatever still comes finds a run that is over. */
export function cancelledAnywhere(games: number, from = 0): Found {
  return each(games, from, (game) => {
    const places = placesIn(game);
    for (const at of places) {
      const engine = replayed(game, at);
      const step = engine.apply({ type: "cancelled" });
      const asked = [...step.ready, ...step.start, ...(step.frames?.begin ?? []), ...(step.frames?.due ?? [])];
      if (step.rest.kind !== "cancelled") throw new Fault(`cancelled after ${at}, it is ${step.rest.kind}`);
      if (asked.length > 0) throw new Fault(`cancelled after ${at}, something is to be done`);
      const late = game.events[at];
      if (late !== undefined && !isRefused(engine, late)) throw new Fault(`${late.type} was taken after the cancel`);
      const stand = standOf(engine);
      engine.apply({ type: "cancelled" });
      expectSame("after a second cancel", standOf(engine), stand);
      if (engine.rest.kind !== "cancelled") throw new Fault("a cancelled run came to life");
    }
    return places.length;
  });
}

/** 18: what is ready starts in its turn: nothing that became ready later starts before it, and no slot is free while it waits. */
export function startsInTurn(games: number, from = 0): Found {
  return each(games, from, (game) => {
    const engine = game.open();
    let queue: TaskId[] = [];
    let started = 0;
    for (const event of game.events) {
      const { ready, start, failed } = engine.apply(event);
      const lost = new Set(failed.map(({ task }) => task.id));
      if (event.type === "task-resumed" && !lost.has(event.task)) queue.push(event.task);
      queue.push(...ready.map(({ id }) => id));
      // What a decided race has dropped waits for nothing.
      queue = queue.filter((task) => engine.task(task) !== undefined);
      for (const { id } of start) {
        const head = queue.shift();
        if (head !== id) throw new Fault(`${id} starts before ${head}, which was ready earlier`);
        started += 1;
      }
      const running = runningIn(engine);
      if (running > game.concurrency) throw new Fault(`${running} run, ${game.concurrency} may`);
      if (queue.length > 0 && running < game.concurrency) throw new Fault(`${queue[0]} waits beside a free slot`);
    }
    return started;
  });
}

/** How often each kind of event occurs in the games: a property says nothing of what its cases do not hold. */
export function eventsIn(games: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const { events, concurrency, seed } of gamesOf(0, games)) {
    if (concurrency < 4) count("limit of concurrency");
    for (const event of events) {
      count(event.type);
      if (event.type === "frames-announced" && event.winners !== undefined) count("race");
      if (event.type === "task-failed" && event.outcome !== undefined) count("error edge");
      if (seed % 3 === 0 && "outcome" in event && (event.outcome?.sends.length ?? 0) > 0) count("send");
    }
  }
  return counts;
}

function runningIn(engine: Engine): number {
  return [...engine.inFlight(), ...engine.inFrames()].filter(({ state }) => state === "running").length;
}

function isRefused(engine: Engine, event: EngineEvent): boolean {
  try {
    engine.apply(event);
    return false;
  } catch (thrown) {
    if (thrown instanceof TypeError) return true;
    throw thrown;
  }
}

function expectSame(where: string, is: string, wanted: string | undefined): void {
  if (is !== wanted) throw new Fault(`${where}:\n${is}\n--- but ---\n${wanted}`);
}

function each(games: number, from: number, check: (game: Game) => number): Found {
  let cases = 0;
  for (const game of gamesOf(from, games)) {
    try {
      cases += check(game);
    } catch (thrown) {
      throw new Fault(`graph ${game.seed}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
        cause: thrown,
      });
    }
  }
  return { cases };
}
