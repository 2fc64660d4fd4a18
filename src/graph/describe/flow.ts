import type { NodeKindSpec } from "../kinds.ts";
import type { Plan } from "../plan.ts";
import { readsOf } from "../sends.ts";

/** What a description says of a kind, where the kind says it; those of `src/nodes` do. */
export interface DescribedKind extends NodeKindSpec {
  readonly summary?: string;
}
export type DescribedKinds = ReadonlyMap<string, DescribedKind>;

/** The channels a node touches, by name, in the order of its configuration. */
export interface NodeFlow {
  /** In its own expressions and templates, and in the conditions and lists of its edges. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

export function flowOf(plan: Plan): readonly NodeFlow[] {
  return plan.nodes.map(({ reads, writes, edges }) => {
    const asked = edges.flatMap(readsOf);
    return { reads: [...new Set([...reads, ...asked])], writes };
  });
}
