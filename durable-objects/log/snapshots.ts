import type { Json } from "../../src/base/json.ts";
import type { ThreadStore } from "./store.ts";

/** A snapshot weighs at least this (UTF-16 units). */
const MIN_WEIGHT = 64 * 1024;

/**
 * When a thread's values are written down whole: at the end of a run, once what was committed since the last time weighs
 * twice as much as that did. So writing and restoring cost in proportion to the state, whatever the runs are like.
 */
export class Snapshots {
  readonly #store: ThreadStore;
  #size = 0;
  #weightSince = 0;

  constructor(store: ThreadStore) {
    this.#store = store;
  }

  /** The newest one; where there is none, nothing at position 0. */
  restore(): { readonly seq: number; readonly values: ReadonlyMap<string, Json> } {
    const newest = this.#store.snapshot(Number.MAX_SAFE_INTEGER);
    const seq = newest?.seq ?? 0;
    this.#size = newest?.bytes ?? 0;
    this.#weightSince = this.#store.weightAfter(seq);
    return { seq, values: new Map(Object.entries(newest?.values ?? {})) };
  }

  committed(weight: number): void {
    this.#weightSince += weight;
  }

  /** To be called when no run is live; joins the transaction. */
  saveIfDue(seq: number, values: ReadonlyMap<string, Json>): void {
    if (this.#weightSince < Math.max(MIN_WEIGHT, 2 * this.#size)) return;
    this.#size = this.#store.saveSnapshot(seq, Object.fromEntries(values));
    this.#weightSince = 0;
  }

  forget(): void {
    this.#size = 0;
    this.#weightSince = 0;
  }
}
