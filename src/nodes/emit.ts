import { z } from "zod";
import type { Expression } from "../graph/plan.ts";
import type { NodeKind } from "./contract.ts";

export const schema = z.strictObject({
  value: z.string().describe("CEL expression of what followers of the custom stream get"),
});

/** Streams an event of the graph's own. Made and committed in one turn: a follower gets it exactly once, whatever crashes. */
export const emit: NodeKind<z.infer<typeof schema>, Expression> = {
  kind: "emit",
  summary: "Streams an event of the graph's own",
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
  compile: (config, compiler) => compiler.expression(config.value, ["value"]),
  run(value, context) {
    context.emit(value.evaluate(context.scope));
    return { writes: [] };
  },
};
