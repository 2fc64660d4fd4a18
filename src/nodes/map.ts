import { z } from "zod";
import { EdgewiseError, failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Expression } from "../graph/plan.ts";
import type { CompositeKind, FrameEnd } from "./contract.ts";
import { gathered, listsOf } from "./gathered.ts";
import { compilePassage, evaluateAll, insideFields, type Passage } from "./inside.ts";

export const schema = z
  .strictObject({
    over: z.string().describe("CEL expression of a list: the graph runs once for each item"),
    ...insideFields,
    concurrency: z.number().int().min(1).max(1000).default(6).describe("Items under way at once"),
    on_failure: z
      .enum(["fail", "skip", "collect"])
      .default("fail")
      .describe("What a failed item does: fail the node, leave nothing, or leave its error in the channel failures"),
    failures: z.string().optional().describe("Channel for the list of {index, item, error}, with on_failure: collect"),
  })
  .refine(({ on_failure, failures }) => (on_failure === "collect") === (failures !== undefined), {
    path: ["failures"],
    message: "failures names a channel when on_failure is collect, and only then.",
  });

interface Compiled extends Passage {
  readonly over: Expression;
  readonly concurrency: number;
  readonly failures: string | undefined;
  readonly tolerant: boolean;
  /** Outer channels without a reducer that get the list of what the items gave. */
  readonly lists: ReadonlySet<string>;
}

/** Runs a graph for each item of a list, each in a frame of its own (R10). */
export const map: CompositeKind<z.infer<typeof schema>, Compiled> = {
  kind: "map",
  summary: "Runs a graph for each item of a list",
  schema,
  effect: "pure",
  many: true,
  example: `edgewise: 1
id: lengths
channels:
  words: { default: [one, three, eleven], schema: { type: array, items: { type: string } } }
  lengths: { schema: { type: array } }
nodes:
  measure:
    kind: map
    over: state.words
    input: { word: item }
    output: { lengths: state.length }
    graph:
      channels:
        word: { schema: { type: string } }
        length: { schema: { type: integer } }
      nodes:
        count: { kind: transform, set: { length: size(state.word) } }
      edges:
        - { from: start, to: count }
edges:
  - { from: start, to: measure }
`,
  compile(config, compiler) {
    const inside = compiler.inside(config.graph as never, ["graph"], ["item", "index"]);
    const passage = compilePassage(config, inside, compiler, ["item", "index"]);
    if (config.failures !== undefined) compiler.channel(config.failures, ["failures"]);
    return {
      ...passage,
      over: compiler.expression(config.over, ["over"]),
      concurrency: config.concurrency,
      failures: config.failures,
      tolerant: config.on_failure !== "fail",
      lists: listsOf(passage, compiler),
    };
  },
  shares: ({ shares }) => shares,
  open({ over, concurrency, tolerant }, scope) {
    const items = over.evaluate(scope);
    if (Array.isArray(items)) return { items: items as Json[], concurrency, tolerant };
    throw failure("expression_failed", `\`over\` must be a list; "${over.source.slice(0, 200)}" is none.`);
  },
  enter: ({ input }, scope) => ({ writes: evaluateAll(input, scope) }),
  leave: ({ output }, scope) => evaluateAll(output, scope),
  close(compiled, ends) {
    const failed = ends.filter((end) => !end.ok);
    if (!compiled.tolerant && failed[0] !== undefined) throw new EdgewiseError(failed[0].error);
    const { failures } = compiled;
    const told = failures === undefined ? [] : [{ channel: failures, value: failed.map(failureOf) }];
    return [...gathered(compiled, ends), ...told];
  },
};

function failureOf({ index, item, error }: Extract<FrameEnd, { readonly ok: false }>): Json {
  const { code, message, node } = error;
  return { index, item, error: { code, message, ...(node === undefined ? {} : { node }) } };
}
