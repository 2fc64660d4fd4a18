import type { Patch } from "./hooks.ts";
import type { Site } from "./faults.ts";
import type { Simulated } from "./simulate.ts";

/** What a process of the simulator is asked for: seeds `from`, `from + every` … below `to`. */
export interface Order {
  readonly from: number;
  readonly to: number;
  readonly every: number;
  readonly patches: readonly Patch[];
  /** Only these faults, in every world. */
  readonly only?: readonly Site[];
  /** Scenarios that are compared with workerd, instead of seeds. */
  readonly likeness?: boolean;
  /** After so many seeds with findings it stops. */
  readonly enough: number;
}

export type Result = Simulated | Failed;
/** The simulator itself failed, or was asked for a scenario: then `likeness` is what that came to. */
interface Failed {
  readonly seed: number;
  readonly findings: readonly string[];
  readonly likeness?: string;
}
