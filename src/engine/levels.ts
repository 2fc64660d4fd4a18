/** How many tasks of a frame are in flight at each level. What it tells costs nothing, however many there are. */
export class LevelCounts {
  readonly #counts = new Map<number, number>();
  #lowest = Number.POSITIVE_INFINITY;

  /** Infinity while nothing is in flight. Only what resumes and what comes from outside makes it grow otherwise than by one. */
  get lowest(): number {
    return this.#lowest;
  }

  add(level: number): void {
    this.#counts.set(level, (this.#counts.get(level) ?? 0) + 1);
    if (level < this.#lowest) this.#lowest = level;
  }

  remove(level: number): void {
    const left = (this.#counts.get(level) ?? 0) - 1;
    if (left > 0) {
      this.#counts.set(level, left);
      return;
    }
    this.#counts.delete(level);
    if (this.#counts.size === 0) this.#lowest = Number.POSITIVE_INFINITY;
    else while (!this.#counts.has(this.#lowest)) this.#lowest += 1;
  }

  clear(): void {
    this.#counts.clear();
    this.#lowest = Number.POSITIVE_INFINITY;
  }
}
