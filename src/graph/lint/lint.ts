import type { JsonObject } from "../../base/json.ts";
import type { Plan } from "../plan.ts";
import type { Problems } from "../problems.ts";
import { channelUse, noSchema } from "./channels.ts";
import { constantCondition } from "./conditions.ts";
import { endlessCycle } from "./endless.ts";
import { eachOnHead, sideOfLoop } from "./heads.ts";
import { missingLimit } from "./limits.ts";
import { unusedNames } from "./names.ts";
import { conflictAhead, unorderedRead } from "./ordering.ts";
import { unreachableNode } from "./reach.ts";
import { absentPayload } from "./payload.ts";
import { retryUnsafe } from "./retry.ts";
import { secretInText } from "./secrets.ts";
import { expensiveShape } from "./shapes.ts";
import { tiedByGoto } from "./tied.ts";
import type { LintView, Rule } from "./view.ts";

const RULES: readonly Rule[] = [
  unreachableNode,
  endlessCycle,
  absentPayload,
  eachOnHead,
  sideOfLoop,
  tiedByGoto,
  channelUse,
  unorderedRead,
  conflictAhead,
  constantCondition,
  retryUnsafe,
  missingLimit,
  expensiveShape,
  noSchema,
];

/**
 * What is allowed in one graph, and most likely not what was meant (warnings), or could be better (hints). Graphs that its
 * nodes run are linted by themselves. Near-linear in nodes and edges.
 */
export function lint(plan: Plan, work: Omit<LintView, "plan">): void {
  const { problems, reads, writes, needPayload } = work;
  const view: LintView = { plan, problems, reads, writes, needPayload };
  for (const rule of RULES) rule(view);
}

/** The rules that look at a whole document, with all graphs in it. */
export function lintDocument(document: JsonObject, problems: Problems): void {
  secretInText(document, problems);
  unusedNames(document, problems);
}
