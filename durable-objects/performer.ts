import { keyOf, type Work } from "./run/work.ts";

/** Pieces of work in one turn of the event loop, before requests such as a cancel get theirs. */
const PIECES_PER_TURN = 128;

/**
 * Does one piece of work after the other. What a piece makes possible joins the queue, so a chain of nodes that do not wait
 * runs without a stack of its own, and gives way now and then.
 */
export class Performer {
  readonly #do: (work: Work) => void;
  readonly #queue = new Map<string, Work>();
  #isAtWork = false;

  constructor(work: (work: Work) => void) {
    this.#do = work;
  }

  get isIdle(): boolean {
    return this.#queue.size === 0;
  }

  add(work: readonly Work[]): void {
    for (const piece of work) this.#queue.set(keyOf(piece), piece);
  }

  clear(): void {
    this.#queue.clear();
  }

  async perform(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      // A map hands out what is added while it is walked, in the order of adding.
      let pieces = 0;
      for (const [key, piece] of this.#queue) {
        this.#queue.delete(key);
        this.#do(piece);
        pieces += 1;
        if (pieces % PIECES_PER_TURN === 0) await scheduler.wait(0);
      }
    } finally {
      this.#isAtWork = false;
    }
  }
}
