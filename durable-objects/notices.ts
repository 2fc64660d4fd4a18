import type { DeadLetter } from "../src/storage/dead-letters.ts";
import type { ThreadRow as ThreadLine } from "../src/storage/threads.ts";
import { DELIVERY_DELAY_MS, OVERDUE_MS, type Outbox } from "./outbox.ts";
import type { Commit } from "./log/entry.ts";
import type { RunRow, ThreadRow } from "./log/rows.ts";
import type { Delivery } from "./scheduler-api.ts";

/** What the object lends to its notices. */
interface Thread {
  readonly row: ThreadRow | undefined;
  /** What a search of the index finds it by; undefined for one that is not to be found any more. */
  readonly line: (row: ThreadRow) => ThreadLine | undefined;
  /** What is told of a run's end to whoever asked for it. */
  readonly webhook: (run: RunRow) => Delivery | undefined;
  /** Everything has been delivered. */
  readonly delivered: () => Promise<void> | void;
}

/** What the index, and others outside, are told of a thread: when, and in which words (0006). */
export class Notices {
  readonly #outbox: Outbox;
  readonly #context: DurableObjectState;
  readonly #thread: () => Thread;
  #isSet = false;
  /** When the sweep looks next, as far as it was told; Unix milliseconds. */
  #looksAt = 0;

  constructor(outbox: Outbox, context: DurableObjectState, thread: () => Thread) {
    this.#outbox = outbox;
    this.#context = context;
    this.#thread = thread;
  }

  get isEmpty(): boolean {
    return this.#outbox.isEmpty;
  }

  thread(): void {
    const { row, line } = this.#thread();
    if (row === undefined) return;
    const shown = line(row);
    this.#outbox.add(shown ? { kind: "thread", row: shown } : { kind: "thread-erased", threadId: row.threadId });
  }

  /** @param isListed the index may know of it already */
  live(run: RunRow, now: number, isListed = false): void {
    this.#looksAt = now;
    this.#outbox.tellLive(this.#thread().row, run, now, isListed, true);
  }

  /** A run waits for its turn. @param due when that may come, Unix milliseconds */
  queued(run: Pick<RunRow, "runId" | "createdAt">, due: number, now: number): void {
    this.#outbox.tellQueued(this.#thread().row, run, due, now);
  }

  /** Nobody remembers what the sweep was told. */
  forget(): void {
    this.#looksAt = Number.POSITIVE_INFINITY;
  }

  /** A commit may say that something is due far ahead. */
  committed(run: RunRow, commit: Commit): void {
    this.#outbox.tellWake(this.#thread().row, run, commit);
  }

  /** @param at when something of the run moves by itself: before that the sweep need not look either; `now` while it moves */
  looks(run: RunRow, at: number, now: number): void {
    if (at > now + OVERDUE_MS) this.#looksAt = at;
    // It was to look later, perhaps in weeks: what moves again must not wait for that when its alarm is lost.
    else if (this.#looksAt > now + OVERDUE_MS) this.#looksAt = now;
    else return;
    this.#outbox.tellLive(this.#thread().row, run, this.#looksAt, true);
  }

  /** @param due when what it left goes on by itself, Unix milliseconds: the sweep stands behind that */
  over(run: RunRow, due: number | undefined): void {
    const { row } = this.#thread();
    if (due === undefined) this.#outbox.tellOver(row, run.runId);
    else this.#outbox.tellLive(row, run, due, true);
    this.thread();
  }

  /** A run has ended, however it did. */
  ended(run: RunRow | undefined): void {
    const delivery = run && this.#thread().webhook(run);
    if (delivery !== undefined) this.#outbox.add({ kind: "webhook", delivery });
  }

  dead(letter: DeadLetter | undefined): void {
    this.#outbox.tellDead(letter);
  }

  /** What it left goes on, or is left for good: nobody need look at it any more. */
  gone(run: Pick<RunRow, "runId">): void {
    this.#outbox.tellOver(this.#thread().row, run.runId);
  }

  erased(threadId: string): void {
    this.#outbox.add({ kind: "thread-erased", threadId });
  }

  /** After a moment, in which a short run ends: then nobody needs to hear that it was live. */
  deliverSoon(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    const moment = scheduler.wait(DELIVERY_DELAY_MS).then(() => {
      this.#isSet = false;
      return this.deliver();
    });
    this.#context.waitUntil(moment);
  }

  /** Never throws: what is told was durable before, and who waits for the telling must not take that for undone. */
  async deliver(): Promise<void> {
    const { row, delivered } = this.#thread();
    if (!row || !(await this.#outbox.deliver(row.tenant))) return;
    try {
      await delivered();
    } catch (thrown) {
      // The alarm that stands comes sooner than it must, and sets the next.
      console.warn(`A thread could not set its alarm anew: ${String(thrown)}`);
    }
  }
}
