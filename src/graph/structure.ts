import type { Channel } from "./channels.ts";

/** The part of a graph that the execution rules look at; nodes are their positions in the document. */
export interface Structure {
  readonly nodes: number;
  /** Declared edges by node: every target an outcome may name, conditional, goto and send targets included; "end" is left out. */
  readonly edges: readonly (readonly number[])[];
  /** Targets of the start edges. */
  readonly starts: readonly number[];
  /** Nodes with `join: each` (R11). */
  readonly each: ReadonlySet<number>;
  readonly channels: readonly Channel[];
}
