import { failure } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { Facts } from "./facts.ts";
import type { RunRow, ThreadRow } from "./rows.ts";
import type { ThreadStore } from "./store.ts";

/** The one row that says whose thread this is. Its writes join the transaction they are called in. */
export class ThreadRecord {
  readonly facts: Facts;
  readonly #store: ThreadStore;
  #row: ThreadRow | undefined;

  constructor(store: ThreadStore, sql: SqlStorage) {
    this.#store = store;
    this.facts = new Facts(sql);
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

  /** Whose name the tasks of a run carry that goes on from another: what a copy does is its own, as what a fork does is. */
  lineageAfter(before: Pick<RunRow, "n" | "lineage">, runId: string): string {
    return before.n <= (this.facts.all.copied?.runs ?? 0) ? runId : before.lineage;
  }

  /** Nobody finds it any more. */
  erase(now: number): void {
    if (!this.#row) return;
    this.#store.updateThread(now, {}, true);
    this.#row = { ...this.#row, deleted: true };
  }

  forget(): void {
    this.#row = undefined;
    this.facts.forget();
  }
}
