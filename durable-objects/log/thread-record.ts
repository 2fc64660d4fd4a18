import { failure } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { ThreadRow } from "./rows.ts";
import type { ThreadStore } from "./store.ts";

/** The one row that says whose thread this is. Its writes join the transaction they are called in. */
export class ThreadRecord {
  readonly #store: ThreadStore;
  #row: ThreadRow | undefined;

  constructor(store: ThreadStore) {
    this.#store = store;
  }

  /** Undefined where nothing was ever written, or all of it was erased. */
  get row(): ThreadRow | undefined {
    return this.#row;
  }

  restore(): void {
    this.#row = this.#store.thread();
  }

  /** @throws EdgewiseError `not_found` for a thread that does not exist, was erased, or is another tenant's. */
  of({ tenant, threadId }: Pick<ThreadRow, "tenant" | "threadId">): ThreadRow {
    const row = this.#row;
    if (!row || row.deleted || row.tenant !== tenant)
      throw failure("not_found", `Thread with ID ${threadId} not found`);
    return row;
  }

  /** @param now Unix milliseconds */
  create(tenant: string, threadId: string, metadata: JsonObject, now: number): void {
    this.#row = { tenant, threadId, createdAt: now, updatedAt: now, metadata, deleted: false };
    this.#store.createThread(this.#row);
  }

  patch(metadata: JsonObject, now: number): void {
    if (!this.#row) return;
    this.#row = { ...this.#row, metadata: { ...this.#row.metadata, ...metadata }, updatedAt: now };
    this.#store.updateThread(now, this.#row.metadata);
  }

  /** Makes it, or gives it this metadata besides. */
  belong(tenant: string, threadId: string, metadata: JsonObject, now: number): void {
    if (!this.#row) this.create(tenant, threadId, metadata, now);
    else if (Object.entries(metadata).some(([key, value]) => this.#row?.metadata[key] !== value))
      this.patch(metadata, now);
  }

  /** Nobody finds it any more. */
  erase(now: number): void {
    if (!this.#row) return;
    this.#store.updateThread(now, {}, true);
    this.#row = { ...this.#row, deleted: true };
  }

  forget(): void {
    this.#row = undefined;
  }
}
