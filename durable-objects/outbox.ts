import type { Json } from "../src/base/json.ts";
import { openDatabase } from "../src/storage/database.ts";
import { type DeadLetter, insertDeadLetter, markContinued, removeDeadLetters } from "../src/storage/dead-letters.ts";
import { type LiveRun, removeLiveRun, upsertLiveRun } from "../src/storage/live-runs.ts";
import { deleteThread, type ThreadRow, upsertThread } from "../src/storage/threads.ts";
import { sendWake, type Wake } from "../src/storage/wakes.ts";
import type { Commit } from "./log/entry.ts";
import type { RunRow, ThreadRow as StoredThread } from "./log/rows.ts";
import type { ThreadStore } from "./log/store.ts";
import type { Delivery } from "./scheduler-api.ts";

/** What a thread tells the outside about itself. Written in the commit's transaction, delivered after it, at least once. */
export type Notice =
  /** `again`: the index may know of the run already. */
  | { readonly kind: "run-live"; readonly run: LiveRun; readonly again: boolean }
  | { readonly kind: "run-over"; readonly threadId: string; readonly runId: string }
  | { readonly kind: "thread"; readonly row: ThreadRow }
  /** Something is due far ahead; `told`: when that was written down. */
  | {
      readonly kind: "wake";
      readonly threadId: string;
      readonly runId: string;
      readonly at: number;
      readonly told: number;
    }
  | { readonly kind: "dead-letter"; readonly letter: DeadLetter }
  /** A run that had ended goes on in another (`by`). */
  | {
      readonly kind: "run-continued";
      readonly threadId: string;
      readonly runId: string;
      readonly by: string;
      readonly at: number;
    }
  | { readonly kind: "thread-erased"; readonly threadId: string }
  /** A run has ended, and somebody asked to be told. */
  | { readonly kind: "webhook"; readonly delivery: Delivery };

/** Notices are gathered for this long; the thread's alarm stands behind them. */
export const DELIVERY_DELAY_MS = 50;
/** The sweep looks at a run whose thread has been silent for this long. */
export const OVERDUE_MS = 60_000;
const BATCH = 32;
const MOST_WOKEN = 1_000;
/** An index that takes longer counts as away: the next delivery must not wait for an answer that never comes. */
const DEADLINE_MS = 10_000;
/** Nearer than this nothing needs a message: the thread is in memory still, and its alarm set. */
const WAKE_FROM_MS = 5_000;
/** A queue that has not taken a wake for so long is done without: the alarm stands, and a thread that waits must cost nothing. */
const WAKE_GIVEN_UP_MS = 60_000;

/** Where notices go. Without a queue alarms and the sweep are enough. */
export interface Outside {
  readonly index: D1Database;
  readonly wakes?: Queue | undefined;
  /** Takes a delivery on: it is durable when this resolves, and the thread need not remember it. */
  readonly deliver: (tenant: string, delivery: Delivery) => Promise<void>;
}

/**
 * What the outside is to learn: written in the commit's transaction, delivered after it, at least once and in order.
 * A crash or a deaf D1 delays a notice; the thread's alarm comes back to it.
 */
export class Outbox {
  readonly #store: ThreadStore;
  readonly #outside: Outside;
  #delivering: Promise<boolean> | undefined;
  /** How much is undelivered; counted once, since every commit asks. */
  #waiting: number | undefined;
  /** Seconds for which a wake was told already: ten thousand tasks that back off together need few. */
  readonly #woken = new Set<string>();

  constructor(store: ThreadStore, outside: Outside) {
    this.#store = store;
    this.#outside = outside;
  }

  /** Joins the transaction it is called in. */
  add(notice: Notice): void {
    this.#waiting = this.#count() + 1;
    this.#store.enqueue(notice.kind, notice as unknown as Json);
  }

  /** The sweep is to look at the run when nothing was heard of it for a while after `at`. */
  tellLive(thread: StoredThread | undefined, run: RunRow, at: number, again: boolean, isNew = !again): void {
    if (thread === undefined) return;
    const { runId, createdAt: startedAt } = run;
    this.add({ kind: "run-live", run: { threadId: thread.threadId, runId, startedAt, dueAt: at + OVERDUE_MS }, again });
    if (isNew) this.#tellContinued(thread, run, at);
  }

  /** The sweep is to look at the thread when the run's turn may have come. @param due Unix milliseconds */
  tellQueued(
    thread: StoredThread | undefined,
    run: Pick<RunRow, "runId" | "createdAt">,
    due: number,
    now: number,
  ): void {
    if (thread === undefined) return;
    const { threadId } = thread;
    const { runId, createdAt: startedAt } = run;
    this.add({ kind: "run-live", run: { threadId, runId, startedAt, dueAt: due + OVERDUE_MS }, again: false });
    if (this.#outside.wakes !== undefined && due > now + WAKE_FROM_MS)
      this.add({ kind: "wake", threadId, runId, at: due, told: now });
  }

  #tellContinued({ threadId }: StoredThread, run: RunRow, at: number): void {
    // A write from outside is nobody's run: the letter stays with the one that failed.
    let before = run.hidden ? undefined : this.#before(run);
    while (before?.hidden === true) before = this.#before(before);
    if (before?.status === "error")
      this.add({ kind: "run-continued", threadId, runId: before.runId, by: run.runId, at });
  }

