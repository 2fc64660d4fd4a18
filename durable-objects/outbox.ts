import type { Json } from "../src/base/json.ts";
import { openDatabase } from "../src/storage/database.ts";
import { type LiveRun, removeLiveRun, upsertLiveRun } from "../src/storage/live-runs.ts";
import { deleteThread, type ThreadRow, upsertThread } from "../src/storage/threads.ts";
import type { RunRow, ThreadRow as StoredThread } from "./log/rows.ts";
import type { ThreadStore } from "./log/store.ts";

/** What a thread tells the outside about itself. Written in the commit's transaction, delivered after it, at least once. */
export type Notice =
  /** `again`: the index may know of the run already. */
  | { readonly kind: "run-live"; readonly run: LiveRun; readonly again: boolean }
  | { readonly kind: "run-over"; readonly threadId: string; readonly runId: string }
  | { readonly kind: "thread"; readonly row: ThreadRow }
  | { readonly kind: "thread-erased"; readonly threadId: string };

/** @param now Unix milliseconds; of two lines about a thread the newer counts. */
export function threadNotice(thread: StoredThread, status: ThreadRow["status"], now: number): Notice {
  const { threadId, createdAt, metadata } = thread;
  const graphId = typeof metadata["graph_id"] === "string" ? metadata["graph_id"] : null;
  return {
    kind: "thread",
    row: { threadId, graphId, status, metadata: JSON.stringify(metadata), createdAt, updatedAt: now },
  };
}

/** Notices are gathered for this long; the thread's alarm stands behind them. */
export const DELIVERY_DELAY_MS = 50;
/** The sweep looks at a run whose thread has been silent for this long. */
export const OVERDUE_MS = 60_000;
const BATCH = 32;
/** An index that takes longer counts as away: the next delivery must not wait for an answer that never comes. */
const DEADLINE_MS = 10_000;

/**
 * What the outside is to learn: written in the commit's transaction, delivered after it, at least once and in order.
 * A crash or a deaf D1 delays a notice; the thread's alarm comes back to it.
 */
export class Outbox {
  readonly #store: ThreadStore;
  readonly #binding: D1Database;
  #delivering: Promise<boolean> | undefined;
  /** How much is undelivered; counted once, since every commit asks. */
  #waiting: number | undefined;

  constructor(store: ThreadStore, binding: D1Database) {
    this.#store = store;
    this.#binding = binding;
  }

  /** Joins the transaction it is called in. */
  add(notice: Notice): void {
    this.#waiting = this.#count() + 1;
    this.#store.enqueue(notice.kind, notice as unknown as Json);
  }

  /** The sweep is to look at the run when nothing was heard of it for a while after `at`. */
  tellLive(thread: StoredThread | undefined, run: RunRow, at: number, again: boolean): void {
    if (thread === undefined) return;
    const { runId, createdAt: startedAt } = run;
    this.add({ kind: "run-live", run: { threadId: thread.threadId, runId, startedAt, dueAt: at + OVERDUE_MS }, again });
  }

  /** As {@link tellLive}, where nothing moves before a moment that is further off than the sweep's usual look. */
  tellLater(thread: StoredThread | undefined, run: RunRow, at: number, now: number): void {
    if (at > now + OVERDUE_MS) this.tellLive(thread, run, at, true);
  }

  tellOver(thread: StoredThread | undefined, runId: string): void {
    if (thread !== undefined) this.add({ kind: "run-over", threadId: thread.threadId, runId });
  }

  get isEmpty(): boolean {
    return this.#count() === 0;
  }

  #count(): number {
    this.#waiting ??= this.#store.outboxSize();
    return this.#waiting;
  }

  /** One delivery at a time. Never throws; false: something is left, because D1 did not take it. */
  deliver(tenant: string): Promise<boolean> {
    this.#delivering ??= this.#deliverAll(tenant).finally(() => {
      this.#delivering = undefined;
    });
    return this.#delivering;
  }

  async #deliverAll(tenant: string): Promise<boolean> {
    try {
      const database = openDatabase(this.#binding);
      for (let rows = this.#store.outbox(BATCH); rows.length > 0; rows = this.#store.outbox(BATCH)) {
        const notices = rows.map((row) => ({ id: row.id, notice: row.body as unknown as Notice }));
        for (const { id, notice } of notices) {
          if (!isOvertaken(notice, notices, id)) await inTime(send(database, tenant, notice));
          this.#store.delivered(id);
          this.#waiting = this.#count() - 1;
        }
      }
      return true;
    } catch (thrown) {
      console.warn(`The index did not take a notice of a thread and will be asked again: ${String(thrown)}`);
      return false;
    }
  }
}

type Numbered = { readonly id: number; readonly notice: Notice };

/**
 * A run that is over needs no row saying that it is live; of a thread, and of a live run, only the newest line counts.
 * (Should the row be there all the same, after a crash between D1 and here, the sweep finds that the run is over and takes
 * it away.)
 */
function isOvertaken(notice: Notice, all: readonly Numbered[], id: number): boolean {
  return all.some(({ id: otherId, notice: other }) => {
    if (notice.kind === "run-over")
      return otherId < id && other.kind === "run-live" && !other.again && other.run.runId === notice.runId;
    if (otherId <= id) return false;
    if (notice.kind === "run-live")
      return (
        (other.kind === "run-over" ? other.runId : other.kind === "run-live" && other.run.runId) === notice.run.runId
      );
    return notice.kind === "thread" && other.kind === "thread";
  });
}

async function inTime(sent: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    await Promise.race([sent, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function send(database: ReturnType<typeof openDatabase>, tenant: string, notice: Notice): Promise<void> {
  switch (notice.kind) {
    case "run-live":
      return upsertLiveRun(database, tenant, notice.run);
    case "run-over":
      return removeLiveRun(database, tenant, notice.threadId, notice.runId);
    case "thread":
      return upsertThread(database, tenant, notice.row);
    case "thread-erased":
      return deleteThread(database, tenant, notice.threadId);
  }
}
