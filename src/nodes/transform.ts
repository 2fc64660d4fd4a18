import { z } from "zod";
import type { Expression } from "../graph/plan.ts";
import type { NodeKind, NodeResult } from "./contract.ts";

export const schema = z.strictObject({
  set: z.record(z.string(), z.string()).default({}).describe("Channel to CEL expression; all read what the node sees"),
});

type Config = z.infer<typeof schema>;
type Assignments = readonly { readonly channel: string; readonly expression: Expression }[];

const NOTHING: NodeResult = { writes: [] };

/** Writes channels from expressions, at once: it makes no promise, so a chain of it costs no turn of the event loop. */
export const transform: NodeKind<Config, Assignments> = {
  kind: "transform",
  summary: "Writes channels from expressions",
  schema,
  effect: "pure",
  example: `edgewise: 1
id: measure
channels:
  text: { schema: { type: string }, default: A short text. }
  words: { schema: { type: integer } }
  loud: { schema: { type: string } }
output: [words, loud]
nodes:
  measure:
    kind: transform
    set:
      words: size(state.text.split(' '))
      loud: state.text.upperAscii()
edges:
  - { from: start, to: measure }
`,
  compile(config, compiler) {
    return Object.entries(config.set).map(([channel, source]) => {
      compiler.channel(channel, ["set", channel]);
      return { channel, expression: compiler.expression(source, ["set", channel]) };
    });
  },
  run(assignments, { scope }) {
    if (assignments.length === 0) return NOTHING;
    return { writes: assignments.map(({ channel, expression }) => ({ channel, value: expression.evaluate(scope) })) };
  },
};
