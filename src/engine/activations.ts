import type { Json } from "../base/json.ts";
import { compareStamps, type Stamp } from "./order.ts";

/** One activation as it waits for its node to become ready (R1). */
export interface Activation {
  /** Who caused it; undefined for the start of the run, and for ordinary activations, which have merged. */
  readonly sender: Stamp | undefined;
  /** Its place among what the sender sent. */
  readonly index: number;
  /** Present iff it is a send. */
  readonly payload?: Json;
}

/** What is pending at one node: at most one ordinary activation, and any number of sends (R1). */
export class PendingActivations {
  #ordinary = false;
  readonly #sends: Activation[] = [];

  addOrdinary(): void {
    this.#ordinary = true;
  }

  addSend(send: Activation): void {
    this.#sends.push(send);
  }

  get count(): number {
    return (this.#ordinary ? 1 : 0) + this.#sends.length;
  }

  /** R5: the order of the batch these become, the one without a sender first. */
  inOrder(): readonly Activation[] {
    this.#sends.sort((one, other) => compareStamps(one.sender, other.sender) || one.index - other.index);
    return this.#ordinary ? [{ sender: undefined, index: -1 }, ...this.#sends] : this.#sends;
  }
}
