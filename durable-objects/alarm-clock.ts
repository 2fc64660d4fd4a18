/**
 * The object's one alarm. An alarm that is earlier than needed is harmless (its handler looks at what is due and sets it
 * again), one that is missing strands a run: so it is moved only forwards, and only written when that is necessary.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  async read(): Promise<void> {
    this.#at = await this.#storage.getAlarm();
  }

  /** The alarm has gone off: none is set any more. */
  fired(): void {
    this.#at = null;
  }

  /** @param at Unix milliseconds; null: nothing will have to happen by itself. Joins the transaction it is called in. */
  set(at: number | null): void {
    if (at === null) {
      if (this.#at !== null) void this.#storage.deleteAlarm();
    } else if (this.#at === null || at < this.#at) {
      void this.#storage.setAlarm(at);
    } else {
      return;
    }
    this.#at = at;
  }
}
