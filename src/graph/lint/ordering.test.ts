import fc from "fast-check";
import { expect, it } from "vitest";
import { nodeKinds } from "../../nodes/registry.ts";
import { compileGraph } from "../compile.ts";

/** A graph without cycles and conditions, in which every node runs: what each does with the channel x, and its edges. */
const graphs = fc.integer({ min: 2, max: 7 }).chain((size) =>
  fc.record({
    does: fc.array(fc.constantFrom("reads", "writes", "both", "neither"), { minLength: size, maxLength: size }),
    pairs: fc.uniqueArray(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 12, selector: String }),
    shown: fc.boolean(),
  }),
);

it("[R4, R6] in graphs where every node runs, a warning stands exactly where the rules give a reason", () => {
  let [reads, conflicts] = [0, 0];
  fc.assert(
    fc.property(graphs, ({ does, pairs, shown }) => {
      const forward = pairs.filter(([from, to]) => from < to);
      const found = warningsOf(does, forward, shown);
      const before = does.map((_, node) => upstreamOf(node, forward));
      const writers = does.flatMap((what, node) => (what === "writes" || what === "both" ? [node] : []));
      const readers = does.flatMap((what, node) => (what === "reads" || what === "both" ? [node] : []));

      const blind = readers.filter((reader) =>
        writers.some((writer) => writer !== reader && !before[reader]?.has(writer) && !before[writer]?.has(reader)),
      );
      expect(found.filter(({ code }) => code === "unordered_read").map(({ path }) => path)).toEqual(
        blind.map((node) => `/nodes/n${node}`),
      );

      // R6: a view is in conflict unless one of the writes in it has seen all others
      const settled = (writes: readonly number[]) =>
        writes.length === 0 || writes.some((last) => writes.every((each) => each === last || before[last]?.has(each)));
      const views = readers.map((reader) => writers.filter((writer) => before[reader]?.has(writer)));
      const clash = [...views, ...(shown ? [writers] : [])].some((view) => !settled(view));
      expect(found.some(({ code }) => code === "conflict_ahead")).toBe(clash);
      reads += blind.length > 0 ? 1 : 0;
      conflicts += clash ? 1 : 0;
    }),
    { numRuns: 300 },
  );
  expect(Math.min(reads, conflicts)).toBeGreaterThan(20);
});

function warningsOf(does: readonly string[], pairs: readonly (readonly [number, number])[], shown: boolean) {
  const reached = new Set(pairs.map(([, to]) => to));
  const source = { reads: { y: "state.x" }, writes: { x: "1" }, both: { x: "state.x + 1" }, neither: {} };
  const document = {
    edgewise: 1,
    id: "ordering",
    channels: { x: { schema: { type: "number" } }, y: { reducer: "append" } },
    output: shown ? ["x"] : ["y"],
    nodes: Object.fromEntries(
      does.map((what, node) => [`n${node}`, { kind: "transform", set: source[what as keyof typeof source] }]),
    ),
    edges: [
      ...does.flatMap((_, node) => (reached.has(node) ? [] : [{ from: "start", to: `n${node}` }])),
      ...pairs.map(([from, to]) => ({ from: `n${from}`, to: `n${to}` })),
    ],
  };
  const result = compileGraph({ document }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.warnings;
}

function upstreamOf(node: number, pairs: readonly (readonly [number, number])[]): ReadonlySet<number> {
  const found = new Set<number>();
  const waiting = [node];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const [from, to] of pairs) {
      if (to !== at || found.has(from)) continue;
      found.add(from);
      waiting.push(from);
    }
  }
  return found;
}
