import type { Checkpoint } from "./checkpoint-rows.ts";
import type { RunRow } from "./rows.ts";
import type { ThreadStore } from "./store.ts";

/**
 * The checkpoint that a commit stands on: the newest of its run up to there, or what the run itself stands on, which need not be
 * the one before it in the log. Undefined where there is none.
 */
export function checkpointAt(store: ThreadStore, seq: number): Checkpoint | undefined {
  for (let at = seq; at > 0; ) {
    const run = store.runAt(at);
    const newest = run && store.checkpoints.last(at);
    if (run === undefined || newest === undefined || newest.seq >= run.firstSeq) return newest;
    const named = namedBy(store, run);
    if (named !== undefined) return named;
    at = restBefore(store, run);
  }
  return undefined;
}

/** The checkpoint before a run's first. */
export function standsOn(store: ThreadStore, run: RunRow): Checkpoint | undefined {
  return namedBy(store, run) ?? checkpointAt(store, restBefore(store, run));
}

/** The one that it was told to begin at. */
function namedBy(store: ThreadStore, { from }: RunRow): Checkpoint | undefined {
  if (from?.shown === undefined) return undefined;
  const { seq, part } = from.shown;
  return store.checkpoints.heads(seq, seq)[part];
}

/** The commit that it stands on. Who goes on after a cancel does so from before it, and after what it has shown. */
function restBefore(store: ThreadStore, { from, firstSeq }: RunRow): number {
  if (from === null) return firstSeq - 1;
  const before = store.runAt(from.seq);
  const isCancelled = before?.error?.code === "run_cancelled" && before.lastSeq === from.seq + 1;
  return isCancelled ? from.seq + 1 : from.seq;
}
