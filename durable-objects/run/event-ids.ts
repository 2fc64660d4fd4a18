/**
 * Frame ids handed out before a restart and lost with it must never mean something else: ids go on from the next block. A
 * block holds more pieces than an object has memory for, and there are millions of blocks.
 */
const EVENT_BLOCK = 2 ** 28;

/** The frame ids of a run, and what message ids say of its restarts. */
export class EventIds {
  #next: number;
  #restarts = 0;
  /** Of the run that goes on from another. */
  #run: number | undefined;

  /** @param floor the first that may be given */
  constructor(floor: number) {
    this.#next = floor;
  }

  /** How often the run has been restarted; where it goes on from another, behind its number in the thread. */
  get epoch(): string {
    return this.#run === undefined ? String(this.#restarts) : `${this.#run}.${this.#restarts}`;
  }

  /** A run that goes on counts its own: what is tried anew in each of several has tasks of the same names. */
  goOn(floor: number, run: number): void {
    this.#next = floor;
    this.#restarts = 0;
    this.#run = run;
  }

  /** Takes `count` ids; answers the first. */
  take(count: number): number {
    const first = this.#next;
    this.#next += count;
    return first;
  }

  /** Read back: ids up to this one are taken. */
  taken(last: number): void {
    this.#next = Math.max(this.#next, last + 1);
  }

  /** After a restart: leaves a gap for what was handed out and lost. Answers the new floor, to be stored. */
  skipLost(): number {
    const block = Math.floor(this.#next / EVENT_BLOCK) + 1;
    this.#restarts = block;
    this.#next = block * EVENT_BLOCK;
    return this.#next;
  }
}
