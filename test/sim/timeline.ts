/** Who acts in a turn: what it leaves behind when it is dead reaches nobody. */
export interface Party {
  readonly name: string;
  readonly isAlive: boolean;
  /** The turn is over: all that it led to without waiting has happened. Answers whether something more may happen at once. */
  turnOver?(): boolean;
}

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly party: Party;
  readonly run: () => void;
  isCancelled: boolean;
}

export type Cancel = () => void;

/** What happens in a simulated world, one thing after the other; nothing takes time but by standing here. */
export class Timeline {
  /** Milliseconds since the world began; never jumps. */
  now = 0;
  /** How far the clock on the wall is from it. */
  skew = 1_800_000_000_000;
  turns = 0;
  /** The latest that the clock on the wall has ever shown. */
  peak = 0;
  #party: Party = NOBODY;
  #order = 0;
  readonly #heap: Planned[] = [];

  /** The clock that objects, alarms and the sweep read: Unix milliseconds, which may jump. */
  get wall(): number {
    return this.now + this.skew;
  }

  get party(): Party {
    return this.#party;
  }

  /** The rest of this turn is another's. */
  become(party: Party): void {
    this.#party = party;
  }

  after(delayMs: number, party: Party, run: () => void): Cancel {
    const at = this.now + Math.max(0, Math.ceil(delayMs));
    const planned: Planned = { at, order: this.#order++, party, run, isCancelled: false };
    this.#push(planned);
    return () => {
      planned.isCancelled = true;
    };
  }

  sleep(delayMs: number, party: Party): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, party, resolve));
  }

  /** The next thing happens, with everything it leads to at once; false when nothing stands before `until`. */
  async step(until: number): Promise<boolean> {
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      this.#pop();
      if (next.isCancelled || !next.party.isAlive) continue;
      this.now = next.at;
      this.peak = Math.max(this.peak, this.wall);
      this.turns += 1;
      this.#party = next.party;
      next.run();
      await settled();
      if (this.#party.turnOver?.() === true) await settled();
      this.#party = NOBODY;
      return true;
    }
    return false;
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.push(planned) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(planned, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child += 1;
      const down = heap[child];
      if (down === undefined || !isBefore(down, last)) break;
      heap[at] = down;
      at = child;
    }
    heap[at] = last;
  }
}

export const NOBODY: Party = { name: "nobody", isAlive: true };

function isBefore(one: Planned, other: Planned): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

const immediate = setImmediate;

/** Every promise that can go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    immediate(resolve);
  });
}
