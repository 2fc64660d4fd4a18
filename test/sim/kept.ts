import type { Site } from "./faults.ts";

/** Seeds that once found something: each is simulated with every change. */
export interface Kept {
  readonly seed: number;
  /** What was found, and where it was put right. */
  readonly name: string;
  readonly only?: readonly Site[];
}

export const KEPT: readonly Kept[] = [];
