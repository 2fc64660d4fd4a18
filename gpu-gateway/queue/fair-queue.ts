/**
 * What waits for a place on a host: bounded, and fair between flows by weight, whatever each of them sends. Start-time fair
 * queuing (Goyal, Vin, Cheng, 1996): an entry's start tag is the later of the queue's virtual time and its flow's last finish tag,
 * and the least start tag goes first. Time comes in from the caller; nothing here waits.
 */

/** Somebody's request, as far as its turn is concerned. */
export interface Request {
  /** Whose it is; flows are served in proportion to their weights. */
  readonly flow: string;
  /** Above 0. */
  readonly weight: number;
  /** What serving it takes, in any unit that all entries share; above 0. */
  readonly cost: number;
  /** Milliseconds of the caller's clock; later than this it is of no use to anybody. */
  readonly deadline: number;
}

/** An entry in the queue; its identity is what takes it out again. */
export interface Waiting<T> extends Request {
  readonly item: T;
  readonly since: number;
  /** Virtual time at which its service begins. */
  readonly start: number;
}

interface Flow<T> {
  readonly entries: Waiting<T>[];
  /** Virtual time at which the last of its entries is done. */
  finish: number;
  readonly weight: number;
}

/** What became of a request to wait. */
export type Joined<T> =
  | { readonly kind: "waits"; readonly entry: Waiting<T>; readonly dropped?: Waiting<T> }
  /** The queue is full, and this flow has the largest share of it already. */
  | { readonly kind: "full" };

export class FairQueue<T> {
  readonly #most: number;
  readonly #flows = new Map<string, Flow<T>>();
  /** Finish tags of flows that have nothing waiting, and had more than their share. */
  readonly #owed = new Map<string, number>();
  #virtual = 0;
  #size = 0;

  /** @param most entries that may wait at once */
  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** Flows that have something waiting. */
  get flows(): number {
    return this.#flows.size;
  }

  /**
   * A full queue is shared like the service is: a flow with less than its part gets in, and the newest entry of the flow that
   * has most for its weight is dropped for it. The caller tells its client.
   */
  join(item: T, request: Request, now: number): Joined<T> {
    let dropped: Waiting<T> | undefined;
    if (this.#size >= this.#most) {
      const [largest, flow] = this.#largest();
      const own = this.#flows.get(request.flow)?.entries.length ?? 0;
      if (flow === undefined || largest === request.flow) return { kind: "full" };
      if ((own + 1) / request.weight >= flow.entries.length / flow.weight) return { kind: "full" };
      dropped = flow.entries.at(-1);
      if (dropped !== undefined) this.leave(dropped);
    }
    const entry = this.#append(item, request, now);
    return dropped === undefined ? { kind: "waits", entry } : { kind: "waits", entry, dropped };
  }

  /** The next whose turn it is of those that fit; undefined where none does. Who does not fit loses nothing of its turn. */
  take(fits: (item: T, since: number) => boolean = () => true): Waiting<T> | undefined {
    let next: Waiting<T> | undefined;
    for (const { entries } of this.#flows.values()) {
      const entry = entries.find((candidate) => fits(candidate.item, candidate.since));
      if (entry !== undefined && (next === undefined || isBefore(entry, next))) next = entry;
    }
    if (next === undefined) return undefined;
    this.#virtual = Math.max(this.#virtual, next.start);
    this.leave(next);
    return next;
  }

  /** Takes an entry out that left before its turn, or was taken. False: it was not there any more. */
  leave(entry: Waiting<T>): boolean {
    const flow = this.#flows.get(entry.flow);
    const place = flow?.entries.indexOf(entry) ?? -1;
    if (flow === undefined || place < 0) return false;
    flow.entries.splice(place, 1);
    this.#size -= 1;
    // Its finish tag is behind the virtual time once all it sent was served: nothing is left to be remembered.
    if (flow.entries.length === 0) this.#flows.delete(entry.flow);
    if (flow.entries.length === 0 && flow.finish > this.#virtual) this.#owed.set(entry.flow, flow.finish);
    if (this.#owed.size > 4 * this.#most) this.#forgetServed();
    return true;
  }

  /** Those whose deadline has passed; they are taken out. */
  expired(now: number): Waiting<T>[] {
    const late = [...this.#flows.values()].flatMap(({ entries }) => entries.filter(({ deadline }) => deadline <= now));
    for (const entry of late) this.leave(entry);
    return late;
  }

  /** What is served before a request that joined now, in the unit of costs. */
  ahead(flow: string): number {
    const start = this.#startOf(flow);
    let sum = 0;
    for (const [name, { entries }] of this.#flows)
      for (const entry of entries) if (name === flow || entry.start <= start) sum += entry.cost;
    return sum;
  }

  *entries(): IterableIterator<Waiting<T>> {
    for (const { entries } of this.#flows.values()) yield* entries;
  }

  #append(item: T, request: Request, now: number): Waiting<T> {
    const { flow: name, weight, cost, deadline } = request;
    const start = this.#startOf(name);
    const flow = this.#flows.get(name) ?? { entries: [], finish: start, weight };
    this.#flows.set(name, flow);
    this.#owed.delete(name);
    const entry = { flow: name, weight, cost, deadline, item, since: now, start };
    flow.finish = start + cost / weight;
    flow.entries.push(entry);
    this.#size += 1;
    return entry;
  }

  #startOf(flow: string): number {
    return Math.max(this.#virtual, this.#flows.get(flow)?.finish ?? this.#owed.get(flow) ?? 0);
  }

  #forgetServed(): void {
    for (const [flow, finish] of this.#owed) if (finish <= this.#virtual) this.#owed.delete(flow);
    // Whoever sends from ever new flows is not remembered for ever.
    while (this.#owed.size > 4 * this.#most) {
      const [oldest] = this.#owed.keys();
      if (oldest === undefined) return;
      this.#owed.delete(oldest);
    }
  }

  #largest(): readonly [string | undefined, Flow<T> | undefined] {
    let largest: readonly [string | undefined, Flow<T> | undefined] = [undefined, undefined];
    let most = 0;
    for (const [name, flow] of this.#flows) {
      const share = flow.entries.length / flow.weight;
      if (share > most) [largest, most] = [[name, flow], share];
    }
    return largest;
  }
}

function isBefore(one: Waiting<unknown>, other: Waiting<unknown>): boolean {
  return one.start < other.start || (one.start === other.start && one.since < other.since);
}
