/**
 * Whether something that answers calls is to be asked. Closed: it is. Open: it has failed so often that it is left alone for a
 * while, each time for longer. Half open: that while is over, and one call finds out. Pure: time comes in.
 */
export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Milliseconds that it is left alone for, doubled with each further opening … */
  readonly baseMs: number;
  /** … up to this. */
  readonly mostMs: number;
}

export type BreakerState = "closed" | "open" | "half-open";

const USUAL: BreakerOptions = { failures: 3, baseMs: 1_000, mostMs: 60_000 };

export class Breaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openings = 0;
  #until = 0;
  /** A call is finding out. */
  #isTrying = false;

  constructor(options: Partial<BreakerOptions> = {}) {
    this.#options = { ...USUAL, ...options };
  }

  state(now: number): BreakerState {
    if (this.#openings === 0 || this.#failures < this.#options.failures) return "closed";
    return now < this.#until ? "open" : "half-open";
  }

  /** Milliseconds until it may be asked again; 0: now. */
  closedFor(now: number): number {
    return this.state(now) === "open" ? this.#until - now : 0;
  }

  /** Whether a call may be made now. */
  mayTry(now: number): boolean {
    const state = this.state(now);
    return state === "closed" || (state === "half-open" && !this.#isTrying);
  }

  /** A call is made: of those that find out there is one at a time. */
  tries(now: number): void {
    if (this.state(now) === "half-open") this.#isTrying = true;
  }

  /** It ended without saying anything of the other side, such as by a client that left. */
  saidNothing(): void {
    this.#isTrying = false;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openings = 0;
    this.#isTrying = false;
  }

  failed(now: number): void {
    const wasHalfOpen = this.state(now) === "half-open";
    this.#isTrying = false;
    this.#failures += 1;
    if (this.#failures < this.#options.failures && !wasHalfOpen) return;
    // Calls that were under way when it opened tell nothing new.
    if (this.state(now) === "open") return;
    const { baseMs, mostMs } = this.#options;
    this.#until = now + Math.min(mostMs, baseMs * 2 ** this.#openings);
    this.#openings += 1;
  }

  /** What is known to be gone is not asked before it was seen again. */
  ejected(now: number): void {
    this.#failures = Math.max(this.#failures, this.#options.failures - 1);
    this.failed(now);
  }
}
