import type { Faults } from "./faults.ts";
import type { Asker } from "./index-database.ts";
import type { Party, Timeline } from "./timeline.ts";

/** The platform delivers a message so often until it takes it for dead. */
const MOST_DELIVERIES = 5;

export type Consume = (batch: MessageBatch) => Promise<void>;

/** A queue as a bag: messages come late, twice, in any order, or never. */
export class SimQueue {
  readonly #name: string;
  readonly #timeline: Timeline;
  readonly #faults: Faults;
  readonly #consumer: Party;
  readonly #consume: Consume;
  #sent = 0;

  constructor(name: string, timeline: Timeline, faults: Faults, consumer: Party, consume: Consume) {
    this.#name = name;
    this.#timeline = timeline;
    this.#faults = faults;
    this.#consumer = consumer;
    this.#consume = consume;
  }

  get binding(): Queue {
    return {
      send: (body: unknown, { delaySeconds = 0 }: { delaySeconds?: number } = {}) => this.#send(body, delaySeconds),
    } as unknown as Queue;
  }

  #send(body: unknown, delaySeconds: number): Promise<void> {
    const asker: Asker = this.#timeline.party;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const mood = this.#faults.strikes("queue-faults") ? this.#faults.below(4) : -1;
        if (mood === 0) return void this.#timeline.after(1, asker, () => reject(new Error("The queue is away")));
        this.#timeline.after(1, asker, () => resolve());
        // Lost, doubled, or late; several that are late come in another order.
        if (mood === 1) return;
        this.#sent += 1;
        const id = `${this.#name} ${this.#sent}`;
        const lateMs = mood === 2 ? this.#faults.below(60_000) : 0;
        this.#deliverLater(id, body, 1, delaySeconds * 1000 + lateMs);
        if (mood === 3) this.#deliverLater(id, body, 1, delaySeconds * 1000 + this.#faults.below(5_000));
      };
      if (asker.send === undefined) leave();
      else asker.send(leave);
    });
  }

  #deliverLater(id: string, body: unknown, attempts: number, delayMs: number): void {
    if (attempts > MOST_DELIVERIES) return;
    this.#timeline.after(2 + delayMs, this.#consumer, () => {
      const timestamp = new Date();
      const retry = ({ delaySeconds = 1 }: { delaySeconds?: number } = {}): void =>
        this.#deliverLater(id, body, attempts + 1, delaySeconds * 1000);
      const message = { id, timestamp, body, attempts, ack: () => undefined, retry };
      this.#consume({ queue: this.#name, messages: [message] } as unknown as MessageBatch).catch(() => retry());
    });
  }
}
