import type { RunRow } from "./log/rows.ts";
import type { ThreadStore } from "./log/store.ts";
import { goesOnAlone, isCancelled, isOver, restOf } from "./run/ending.ts";
import type { LiveRun } from "./run/live-run.ts";
import type { Rebuilding } from "./run/rebuilding.ts";

/** What a thread's last run left while none is live: what waits, has failed, or was stopped. Made of its log when it is asked for. */
export class AtRest {
  readonly #store: ThreadStore;
  readonly #rebuilding: Rebuilding;
  #run: LiveRun | undefined;

  constructor(store: ThreadStore, rebuilding: Rebuilding) {
    this.#store = store;
    this.#rebuilding = rebuilding;
  }

  /** That can go on; undefined where all is done. */
  head(threadId: string): LiveRun | undefined {
    const last = this.#store.lastRun();
    if (!last || isOver(last)) return undefined;
    this.#run ??= this.#rebuilding.at(last, restOf(last), threadId);
    return this.#run;
  }

  /** That goes on by itself when its time has come: as far as it is in memory, or, `threadId` being given, at all. */
  waiting(threadId?: string): LiveRun | undefined {
    const head = threadId === undefined ? this.#run : this.head(threadId);
    return head !== undefined && goesOnAlone(head.row) ? head : undefined;
  }

  /** A run has ended. */
  keep(over: RunRow, live: LiveRun): void {
    live.endedAs(over);
    // A cancel has dropped what was in flight; who goes on all the same does so from before it.
    this.#run = isOver(over) || isCancelled(over) ? undefined : live;
  }

  /** Another begins. Answers the run that the index may list for what it was to go on with by itself. */
  leave(): RunRow | undefined {
    const run = this.#run;
    this.#run = undefined;
    if (run !== undefined) return run.nextTime() === undefined ? undefined : run.row;
    const last = this.#store.lastRun();
    // After a restart only playing its log would tell; to take away a row that is not there costs less.
    return last && !isOver(last) && goesOnAlone(last) ? last : undefined;
  }

  forget(): void {
    this.#run = undefined;
  }
}
