import type { Engine } from "../../src/engine/types.ts";

/**
 * A step as a thread shows it (LangGraph's superstep): all tasks of one level. A commit shows each level that nothing in
 * flight can still get; what is left is shown when the run rests (docs/decisions/0025).
 */
export interface ShownStep {
  /** Its number in the thread, as LangGraph counts: -1 first. */
  readonly step: number;
  /** Its place among those that one commit shows: 0, 1 … */
  readonly part: number;
  /** Highest level of what its values hold; undefined: all that was committed. {@link BEFORE_INPUT}: what the run began on. */
  readonly upTo: number | undefined;
}

/** An input shows two steps, as LangGraph's does: before it is written, when `__start__` is to come, and then. */
export const BEFORE_INPUT = -2;

/** What a row says of the steps that its commit shows. */
export interface ShowingRow {
  /** Number of the last one; null where there is none. */
  readonly step: number | null;
  /** How many; null in rows written before steps were levels, where each step showed everything. */
  readonly shows: number | null;
}

/** Of what one commit would show beyond, the lowest levels are shown as one. An id has room for 4,096 of them. */
export const MOST_PARTS = 4000;

/** Highest level of the values of each step, in order. */
type Levels = readonly (number | undefined)[];
const NONE: Levels = [];

/** Which steps a run's commits show. Asked after every event; costs what it shows, whatever is in flight or pending. */
export class Steps {
  readonly #engine: Pick<Engine, "lowestLevel" | "committedLevel">;
  /** Every level up to here is shown, or has nothing to show. */
  #shown = -1;
  /** Higher levels at which something was committed. */
  readonly #unshown = new Set<number>();
  /** The lowest level at which something was committed after it had been shown. */
  #late = Number.POSITIVE_INFINITY;
  /** By the last event. */
  #completed: Levels = NONE;

  constructor(engine: Pick<Engine, "lowestLevel" | "committedLevel">) {
    this.#engine = engine;
  }

  /** How many steps the last event completed: its commit shows so many. */
  get completed(): number {
    return this.#completed.length;
  }

  /** Whether everything that was committed is shown. */
  get areAllShown(): boolean {
    return this.#unshown.size === 0 && this.#late === Number.POSITIVE_INFINITY;
  }

  /** An event that the rules are not concerned with. */
  untouched(): void {
    this.#completed = NONE;
  }

  /** A run's input. */
  begun(): void {
    this.#completed = [BEFORE_INPUT, undefined];
  }

  /** A write from outside shows one step of everything. */
  everything(): void {
    this.#all();
    this.#completed = [undefined];
  }

  /** Any other event. @param level of the run's own task whose outcome it is */
  progressed(level: number | undefined): void {
    if (level !== undefined) {
      if (level > this.#shown) this.#unshown.add(level);
      else if (level < this.#late) this.#late = level;
    }
    this.#completed = this.#complete(this.#engine.lowestLevel, MOST_PARTS);
  }

  /** The run rests: its last commit shows so many steps more. */
  rest(): number {
    const more = this.#complete(Number.POSITIVE_INFINITY, Math.max(1, MOST_PARTS - this.#completed.length));
    this.#completed = [...this.#completed, ...more];
    return more.length;
  }

  /** What the commit of the last event shows as its row has it: with what was added because the run rested there. */
  shown({ step, shows }: ShowingRow): readonly ShownStep[] {
    if (step === null) return [];
    if (shows === null) {
      this.#all();
      return [{ step, part: 0, upTo: undefined }];
    }
    if (shows > this.#completed.length) this.rest();
    const levels = this.#completed.slice(-shows);
    while (levels.length < shows) levels.push(undefined);
    return levels.map((upTo, part) => ({ step: step - shows + 1 + part, part, upTo }));
  }

  #all(): void {
    this.#shown = Math.max(this.#shown, this.#engine.committedLevel);
    this.#unshown.clear();
    this.#late = Number.POSITIVE_INFINITY;
  }

  /** Levels below `lowest` are complete. What came late is one step, and comes first: it belongs to levels that were shown. */
  #complete(lowest: number, most: number): Levels {
    const isLate = this.#late < lowest;
    if (!isLate && (this.#unshown.size === 0 || lowest <= this.#shown + 1)) return NONE;
    const levels: number[] = isLate ? [this.#shown] : [];
    if (isLate) this.#late = Number.POSITIVE_INFINITY;
    while (this.#unshown.size > 0 && this.#shown + 1 < lowest) {
      this.#shown += 1;
      if (this.#unshown.delete(this.#shown)) levels.push(this.#shown);
    }
    const { committedLevel } = this.#engine;
    return levels.slice(-most).map((level) => (level < committedLevel ? level : undefined));
  }
}
