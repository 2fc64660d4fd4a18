import { Random } from "../../src/engine/testing/random.ts";
import type { Cancel, Timeline } from "./timeline.ts";

let timeline: Timeline | undefined;
let random = new Random("nothing");
let timers = new Map<number, Cancel>();
let lastTimer = 0;

/** What the product says on its console in this world. */
export let said: string[] = [];

/** From now on the clock, timers and chance are those of this world. Of whoever asks a timer belongs to: it dies with it. */
export function enterWorld(of: Timeline, seed: string): void {
  timeline = of;
  random = new Random("chance", seed);
  timers = new Map();
  said = [];
}

function inWorld(): Timeline {
  if (timeline === undefined) throw new Error("There is no world yet.");
  return timeline;
}

function setTimer(run: (...rest: unknown[]) => void, delayMs = 0, ...rest: unknown[]): number {
  const [world, id] = [inWorld(), (lastTimer += 1)];
  const cancel = world.after(delayMs, world.party, () => {
    timers.delete(id);
    run(...rest);
  });
  timers.set(id, cancel);
  return id;
}

function setRepeated(run: () => void, delayMs: number): number {
  const [world, id] = [inWorld(), (lastTimer += 1)];
  const { party } = world;
  const again = (): void => {
    timers.set(id, world.after(delayMs, party, tick));
  };
  const tick = (): void => {
    again();
    run();
  };
  again();
  return id;
}

function clearTimer(id: number | undefined): void {
  if (id === undefined) return;
  timers.get(id)?.();
  timers.delete(id);
}

/** Once in a process, before the product is loaded. */
export function replaceGlobals(): void {
  const RealDate = Date;
  class WorldDate extends RealDate {
    constructor(value: number | string = inWorld().wall) {
      super(value);
    }
    static override now(): number {
      return inWorld().wall;
    }
  }
  const getRandomValues = (bytes: Uint8Array): Uint8Array => bytes.map(() => random.below(256));
  const scheduler = {
    wait: (delayMs: number) => new Promise<void>((resolve) => setTimer(() => resolve(), delayMs)),
  };
  const say = (...words: unknown[]): void => {
    said.push(words.map((word) => (word instanceof Error ? (word.stack ?? String(word)) : String(word))).join(" "));
  };
  Object.assign(globalThis, {
    Date: WorldDate,
    setTimeout: setTimer,
    clearTimeout: clearTimer,
    setInterval: setRepeated,
    clearInterval: clearTimer,
    scheduler,
  });
  Object.assign(console, { error: say, warn: say });
  Math.random = () => random.next();
  Object.defineProperty(crypto, "getRandomValues", { value: getRandomValues });
}
