import type { Plan, PlanNode } from "../../src/graph/plan.ts";
import { shownName } from "../../src/graph/shown-name.ts";
import type { RunRow } from "../log/rows.ts";
import { givenOf, globalsOf } from "../run/globals.ts";

/** What the states of a run call a node of it: see `shown_as`. Names of frames, tasks and errors go by its id. */
export function shownIn(
  { run, threadId }: { readonly run: RunRow; readonly threadId: string },
  plan: Plan,
  node: PlanNode | undefined,
): string {
  if (node?.shownAs === undefined) return node?.id ?? "?";
  return shownName(node, globalsOf(plan, givenOf(run, run, threadId)));
}
