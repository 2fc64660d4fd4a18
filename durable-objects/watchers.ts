/** Those who want to hear of every commit and every streamed piece. */
export class Watchers {
  readonly #ears = new Set<() => void>();

  /** The answer takes the ear away again. */
  add(listener: () => void): () => void {
    this.#ears.add(listener);
    return () => this.#ears.delete(listener);
  }

  tell(): void {
    for (const hear of this.#ears) hear();
  }
}
