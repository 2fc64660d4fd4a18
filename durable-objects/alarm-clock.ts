/**
 * The object's one alarm. One that is earlier than needed is harmless (its handler looks at what is due and sets it again),
 * one that is missing strands a run. So it is only ever moved forwards and never taken back: a thread that comes to rest
 * leaves it to go off once, for nothing, which costs less than writing it anew for each run.
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

  /** @param at Unix milliseconds, by which something must happen by itself. Joins the transaction it is called in. */
  set(at: number): void {
    if (this.#at !== null && this.#at <= at) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }
}
