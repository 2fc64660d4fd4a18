/** An alarm that is late by this much is set again. */
const LOST_AFTER_MS = 10_000;

/**
 * The object's one alarm. One that is earlier than needed is harmless (its handler looks at what is due and sets it again),
 * one that is missing strands a run. So it is only ever moved forwards and never taken back: a thread that comes to rest
 * leaves it to go off once, for nothing, which costs less than writing it anew for each run.
 *
 * The platform gives an alarm up that failed too often (reference: reliability, finding 2), and says nothing of it: one that
 * is long overdue is not relied on.
 */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** To be called when the object wakes. An alarm that is due by then, and may be what woke it, goes off any moment. */
  async read(now: number): Promise<void> {
    const at = await this.#storage.getAlarm();
    this.#at = at === null ? null : Math.max(at, now);
  }

  /** The alarm has gone off: none is set any more. */
  fired(): void {
    this.#at = null;
  }

  /** It should have gone off long ago. */
  isLost(now: number): boolean {
    return this.#at !== null && now - this.#at >= LOST_AFTER_MS;
  }

  /** @param at Unix milliseconds, by which something must happen by itself. Joins the transaction it is called in. */
  set(at: number, now: number): void {
    if (this.#at !== null && this.#at <= at && !this.isLost(now)) return;
    this.#at = at;
    void this.#storage.setAlarm(at);
  }
}
