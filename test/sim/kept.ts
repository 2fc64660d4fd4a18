/** Seeds that once found something: each is simulated with every change. */
export interface Kept {
  readonly seed: number;
  /** What was found, and where it was put right. */
  readonly name: string;
}

export const KEPT: readonly Kept[] = [
  { seed: 53, name: "two questions that a run ended with had one frame id (view/frames.ts)" },
  { seed: 58, name: "a write as a node beyond the limit of steps was an internal error (updates.ts)" },
  { seed: 2950, name: "a resumed task of an each node saw what was written before it was made ready (reference.ts)" },
  { seed: 399, name: "a redriven composite's tasks had the attempts of those before them (run/task-notes.ts)" },
  { seed: 426, name: "a write was called refused because the index could not be told of it (notices.ts)" },
  { seed: 2547, name: "a cancel of what had failed changed the error that had been told (queue.ts)" },
  { seed: 2615, name: "a thread's line that came late replaced a later one (view/thread-line.ts)" },
];
