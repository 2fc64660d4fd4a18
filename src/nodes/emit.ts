import { z } from "zod";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Expression } from "../graph/plan.ts";
import type { NodeKind } from "./contract.ts";

export const schema = z.strictObject({
  value: z.string().describe("CEL expression of what followers of the custom stream get"),
  over: z
    .string()
    .optional()
    .describe("CEL expression of a list: an event for each of its items, which `value` knows as `item`"),
});

interface Compiled {
  readonly value: Expression;
  readonly over: Expression | undefined;
}

/** Of one task; what is more belongs into a loop, which may be cut off and go on. */
const MOST_EVENTS = 10_000;

/** Streams events of the graph's own. Made and committed in one turn: a follower gets each exactly once, whatever crashes. */
export const emit: NodeKind<z.infer<typeof schema>, Compiled> = {
  kind: "emit",
  summary: "Streams events of the graph's own",
  schema,
  effect: "pure",
  example: `edgewise: 1
id: progress
channels:
  done: { reducer: sum, default: 0 }
nodes:
  work: { kind: transform, set: { done: "1" } }
  tell: { kind: emit, value: "{'done': state.done}" }
edges:
  - { from: start, to: work }
  - { from: work, to: tell }
`,
  compile({ value, over }, compiler) {
    return {
      value: compiler.expression(value, ["value"], over === undefined ? [] : ["item", "index"]),
      over: over === undefined ? undefined : compiler.expression(over, ["over"]),
    };
  },
  run({ value, over }, context) {
    const { scope } = context;
    if (over === undefined) context.emit(value.evaluate(scope));
    else {
      // all of them before the first is told: a value that fails leaves nothing half said
      const events = itemsOf(over, over.evaluate(scope)).map((item, index) =>
        value.evaluate({ ...scope, globals: { ...scope.globals, item, index } }),
      );
      for (const event of events) context.emit(event);
    }
    return { writes: [] };
  },
};

function itemsOf({ source }: Expression, items: Json): readonly Json[] {
  const what = `\`over\`, "${source.slice(0, 200)}",`;
  if (!Array.isArray(items)) throw failure("expression_failed", `${what} must be a list.`);
  if (items.length <= MOST_EVENTS) return items;
  throw failure("expression_failed", `${what} has ${items.length} items; one task streams at most ${MOST_EVENTS}.`);
}
