/**
 * A commit's place in the canonical order and in what others see (R4, R5). Positions count the commits of a frame: they
 * say what was committed before what, and never decide an order.
 */
export interface Stamp {
  /** How it came to see what it saw: by its node (R4), from its cause (R11), or everything before it (R7). */
  readonly kind: "ordinary" | "each" | "outside";
  /** -1 for a write from outside, which has its level to itself. */
  readonly node: number;
  /** Raised when a task resumes after a write from outside (R8). */
  level: number;
  /** Place among the activations of its batch; for a task of an `each` node, its place among what its cause sent. */
  readonly ordinal: number;
  /** R11: the commit whose arrival a task of an each node is; undefined for the start, and for all other tasks. */
  readonly cause: Stamp | undefined;
  /** Commits there were when it was made ready. */
  readonly readyAt: number;
  /** Per loop around the node, outermost first: commits there were when the loop's turn began. */
  readonly turnsBeganAt: readonly number[];
  /** How many writes from outside it has seen. */
  outsideSeen: number;
  /** Commits there were when it was committed; -1 before that. */
  committedAt: number;
}

/** R5: (level, node's position, sender's place, index), an activation without a sender first. */
export function compareStamps(one: Stamp | undefined, other: Stamp | undefined): number {
  let [a, b] = [one, other];
  for (;;) {
    if (a === b) return 0;
    if (a === undefined) return -1;
    if (b === undefined) return 1;
    if (a.level !== b.level) return a.level - b.level;
    if (a.node !== b.node) return a.node - b.node;
    // Ordinals of one batch are dense already; tasks of an each node are told apart by their causes first.
    if (a.cause === b.cause) return a.ordinal - b.ordinal;
    [a, b] = [a.cause, b.cause];
  }
}

/**
 * A task's name within its frame: its place, so that it is the same in every schedule (R5). Tasks of an each node come
 * from many commits of one level; the cause's name tells them apart.
 */
export function taskName(level: number, node: number, ordinal: number, cause: string | undefined): string {
  const place = `${level}.${node}.${ordinal}`;
  return cause === undefined ? place : `${place}@${cause}`;
}
