import type { Json, JsonObject } from "../../src/base/json.ts";
import type { ThreadStore } from "./store.ts";

/** A snapshot weighs at least this (UTF-16 units). */
const MIN_WEIGHT = 16 * 1024;

type Values = ReadonlyMap<string, Json>;

/** A snapshot as it is written: what became of the values since another one. */
export interface SnapshotPiece {
  /** The position of the snapshot that it goes on from; 0: from nothing, so it is whole. */
  readonly base: number;
  /**
   * JSON: `[values, lists]`. Values are those of channels that have another one now; a list is `[kept, items]`: so many items of
   * what it was, and those that follow.
   */
  readonly text: string;
}

type Grown = readonly [kept: number, items: readonly Json[]];

/**
 * When a thread's values are written down: at the end of a run, once enough was committed since the last time. Lists that
 * only grew, as a conversation does, are written as what was added: a snapshot then costs what it is apart from the one before,
 * comes as often, and stays. Where other values make up most of it, it is written whole, and only once what was committed
 * weighs twice as much. So writing and restoring cost in proportion to what changed, whatever the runs are like.
 */
export class Snapshots {
  readonly #store: ThreadStore;
  #newest: { readonly seq: number; readonly values: Values } = { seq: 0, values: new Map() };
  #weightSince = 0;
  /** Known to be too early before this weight. */
  #dueAt = MIN_WEIGHT;

  constructor(store: ThreadStore) {
    this.#store = store;
  }

  /** Reads the newest one; where there is none, nothing at position 0. */
  restore(): void {
    const newest = this.#store.snapshot(Number.MAX_SAFE_INTEGER);
    this.#newest = { seq: newest?.seq ?? 0, values: new Map(Object.entries(newest?.values ?? {})) };
    this.#weightSince = this.#store.weightAfter(this.#newest.seq);
    this.#dueAt = MIN_WEIGHT;
  }

  committed(weight: number): void {
    this.#weightSince += weight;
  }

  /** To be called when no run is live; joins the transaction. */
  saveIfDue(seq: number, values: Values): void {
    if (this.#weightSince < this.#dueAt) return;
    const difference = this.#difference(values);
    const piece = difference ?? this.#whole(values);
    // A difference may not weigh more than what it comes from, something whole not more than half as much.
    const due = difference === undefined ? 2 * piece.text.length : piece.text.length;
    if (this.#weightSince < due) {
      this.#dueAt = due;
      return;
    }
    this.#store.saveSnapshot(seq, piece, Object.fromEntries(values));
    this.#newest = { seq, values };
    this.#weightSince = 0;
    this.#dueAt = MIN_WEIGHT;
  }

  forget(): void {
    this.#newest = { seq: 0, values: new Map() };
    this.#weightSince = 0;
    this.#dueAt = MIN_WEIGHT;
    this.#store.forget();
  }

  /** Undefined where most of it would be values written again. */
  #difference(values: Values): SnapshotPiece | undefined {
    const { seq: base, values: before } = this.#newest;
    const set: Record<string, Json> = {};
    const lists: Record<string, Grown> = {};
    for (const name of before.keys()) if (!values.has(name)) return undefined;
    for (const [name, value] of values) {
      const known = before.get(name);
      const grown = growthOf(known, value);
      if (grown === undefined) set[name] = value;
      else if (known === undefined || grown[1].length > 0 || grown[0] < (known as readonly Json[]).length)
        lists[name] = grown;
    }
    const [changed, grown] = [JSON.stringify(set), JSON.stringify(lists)];
    return changed.length > grown.length ? undefined : { base, text: `[${changed},${grown}]` };
  }

  #whole(values: Values): SnapshotPiece {
    return { base: 0, text: `[${JSON.stringify(Object.fromEntries(values))},{}]` };
  }
}

/**
 * A list as what it keeps of an older one and what follows; undefined for what is no list, or keeps less than half. Folds keep
 * the items they are given, so an equal item is mostly the same one, and looking at ten thousand of them costs microseconds.
 */
function growthOf(before: Json | undefined, now: Json): Grown | undefined {
  if (!Array.isArray(now)) return undefined;
  const items = now as readonly Json[];
  if (before === undefined) return [0, items];
  if (!Array.isArray(before)) return undefined;
  const differs = before.findIndex((item, index) => !isSame(item as Json, items[index]));
  const kept = Math.min(items.length, differs < 0 ? before.length : differs);
  return 2 * kept < before.length ? undefined : [kept, items.slice(kept)];
}

/** After a restart what was read back of the log stands beside what was read of a snapshot: then the texts count. */
function isSame(one: Json, other: Json | undefined): boolean {
  return one === other || (other !== undefined && JSON.stringify(one) === JSON.stringify(other));
}

/** The values after a piece, given those of the snapshot that it goes on from. */
export function withPiece(base: JsonObject, text: string): JsonObject {
  const [set, lists] = JSON.parse(text) as readonly [JsonObject, Readonly<Record<string, Grown>>];
  const values: Record<string, Json> = { ...base, ...set };
  for (const [name, [kept, items]] of Object.entries(lists)) {
    const before = base[name];
    values[name] = Array.isArray(before) ? [...(before as readonly Json[]).slice(0, kept), ...items] : items;
  }
  return values;
}
