/**
 * A moving average that believes bad news at once and good news slowly (Finagle's peak EWMA): a latency above the average takes
 * its place, one below moves it by how much time has passed.
 */
export class PeakEwma {
  readonly #decayMs: number;
  #value: number;
  #at = 0;

  /** @param decayMs after which an old value weighs 1/e */
  constructor(decayMs = 10_000, initial = 0) {
    this.#decayMs = decayMs;
    this.#value = initial;
  }

  observe(value: number, now: number): void {
    if (value >= this.#value) this.#value = value;
    else {
      const weight = Math.exp(-Math.max(0, now - this.#at) / this.#decayMs);
      this.#value = this.#value * weight + value * (1 - weight);
    }
    this.#at = now;
  }

  /** What has not been heard of for long is forgotten by and by: else one bad moment would keep a host from being asked again. */
  value(now: number): number {
    return this.#value * Math.exp(-Math.max(0, now - this.#at) / (6 * this.#decayMs));
  }
}
