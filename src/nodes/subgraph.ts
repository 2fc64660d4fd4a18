import { z } from "zod";
import { EdgewiseError } from "../base/errors.ts";
import type { CompositeKind } from "./contract.ts";
import { compilePassage, evaluateAll, insideFields, type Passage } from "./inside.ts";

export const schema = z.strictObject(insideFields);

/** Runs a graph as one step of another, in a frame of its own (R10). */
export const subgraph: CompositeKind<z.infer<typeof schema>, Passage> = {
  kind: "subgraph",
  summary: "Runs a graph as one step of another",
  schema,
  effect: "pure",
  many: false,
  example: `edgewise: 1
id: greet-twice
channels:
  name: { default: Ada, schema: { type: string } }
  greetings: { reducer: append }
nodes:
  first: { kind: subgraph, graph: greeting }
  second:
    kind: subgraph
    graph: greeting
    input: { name: "state.name.upperAscii()" }
edges:
  - { from: start, to: first }
  - { from: first, to: second }
graphs:
  greeting:
    channels:
      name: { schema: { type: string } }
      greetings: { reducer: append }
    nodes:
      greet: { kind: transform, set: { greetings: "'Hello ' + state.name" } }
    edges:
      - { from: start, to: greet }
`,
  compile(config, compiler) {
    const inside = compiler.inside(config.graph as never, ["graph"], []);
    return compilePassage(config, inside, compiler, []);
  },
  shares: ({ shares }) => shares,
  open: () => ({ items: [null], concurrency: 1, tolerant: false }),
  enter: ({ input }, scope) => ({ writes: evaluateAll(input, scope) }),
  leave: ({ output }, scope) => evaluateAll(output, scope),
  close(_, ends) {
    return ends.flatMap((end) => {
      if (end.ok) return [...end.shared, ...end.writes];
      throw new EdgewiseError(end.error);
    });
  },
};
