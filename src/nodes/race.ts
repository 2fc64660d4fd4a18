import { z } from "zod";
import { EdgewiseError, failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Expression } from "../graph/plan.ts";
import type { CompositeKind } from "./contract.ts";
import { gathered, listsOf } from "./gathered.ts";
import { compilePassage, evaluateAll, insideFields, type Passage } from "./inside.ts";

export const schema = z.strictObject({
  over: z.string().describe("CEL expression of a list: the graph runs for all items at once"),
  first: z.number().int().min(1).max(1000).default(1).describe("How many must be done; the others are cancelled"),
  ...insideFields,
});

interface Compiled extends Passage {
  readonly over: Expression;
  readonly first: number;
  readonly lists: ReadonlySet<string>;
}

/** Items under way at once: a race that waits for slots is none. */
const MOST_RUNNERS = 1000;

/** Runs a graph for each item of a list at once, and keeps what the first ones give (R11). */
export const race: CompositeKind<z.infer<typeof schema>, Compiled> = {
  kind: "race",
  summary: "Runs a graph for each item of a list at once; the first ones done win, the others are cancelled",
  schema,
  effect: "pure",
  many: true,
  example: `edgewise: 1
id: quickest
channels:
  answer: { schema: { type: string } }
nodes:
  ask:
    kind: race
    over: "['late', 'early']"
    output: { answer: item }
    graph:
      nodes:
        which:
          kind: switch
          on: item
          cases: { late: long, early: short }
        long: { kind: wait, for: 2s }
        short: { kind: wait, for: 5ms }
      edges:
        - { from: start, to: which }
edges:
  - { from: start, to: ask }
`,
  compile(config, compiler) {
    const inside = compiler.inside(config.graph as never, ["graph"], ["item", "index"]);
    const passage = compilePassage(config, inside, compiler, ["item", "index"]);
    return {
      ...passage,
      over: compiler.expression(config.over, ["over"]),
      first: config.first,
      lists: config.first === 1 ? new Set<string>() : listsOf(passage, compiler),
    };
  },
  shares: ({ shares }) => shares,
  open({ over, first }, scope) {
    const items = over.evaluate(scope);
    if (!Array.isArray(items) || items.length < first || items.length > MOST_RUNNERS) {
      const message = `\`over\` must be a list of ${first} to ${MOST_RUNNERS} items: "${over.source.slice(0, 200)}".`;
      throw failure("expression_failed", message);
    }
    return { items: items as Json[], concurrency: items.length, tolerant: true, winners: first };
  },
  enter: ({ input }, scope) => ({ writes: evaluateAll(input, scope) }),
  leave: ({ output }, scope) => evaluateAll(output, scope),
  close(compiled, ends) {
    const failed = ends.filter((end) => !end.ok);
    const [loser] = failed;
    if (ends.length - failed.length < compiled.first && loser !== undefined) throw new EdgewiseError(loser.error);
    return gathered(compiled, ends);
  },
};
