import { z } from "zod";
import type { Inside, NodeCompiler } from "../graph/kinds.ts";
import type { Expression, Scope, SharedChannels } from "../graph/plan.ts";
import { insideSchema } from "../graph/schema.ts";
import type { Write } from "../engine/types.ts";

/** What composites have in common: the graph in their frames, and how values go in and out. */
export const insideFields = {
  graph: insideSchema.describe("A name under graphs, a published graph (name or name@version), or a graph in place"),
  input: z
    .record(z.string(), z.string())
    .optional()
    .describe("Channel inside to CEL expression; if left out, channels of one name begin with their value outside"),
  output: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      "Channel outside to CEL expression on the state inside; if left out, writes to channels of one name leave",
    ),
};

export interface Passage {
  readonly input: Assignments;
  readonly output: Assignments;
  readonly shares: SharedChannels;
}

type Assignments = readonly { readonly channel: string; readonly expression: Expression }[];

interface Config {
  readonly input?: Readonly<Record<string, string>> | undefined;
  readonly output?: Readonly<Record<string, string>> | undefined;
}

export function compilePassage({ input, output }: Config, inside: Inside | undefined, compiler: NodeCompiler): Passage {
  if (inside === undefined) return { input: [], output: [], shares: { begin: [], leave: [] } };
  const { plan, common } = inside;
  const begin = input === undefined ? common.filter(({ name }) => plan.input.includes(name)) : [];
  const leave = output === undefined ? common.filter(({ name }) => plan.output.includes(name)) : [];
  for (const { name, sameReducer } of new Set([...begin, ...leave])) {
    if (sameReducer) continue;
    const message = `The channel "${name}" has one reducer outside and another inside, so it cannot be shared.`;
    compiler.problem("shared_channel", message, ["graph"]);
  }
  return {
    input: Object.entries(input ?? {}).map(([channel, source]) => {
      inside.channel(channel, ["input", channel]);
      return { channel, expression: inside.inputExpression(source, ["input", channel]) };
    }),
    output: Object.entries(output ?? {}).map(([channel, source]) => {
      compiler.channel(channel, ["output", channel]);
      return { channel, expression: inside.expression(source, ["output", channel]) };
    }),
    shares: { begin: begin.map(({ name }) => name), leave: leave.map(({ name }) => name) },
  };
}

export function evaluateAll(assignments: Assignments, scope: Scope): Write[] {
  return assignments.map(({ channel, expression }) => ({ channel, value: expression.evaluate(scope) }));
}
