/**
 * Frame ids handed out before a restart and lost with it must never mean something else: ids go on from the next block. A
 * block holds more pieces than an object has memory for, and there are millions of blocks.
 */
const EVENT_BLOCK = 2 ** 28;

/** The frame ids of a run, and what message ids say of its restarts. */
export class EventIds {
  #next: number;
  #epoch = 0;

  /** @param floor the first that may be given */
  constructor(floor: number) {
    this.#next = floor;
  }

  /** How often the run has been restarted, and 1 more where it goes on from another. */
  get epoch(): number {
    return this.#epoch;
  }

  /** A run that goes on counts its own. */
  goOn(floor: number): void {
    this.#next = floor;
    this.#epoch = 1;
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
  skipLost(goesOn: boolean): number {
    const block = Math.floor(this.#next / EVENT_BLOCK) + 1;
    this.#epoch = goesOn ? block + 1 : block;
    this.#next = block * EVENT_BLOCK;
    return this.#next;
  }
}
