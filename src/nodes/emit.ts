import { z } from "zod";
import type { Expression } from "../graph/plan.ts";
import type { NodeKind } from "./contract.ts";

const schema = z.strictObject({
  value: z.string().describe("CEL expression of what followers of the custom stream get"),
});

/** Streams an event of the graph's own. Made and committed in one turn: a follower gets it exactly once, whatever crashes. */
export const emit: NodeKind<z.infer<typeof schema>, Expression> = {
  kind: "emit",
  summary: "Streams an event of the graph's own",
  schema,
  effect: "pure",
  compile: (config, compiler) => compiler.expression(config.value, ["value"]),
  run(value, context) {
    context.emit(value.evaluate(context.scope));
    return { writes: [] };
  },
};
