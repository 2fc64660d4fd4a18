import type { ThreadStore } from "./store.ts";

/** A checkpoint's row. */
type Checkpoint = ReturnType<ThreadStore["checkpoints"]>[number];

/**
 * The checkpoint that a commit stands on: the newest of its run up to there, or what the run itself stands on, which need not be
 * the one before it in the log. Undefined where there is none.
 */
export function checkpointAt(store: ThreadStore, seq: number): Checkpoint | undefined {
  for (let at = seq; at > 0; ) {
    const run = store.runAt(at);
    const [newest] = run === undefined ? [] : store.checkpoints(at + 1, 1);
    if (run === undefined || newest === undefined || newest.seq >= run.firstSeq) return newest;
    at = run.from === null ? run.firstSeq - 1 : run.from.seq;
  }
  return undefined;
}