  /** The run that this one goes on from. */
  #before({ from }: RunRow): RunRow | undefined {
    return from === null || from.anew ? undefined : this.#store.runAt(from.seq);
  }

  /** After a commit by which a task of the run tries again, or stops waiting, at a time that is not near. */
  tellWake(thread: StoredThread | undefined, { runId }: RunRow, { entry, at: told }: Commit): void {
    if (thread === undefined || this.#outside.wakes === undefined) return;
    const at = entry.type === "attempt-failed" ? entry.retryAt : entry.type === "task-waiting" ? entry.until : null;
    if (at === null || at <= told + WAKE_FROM_MS) return;
    const second = `${runId} ${Math.ceil(at / 1000)}`;
    if (this.#woken.has(second)) return;
    if (this.#woken.size >= MOST_WOKEN) this.#woken.clear();
    this.#woken.add(second);
    this.add({ kind: "wake", threadId: thread.threadId, runId, at, told });
  }

  tellDead(letter: DeadLetter | undefined): void {
    if (letter !== undefined) this.add({ kind: "dead-letter", letter });
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
      const database = openDatabase(this.#outside.index);
      let last = 0;
      for (let rows = this.#store.outbox(BATCH); rows.length > 0; rows = this.#store.outbox(BATCH, last)) {
        const notices = rows.map((row) => ({ id: row.id, notice: row.body as unknown as Notice }));
        const done: number[] = [];
        try {
          for (const { id, notice } of notices) {
            last = id;
            if (!isOvertaken(notice, notices, id)) {
              // What waits for the queue, or a scheduler, keeps nothing back that goes to the index.
              if (notice.kind === "wake" || notice.kind === "webhook") {
                if (!(await this.#passOn(tenant, notice))) continue;
              } else await inTime(send(database, tenant, notice));
            }
            done.push(id);
          }
        } finally {
          this.#delivered(done);
        }
      }
      return this.isEmpty;
    } catch (thrown) {
      console.warn(`The index did not take a notice of a thread and will be asked again: ${String(thrown)}`);
      return false;
    }
  }

  /** All of them in one turn, so that one flush has them: each of its own costs as much as the notice. */
  #delivered(ids: readonly number[]): void {
    for (const id of ids) this.#store.delivered(id);
    this.#waiting = this.#count() - ids.length;
  }

  /** Whether the notice is done with. */
  async #passOn(tenant: string, notice: Exclude<Notice, IndexNotice>): Promise<boolean> {
    if (notice.kind === "wake") return this.#wake(tenant, notice);
    try {
      await inTime(this.#outside.deliver(tenant, notice.delivery));
      return true;
    } catch (thrown) {
      console.warn(`The scheduler did not take a webhook and will be asked again: ${String(thrown)}`);
      return false;
    }
  }

  async #wake(tenant: string, { threadId, runId, at, told }: Extract<Notice, { kind: "wake" }>): Promise<boolean> {
    const now = Date.now();
    if (this.#outside.wakes === undefined || at <= now) return true;
    const wake: Wake = { tenant, thread: threadId, run: runId, at };
    try {
      await inTime(sendWake(this.#outside.wakes, wake, now));
      return true;
    } catch (thrown) {
      console.warn(`The queue did not take a wake; the thread's alarm stands: ${String(thrown)}`);
      return now > told + WAKE_GIVEN_UP_MS;
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
    if (notice.kind === "wake")
      return (
        otherId > id && (other.kind === "thread-erased" || (other.kind === "run-over" && other.runId === notice.runId))
      );
    if (notice.kind === "run-over")
      return otherId < id && other.kind === "run-live" && !other.again && other.run.runId === notice.runId;
    if (otherId <= id) return false;
    if (notice.kind === "run-live")
      return (
        (other.kind === "run-over" ? other.runId : other.kind === "run-live" && other.run.runId) === notice.run.runId
      );
    return notice.kind === "thread" && (other.kind === "thread" || other.kind === "thread-erased");
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

type IndexNotice = Exclude<Notice, { readonly kind: "wake" | "webhook" }>;

async function send(database: ReturnType<typeof openDatabase>, tenant: string, notice: IndexNotice): Promise<void> {
  switch (notice.kind) {
    case "run-live":
      return upsertLiveRun(database, tenant, notice.run);
    case "run-over":
      return removeLiveRun(database, tenant, notice.threadId, notice.runId);
    case "thread":
      return upsertThread(database, tenant, notice.row);
    case "dead-letter":
      return insertDeadLetter(database, tenant, notice.letter);
    case "run-continued":
      return markContinued(database, tenant, notice);
    case "thread-erased":
      await removeDeadLetters(database, tenant, notice.threadId);
      return deleteThread(database, tenant, notice.threadId);
  }
}
