import { isJsonObject } from "../../base/json.ts";
import type { PlanNode } from "../plan.ts";
import { sentTo } from "../sends.ts";
import { ASKS_A_MODEL, isInLoop, headsOf, nodesWithin } from "./loops.ts";
import { nameOf, rawNodeOf, report } from "./view.ts";
import type { LintView } from "./view.ts";

/** What may go on longer, or say more, than somebody wants to pay for. */
export function missingLimit(view: LintView): void {
  report(view, "hint", [
    ...unlimitedLoop(view),
    ...unlimitedTurns(view),
    ...unlimitedItems(view),
    ...unlimitedSends(view),
  ]);
}

function unlimitedLoop({ plan }: LintView) {
  const limits = plan.document["limits"];
  if (isJsonObject(limits) && limits["steps"] !== undefined) return [];
  const outermost = plan.topology.regions[1];
  const head = outermost === undefined ? undefined : headsOf(outermost)[0];
  if (head === undefined) return [];
  const id = nameOf(plan, head);
  return [
    {
      code: "missing_limit",
      message: `Nothing says how long the loop that begins with "${id}" may go on; the limit is ${plan.limits.steps} steps.`,
      path: ["nodes", id],
      atKey: true,
      hint: "Set limits: { steps: … } to what the longest good run takes.",
    },
  ];
}

function unlimitedTurns({ plan }: LintView) {
  const asking = plan.nodes.filter((node) => isInLoop(plan, node.index) && hasNoLimit(node, plan.document));
  return asking.map(({ id }) => ({
    code: "missing_limit",
    message: `"${id}" asks a model on every turn of a loop, and its answers have no limit.`,
    path: ["nodes", id],
    atKey: true,
    hint: "Set max_tokens.",
  }));
}

function unlimitedSends({ plan }: LintView) {
  const { byEdge } = sentTo(plan);
  const asking = plan.nodes.filter(
    (node) => byEdge.has(node.index) && !isInLoop(plan, node.index) && hasNoLimit(node, plan.document),
  );
  return asking.map(({ id }) => ({
    code: "missing_limit",
    message: `"${id}" asks a model for every item that it is sent, and its answers have no limit.`,
    path: ["nodes", id],
    atKey: true,
    hint: "Set max_tokens.",
  }));
}

/** The inner graph is pointed at by the node that runs it, for it may be used elsewhere too. */
function unlimitedItems({ plan }: LintView) {
  return plan.nodes.flatMap(({ id, kind, inside }) => {
    const asking = kind !== "map" || inside === undefined ? [] : nodesWithin(inside);
    const [first] = asking.filter(({ node, around }) => hasNoLimit(node, around.document));
    if (first === undefined) return [];
    const message = `"${id}" asks a model for every item (in "${first.node.id}"), and its answers have no limit.`;
    return [
      {
        code: "missing_limit",
        message,
        path: ["nodes", id],
        atKey: true,
        hint: `Set max_tokens in "${first.node.id}".`,
      },
    ];
  });
}

function hasNoLimit({ id, kind }: PlanNode, document: LintView["plan"]["document"]): boolean {
  return ASKS_A_MODEL.has(kind) && rawNodeOf(document, id)["max_tokens"] === undefined;
}
