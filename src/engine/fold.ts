import type { Json } from "../base/json.ts";

/**
 * The value of a channel after some writes. Immutable to its holders, and total: what `checkWrite` refuses changes
 * nothing. Long lists are shared between a fold and the ones made from it, so that a write costs what it adds.
 */
export interface Fold {
  /** The fold after these writes, in this order. */
  with(writes: readonly Json[]): Fold;
  /** A value of its own, never changed later; undefined while the channel is absent. */
  value(): Json | undefined;
}
