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

/** @param locals what the inputs may name besides. The node is checked even where the graph inside is broken. */
export function compilePassage(
  { input, output }: Config,
  inside: Inside | undefined,
  compiler: NodeCompiler,
  locals: readonly ("item" | "index")[],
): Passage {
  const inputs = Object.entries(input ?? {}).map(([channel, source]) => {
    inside?.channel(channel, ["input", channel]);
    return { channel, expression: compiler.expression(source, ["input", channel], locals) };
  });
  const outputs = Object.entries(output ?? {}).flatMap(([channel, source]) => {
    compiler.channel(channel, ["output", channel]);
    const expression = inside?.expression(source, ["output", channel]);
    return expression === undefined ? [] : [{ channel, expression }];
  });
  const shares = inside === undefined ? NOTHING : sharesOf(inside, input === undefined, output === undefined, compiler);
  return { input: inputs, output: outputs, shares };
}

const NOTHING: SharedChannels = { begin: [], leave: [] };

function sharesOf({ plan, common }: Inside, begins: boolean, leaves: boolean, compiler: NodeCompiler): SharedChannels {
  const begin = begins ? common.filter(({ name }) => plan.input.includes(name)) : [];
  const leave = leaves ? common.filter(({ name }) => plan.output.includes(name)) : [];
  for (const { name, sameReducer } of new Set([...begin, ...leave])) {
    if (sameReducer) continue;
    const message = `The channel "${name}" has one reducer outside and another inside, so it cannot be shared.`;
    compiler.problem("shared_channel", message, ["graph"]);
  }
  return { begin: begin.map(({ name }) => name), leave: leave.map(({ name }) => name) };
}

export function evaluateAll(assignments: Assignments, scope: Scope): Write[] {
  return assignments.map(({ channel, expression }) => ({ channel, value: expression.evaluate(scope) }));
}
