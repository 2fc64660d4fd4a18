import type { Globals, PlanNode } from "./plan.ts";

/** Longer ones would be a burden in every frame. */
const LONGEST = 200;

/**
 * What streams, states and drawings call a node: its `shown_as` over what the run was started with, else its id. The same for
 * all tasks of a run; ids of tasks, keys and frames are made of the node's id and never of this. Never throws.
 */
export function shownName({ id, shownAs }: Pick<PlanNode, "id" | "shownAs">, globals: Globals): string {
  if (shownAs === undefined) return id;
  try {
    const name = shownAs.render({ read: () => undefined, globals }).trim();
    return name === "" || name.length > LONGEST || RESERVED.test(name) ? id : name;
  } catch {
    // a run that says nothing of it: `shown_as` is no reason to fail
    return id;
  }
}

/** Names that clients give a meaning of their own, and the bars and colons of namespaces. */
const RESERVED = /^__|[|:]/;
