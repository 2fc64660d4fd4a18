import type { Plan, PlanNode } from "../plan.ts";
import { ASKS_A_MODEL, isInLoop, nodesWithin } from "./loops.ts";
import { rawNodeOf, report } from "./view.ts";
import type { LintView } from "./view.ts";

/** From so many steps on a list that every turn makes longer is taken to grow without bound. */
const MANY_STEPS = 1000;

/** Shapes whose cost grows faster than it looks. */
export function expensiveShape(view: LintView): void {
  const { plan } = view;
  const found = plan.nodes.flatMap((node) =>
    [
      ...(node.kind === "map" && node.inside !== undefined ? costOfMap(node.inside) : []),
      ...(isInLoop(plan, node.index) ? costOfTurn(plan, node) : []),
    ].map((cost) => ({
      code: "expensive_shape",
      path: ["nodes", node.id],
      atKey: true,
      message: `"${node.id}" ${cost.says}`,
      hint: cost.hint,
    })),
  );
  report(view, "hint", found);
}

interface Cost {
  readonly says: string;
  readonly hint: string;
}

function costOfMap(inside: Plan): readonly Cost[] {
  const within = nodesWithin(inside);
  const inner = within.find(({ node }) => node.kind === "map");
  const turning = within.find(({ node, around }) => ASKS_A_MODEL.has(node.kind) && isInLoop(around, node.index));
  return [
    ...(inner === undefined
      ? []
      : [
          {
            says: `is a map, and so is "${inner.node.id}" within it: tasks are items times items.`,
            hint: "Map once over the items of all, or bound both lists.",
          },
        ]),
    ...(turning === undefined
      ? []
      : [
          {
            says: `asks a model in a loop ("${turning.node.id}") for every item: calls are items times turns.`,
            hint: "Set limits: { steps: … } in the inner graph, or let one call look at several items.",
          },
        ]),
  ];
}

function costOfTurn(plan: Plan, node: PlanNode): readonly Cost[] {
  const whole = wholeConversation(plan, node);
  const growing =
    plan.limits.steps < MANY_STEPS
      ? undefined
      : plan.channels.find(({ name, reducer }) => reducer === "append" && node.writes.includes(name));
  return [
    ...(whole === undefined
      ? []
      : [
          {
            says: `puts all of "${whole}" into its prompt on every turn: tokens grow with the square of the turns.`,
            hint: "Use messages: with the last few of them, or a summary.",
          },
        ]),
    ...(growing === undefined
      ? []
      : [
          {
            says: `adds to "${growing.name}" on each of up to ${plan.limits.steps} turns, and nothing takes away.`,
            hint: "Keep the last ones only (a transform on a channel with the reducer last), or lower limits.steps.",
          },
        ]),
  ];
}

/** A channel of messages that stands in a hole by itself. */
function wholeConversation(plan: Plan, { id, kind }: PlanNode): string | undefined {
  if (!ASKS_A_MODEL.has(kind)) return undefined;
  const raw = rawNodeOf(plan.document, id);
  const texts = [raw["prompt"], raw["system"]].filter((text) => typeof text === "string");
  const holes = new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/\{\{\s{0,9}(?:json\()?state\.(\w{1,64})\)?\s{0,9}\}\}/g)].map(([, name]) => name),
    ),
  );
  return plan.channels.find(({ name, reducer }) => reducer === "messages" && holes.has(name))?.name;
}
