import type { Json } from "../../src/base/json.ts";
import type { Faults } from "./faults.ts";
import type { Asker } from "./index-database.ts";
import { refusalOf } from "./kind.ts";
import { NOBODY, type Timeline } from "./timeline.ts";

/** How a call ends at the service. */
export type Answer =
  | { readonly kind: "ok" }
  | { readonly kind: "retryable"; readonly retryAfterMs?: number }
  | { readonly kind: "final" }
  | { readonly kind: "hangs" };

export interface ServiceCall {
  readonly key: string;
  readonly attempt: number;
  /** The step inside the node; null for the call that is the node's own. */
  readonly step: string | null;
  readonly node: string;
  /** What the node saw. */
  readonly seen: string;
}

/** One call as the service saw it. Times are those of the timeline, which does not jump. */
export interface Recorded extends ServiceCall {
  readonly at: number;
  /** In which turn it left its object, and the latest that any clock had shown by then. */
  readonly turn: number;
  readonly peak: number;
  readonly answer: Answer["kind"];
  readonly tokens: number;
}

/** Longer than any time-out of the simulator's nodes. */
const MUCH_LATER_MS = 20_000;

/** The service outside, with a ledger of every call that reached it. */
export class Provider {
  readonly ledger: Recorded[] = [];
  readonly #timeline: Timeline;
  readonly #faults: Faults;

  constructor(timeline: Timeline, faults: Faults) {
    this.#timeline = timeline;
    this.#faults = faults;
  }

  /** @throws EdgewiseError as the service answers; never comes back when it hangs, or when its caller is dead by then. */
  call(call: ServiceCall, answer: Answer, latencyMs: number, tokens: number, signal: AbortSignal): Promise<Json> {
    const [timeline, faults] = [this.#timeline, this.#faults];
    const asker: Asker = timeline.party;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        // What was called off before it could leave does not leave.
        if (signal.aborted) return;
        const { turns: turn, peak } = timeline;
        timeline.after(1, NOBODY, () => {
          this.ledger.push({ ...call, at: timeline.now, turn, peak, answer: answer.kind, tokens });
          if (answer.kind === "hangs") return;
          const late = faults.strikes("provider-late") ? faults.below(MUCH_LATER_MS) : 0;
          timeline.after(latencyMs + late, asker, () => settle());
        });
      };
      const settle = (): void => {
        if (answer.kind === "ok") return resolve(null);
        reject(refusalOf(answer));
      };
      if (asker.send === undefined) leave();
      else asker.send(leave);
    });
  }
}
