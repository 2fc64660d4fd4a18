import { canonicalJson, type Json } from "../base/json.ts";
import type { Fold } from "./fold.ts";

/**
 * Lists that grow at their end. Folds share one array and differ in how much of it is theirs; the fold that owns the
 * whole array grows it in place, any other copies its part first (a fork). 10,000 appends are 10,000 pushes.
 */
export class ListFold implements Fold {
  readonly #storage: Storage;
  /** How much of the storage is this fold's; -1 while the channel is absent. */
  readonly #length: number;

  private constructor(storage: Storage, length: number) {
    this.#storage = storage;
    this.#length = length;
  }

  static open(start: Json | undefined, reducer: "append" | "union"): ListFold {
    const storage: Storage = { items: [], keys: reducer === "union" ? new Set() : undefined };
    if (start === undefined) return new ListFold(storage, -1);
    add(storage, start);
    return new ListFold(storage, storage.items.length);
  }

  with(writes: readonly Json[]): Fold {
    if (writes.length === 0) return this;
    const storage = this.#owned();
    for (const write of writes) add(storage, write);
    return new ListFold(storage, storage.items.length);
  }

  value(): Json | undefined {
    return this.#length < 0 ? undefined : this.#storage.items.slice(0, this.#length);
  }

  #owned(): Storage {
    const { items, keys } = this.#storage;
    const length = Math.max(this.#length, 0);
    if (items.length === length) return this.#storage;
    const own = items.slice(0, length);
    return { items: own, keys: keys === undefined ? undefined : new Set(own.map(canonicalJson)) };
  }
}

interface Storage {
  readonly items: Json[];
  /** Only for `union`: what the list contains, as canonical JSON. */
  readonly keys: Set<string> | undefined;
}

/** An array is added item by item, any other value as one item. */
function add({ items, keys }: Storage, write: Json): void {
  for (const item of Array.isArray(write) ? write : [write]) {
    if (keys !== undefined) {
      const key = canonicalJson(item);
      if (keys.has(key)) continue;
      keys.add(key);
    }
    items.push(item);
  }
}
