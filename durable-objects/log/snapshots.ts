import type { Json, JsonObject } from "../../src/base/json.ts";
import type { ThreadStore } from "./store.ts";

/** A snapshot weighs at least this (UTF-16 units). */
const MIN_WEIGHT = 64 * 1024;

type Values = ReadonlyMap<string, Json>;

/** A snapshot as it is written: what became of the values since another one. */
export interface SnapshotPiece {
  /** The position of the snapshot that it goes on from; 0: from nothing, so it is whole. */
  readonly base: number;
  /** JSON: `[values, items]`, the channels that have another value, and what was added to the lists of others. */
  readonly text: string;
}

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

  /** The newest one; where there is none, nothing at position 0. */
  restore(): { readonly seq: number; readonly values: Values } {
    const newest = this.#store.snapshot(Number.MAX_SAFE_INTEGER);
    this.#newest = { seq: newest?.seq ?? 0, values: new Map(Object.entries(newest?.values ?? {})) };
    this.#weightSince = this.#store.weightAfter(this.#newest.seq);
    this.#dueAt = MIN_WEIGHT;
    return this.#newest;
  }

  committed(weight: number): void {
    this.#weightSince += weight;
  }

  /** To be called when no run is live; joins the transaction. */
  saveIfDue(seq: number, values: Values): void {
    if (this.#weightSince < this.#dueAt) return;
    const piece = this.#difference(values) ?? this.#whole(values);
    if (piece === undefined) return;
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
    const add: Record<string, readonly Json[]> = {};
    for (const name of before.keys()) if (!values.has(name)) return undefined;
    for (const [name, value] of values) {
      const known = before.get(name);
      const added = addedTo(known, value);
      if (added === undefined) set[name] = value;
      else if (added.length > 0 || known === undefined) add[name] = added;
    }
    const [changed, grown] = [JSON.stringify(set), JSON.stringify(add)];
    return changed.length > grown.length ? undefined : { base, text: `[${changed},${grown}]` };
  }

  #whole(values: Values): SnapshotPiece | undefined {
    const text = JSON.stringify(Object.fromEntries(values));
    if (this.#weightSince < 2 * text.length) {
      this.#dueAt = 2 * text.length;
      return undefined;
    }
    return { base: 0, text: `[${text},{}]` };
  }
}

/**
 * What a list has beyond another that it goes on from; undefined for what is no such list. Folds keep the items they are
 * given, so an equal item is the same one, and looking at ten thousand of them costs microseconds.
 */
function addedTo(before: Json | undefined, now: Json): readonly Json[] | undefined {
  if (!Array.isArray(now)) return undefined;
  if (before === undefined) return now;
  if (!Array.isArray(before) || before.length > now.length) return undefined;
  return before.every((item, index) => item === now[index]) ? now.slice(before.length) : undefined;
}

/** The values after a piece, given those of the snapshot that it goes on from. */
export function withPiece(base: JsonObject, text: string): JsonObject {
  const [set, add] = JSON.parse(text) as readonly [JsonObject, Readonly<Record<string, readonly Json[]>>];
  const values: Record<string, Json> = { ...base, ...set };
  for (const [name, items] of Object.entries(add)) {
    const before = base[name];
    values[name] = Array.isArray(before) ? [...(before as readonly Json[]), ...items] : items;
  }
  return values;
}
