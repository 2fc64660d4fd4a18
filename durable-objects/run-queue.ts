import type { ErrorRecord } from "../src/base/errors.ts";
import type { QueuedRun, QueueRows } from "./log/queue-rows.ts";
import type { RunRow } from "./log/rows.ts";
import { newRun } from "./run/new-run.ts";
import type { StartRun } from "./thread-api.ts";

/** Runs that were accepted and wait for their turn. Its writes join the transaction they are called in. */
export class RunQueue {
  readonly #rows: QueueRows;
  readonly #isThere: () => boolean;
  /** Those that wait, in the order in which they begin; undefined until it is asked for. */
  #pending: readonly QueuedRun[] | undefined;

  /** @param isThere whether the thread has any tables */
  constructor(rows: QueueRows, isThere: () => boolean) {
    this.#rows = rows;
    this.#isThere = isThere;
  }

  get pending(): readonly QueuedRun[] {
    if (this.#pending === undefined) {
      if (!this.#isThere()) return [];
      this.#pending = this.#rows.pending();
    }
    return this.#pending;
  }

  get isEmpty(): boolean {
    return this.pending.length === 0;
  }

  isPending(runId: string): boolean {
    return this.pending.some((queued) => queued.runId === runId);
  }

  /** The one whose turn has come, if none is live. @param now Unix milliseconds */
  due(now: number): QueuedRun | undefined {
    const [next] = this.pending;
    return next !== undefined && next.due <= now ? next : undefined;
  }

  request(runId: string): StartRun {
    return this.#rows.request(runId);
  }

  /** One that has not begun, or never will, as a run that has no log. Undefined for any other. */
  row(runId: string): RunRow | undefined {
    if (!this.#isThere()) return undefined;
    const queued = this.#rows.find(runId);
    return queued && this.#rowOf(queued);
  }

  /** The last that came of those that will never begin. */
  newest(): RunRow | undefined {
    const queued = this.#rows.newest();
    return queued && this.#rowOf(queued);
  }

  #rowOf({ runId, status, createdAt, updatedAt, error }: QueuedRun): RunRow {
    const row = newRun(this.request(runId), { n: 0, firstSeq: 0, now: createdAt, from: null });
    return { ...row, status, updatedAt, error };
  }

  /** Its id was a run's that is gone. */
  wasDeleted(runId: string): boolean {
    return this.#rows.wasDeleted(runId);
  }

  add(command: StartRun, due: number, now: number): void {
    this.#rows.add(command, due, now);
    this.#pending = undefined;
  }

  /** A run begins: answers whether it had waited here. */
  begin(runId: string, now: number): boolean {
    if (!this.isPending(runId)) return false;
    this.#rows.started(runId, now);
    this.#leave(runId);
    return true;
  }

  end(runId: string, status: "interrupted" | "error", error: ErrorRecord, now: number): void {
    this.#rows.end(runId, status, error, now);
    this.#leave(runId);
  }

  remove(runId: string, now: number): void {
    this.#rows.remove(runId, now);
    this.#leave(runId);
  }

  #leave(runId: string): void {
    this.#pending = this.#pending?.filter((queued) => queued.runId !== runId);
  }

  forget(): void {
    this.#pending = undefined;
  }
}
