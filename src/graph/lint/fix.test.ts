import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeKinds } from "../../nodes/registry.ts";
import { compileGraph } from "../compile.ts";
import { fixGraph } from "./fix.ts";

const BROKEN = `# why this graph
edgewise: 1
id: mend
channels:
  x: { schema: { type: number } } # kept
  unused: # goes with its comment
  sum: { reducer: sum, conflict: last, default: 0 }
variables: { tone: dry, used: 1 }
parameters:
  depth: { default: 1 }
nodes:
  a:   { kind: transform, set: { x: vars.used, sum: "1" } }
  b:   { kind: transform, set: { x: state.x + state.sum } }
edges:
  - { from: start, to: a }
  - { from: a, to: b, when: "true" }
  - { from: start,   to: a }
  - { from: b, to: end }
`;

const MENDED = `# why this graph
edgewise: 1
id: mend
channels:
  x: { schema: { type: number } } # kept
  sum: { reducer: sum, default: 0 }
variables: { used: 1 }
nodes:
  a:   { kind: transform, set: { x: vars.used, sum: "1" } }
  b:   { kind: transform, set: { x: state.x + state.sum } }
edges:
  - { from: start, to: a }
  - { from: a, to: b }
  - { from: b, to: end }
`;

describe("fixGraph", () => {
  it("mends what is safe, and keeps the bytes of everything else", () => {
    const { text, fixed, remaining } = fixGraph(BROKEN, "yaml", nodeKinds);
    expect(text.replace(/parameters:.*\n/, "")).toBe(MENDED);
    expect(fixed.map(({ code, path }) => `${code} ${path}`).sort()).toEqual([
      "constant_condition /edges/1/when",
      "duplicate_edge /edges/2",
      "unused_channel /channels/unused",
      "unused_parameter /parameters/depth",
      "unused_variable /variables/tone",
      "useless_conflict /channels/sum/conflict",
    ]);
    expect(remaining).toEqual([]);
  });

  it("leaves alone what has two meanings, and a text that cannot be read", () => {
    const choice = `edgewise: 1
id: choice
channels: { x: { default: 1 } }
nodes: { a: { kind: transform, set: { x: state.x } }, b: { kind: transform }, c: { kind: transform }, d: { kind: transform } }
edges:
  - { from: start, to: a }
  - { from: a, to: b, when: "true" }
  - { from: a, to: c, else: true }
  - { from: a, to: d, when: state.x > 1 }
`;
    const left = { remaining: [{ code: "constant_condition" }] };
    expect(fixGraph(choice, "yaml", nodeKinds)).toMatchObject({ text: choice, fixed: [], ...left });
    expect(fixGraph("a: [", "yaml", nodeKinds)).toMatchObject({ text: "a: [", fixed: [] });
  });

  it("makes no error where there was none, mends itself to rest, and leaves nodes and other edges as they were", () => {
    const name = fc.constantFrom("p", "q", "r", "s");
    const source = fc.constantFrom("1", "state.p", "vars.q", "state.q + vars.p", "params.r", "json(vars)");
    const names = fc.uniqueArray(name, { maxLength: 4 });
    const condition = fc.constantFrom(
      {},
      { when: "true" },
      { when: "1 > 2" },
      { when: "has(state.p)" },
      { else: true },
    );
    const parts = fc.record({
      variables: names,
      parameters: names,
      graphs: names,
      sources: fc.array(fc.tuple(name, source), { minLength: 1, maxLength: 3 }),
      edges: fc.array(fc.tuple(fc.nat(2), fc.nat(2), condition), { maxLength: 5 }),
      type: fc.constantFrom("json" as const, "yaml" as const),
    });
    let sound = 0;
    fc.assert(
      fc.property(parts, ({ variables, parameters, graphs, sources, edges, type }) => {
        const document = {
          edgewise: 1,
          id: "some",
          channels: { p: {}, q: {}, r: {}, s: { default: 1 } },
          variables: Object.fromEntries(variables.map((each) => [each, 1])),
          parameters: Object.fromEntries(parameters.map((each) => [each, { default: 1 }])),
          graphs: Object.fromEntries(
            graphs.map((each) => [
              each,
              { channels: {}, nodes: { n: { kind: "transform" } }, edges: [{ from: "start", to: "n" }] },
            ]),
          ),
          nodes: Object.fromEntries(
            sources.map(([channel, text], at) => [`n${at}`, { kind: "transform", set: { [channel]: text } }]),
          ),
          edges: [
            { from: "start", to: "n0" },
            ...edges.map(([from, to, how]) => ({
              from: `n${from % sources.length}`,
              to: `n${to % sources.length}`,
              ...how,
            })),
          ],
        };
        const before = JSON.stringify(document, undefined, 2);
        const ok = compileGraph({ text: before, type }, nodeKinds).ok;
        const after = fixGraph(before, type, nodeKinds);
        const again = compileGraph({ text: after.text, type }, nodeKinds);
        if (ok) sound += 1;
        expect(again.ok || !ok).toBe(true);
        expect(fixGraph(after.text, type, nodeKinds).text).toBe(after.text);
        if (after.fixed.length === 0) expect(after.text).toBe(before);
        const left = JSON.parse(after.text) as typeof document;
        expect(left.nodes).toEqual(document.nodes);
        const pairs = (edges: typeof document.edges) => new Set(edges.map(({ from, to }) => `${from}>${to}`));
        expect(pairs(left.edges)).toEqual(pairs(document.edges));
      }),
      { numRuns: 150 },
    );
    expect(sound).toBeGreaterThan(5);
  });
});
