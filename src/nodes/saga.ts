import { z } from "zod";
import { EdgewiseError, type ErrorRecord } from "../base/errors.ts";
import { isJsonObject, type Json } from "../base/json.ts";
import type { CompositeKind } from "./contract.ts";
import { compilePassage, evaluateAll, insideFields, type Passage } from "./inside.ts";

export const schema = z.strictObject(insideFields);

/** Names of what was undone that an error tells. */
const MOST_TOLD = 500;

/** Runs a graph once, and undoes what it has done when it fails: the last first, one after the other (0019). */
export const saga: CompositeKind<z.infer<typeof schema>, Passage> = {
  kind: "saga",
  summary: "Runs a graph; when it fails, what its nodes have done is undone, the last first",
  schema,
  effect: "pure",
  many: true,
  carries: true,
  holds: true,
  example: `edgewise: 1
id: move
channels:
  log: { reducer: append, default: [] }
  problem: { schema: { type: object } }
nodes:
  move:
    kind: saga
    on_error: { to: apologise, write: problem }
    graph:
      channels:
        booking: { schema: { type: string } }
      nodes:
        van: { kind: transform, set: { booking: "'van-17'" }, undo: return-van }
        flat: { kind: fail, message: The flat is gone. }
        return-van: { kind: emit, value: "{'returned': item.writes.booking}" }
      edges:
        - { from: start, to: van }
        - { from: van, to: flat }
  apologise: { kind: transform, set: { log: state.problem.message } }
edges:
  - { from: start, to: move }
`,
  compile(config, compiler) {
    const inside = compiler.inside(config.graph as never, ["graph"], []);
    return compilePassage(config, inside, compiler, []);
  },
  shares: ({ shares }) => shares,
  open: () => ({ items: [], concurrency: 1, tolerant: true }),
  next(_, { index, failed, done = [] }) {
    if (index === 0) return null;
    const next = failed === undefined ? undefined : done.at(-index);
    return next === undefined ? undefined : { ...next };
  },
  enter: ({ input }, scope) => ({ writes: evaluateAll(input, scope) }),
  begins: (_, item) => textIn(item, "undo"),
  leave: ({ output }, scope) => evaluateAll(output, scope),
  /** The first frame is the graph; what follows it has undone something, which leaves nothing. */
  close(_, ends) {
    const failed = ends.find((end) => !end.ok);
    if (failed !== undefined) {
      const undone = ends.flatMap((end) => (end.ok && end.index > 0 ? (textIn(end.item, "node") ?? []) : []));
      throw new EdgewiseError({
        ...failed.error,
        details: { ...told(failed.error), undone: undone.slice(0, MOST_TOLD) },
      });
    }
    return ends.flatMap((end) => (end.ok && end.index === 0 ? [...end.shared, ...end.writes] : []));
  },
};

function told({ details }: ErrorRecord): { readonly [key: string]: Json } {
  if (details === undefined) return {};
  return isJsonObject(details) ? details : { others: details };
}

function textIn(item: Json, field: string): string | undefined {
  const value = isJsonObject(item) ? item[field] : undefined;
  return typeof value === "string" ? value : undefined;
}
