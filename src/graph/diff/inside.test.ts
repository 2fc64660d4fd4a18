import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../base/json.ts";
import { documentHash } from "../identity.ts";
import { diffGraphs } from "./diff.ts";
import { mergeGraphs } from "./merge.ts";

type Names = readonly string[];

/** A graph of transforms; edges in a chain. */
const graph = (ids: Names, more: JsonObject = {}): JsonObject => ({
  channels: { x: { default: 1 }, y: null },
  nodes: Object.fromEntries(ids.map((id) => [id, { kind: "transform" }])),
  edges: ids.map((id, at) => ({ from: ids[at - 1] ?? "start", to: id })),
  ...more,
});
const around = (inner: JsonObject): { readonly [place: string]: JsonObject } => ({
  named: { edgewise: 1, id: "g", nodes: { run: { kind: "map", graph: "brief" } }, edges: [], graphs: { brief: inner } },
  placed: { edgewise: 1, id: "g", nodes: { run: { kind: "map", graph: inner } }, edges: [] },
});

const diffOf = (place: string, before: JsonObject, after: JsonObject) =>
  diffGraphs(around(before)[place] ?? {}, around(after)[place] ?? {});

describe.each([
  ["named", "/graphs/brief", "brief"],
  ["placed", "/nodes/run/graph", "run"],
])("a graph inside, %s", (place, at, name) => {
  const lines = (before: JsonObject, after: JsonObject) =>
    diffOf(place, before, after).changes.map(({ kind, path, text }) => `${kind} ${path} · ${text}`);

  it("is compared by the ids of its parts", () => {
    expect(lines(graph(["a", "b"]), graph(["a", "b", "c"]))).toEqual([
      `added ${at}/nodes/c · node "${name}/c" added (a mapping of 1)`,
      `added ${at}/edges/2 · edge ${name}/b → c added, taken always`,
    ]);
    expect(lines(graph(["a"]), graph(["a"], { nodes: { a: { kind: "hop" } } }))).toEqual([
      `changed ${at}/nodes/a/kind · node "${name}/a": kind changed from "transform" to "hop"`,
    ]);
    expect(lines(graph(["a"], { limits: { steps: 1 } }), graph(["a"], { limits: { steps: 2 } }))).toEqual([
      `changed ${at}/limits/steps · ${name}/limits: steps changed from 1 to 2`,
    ]);
    expect(diffOf(place, graph(["a", "b"]), graph(["a", "b", "c"])).summary).toBe("1 node added, 1 edge added");
  });

  it("differs by the order of its nodes alone", () => {
    const edges = graph(["a", "b"])["edges"] ?? [];
    expect(lines(graph(["a", "b"]), graph(["b", "a"], { edges }))).toEqual([
      `moved ${at}/nodes/b · node "${name}/b" moved from place 2 to 1`,
    ]);
  });

  it("is merged by the ids of its parts", () => {
    const of = (inner: JsonObject): JsonObject => around(inner)[place] ?? {};
    const { document, conflicts } = mergeGraphs(
      of(graph(["a"])),
      of(graph(["a", "b"])),
      of(graph(["a"], { limits: { steps: 5 } })),
    );
    expect(conflicts).toEqual([]);
    expect(document).toEqual(of(graph(["a", "b"], { limits: { steps: 5 } })));
  });

  it("keeps an order that one side alone has changed", () => {
    const of = (inner: JsonObject): JsonObject => around(inner)[place] ?? {};
    const edges = graph(["a", "b"])["edges"] ?? [];
    const moved = of(graph(["b", "a"], { edges }));
    const base = of(graph(["a", "b"]));
    for (const [ours, theirs] of [
      [moved, base],
      [base, moved],
    ] as const) {
      expect(documentHash(mergeGraphs(base, ours, theirs).document)).toBe(documentHash(moved));
    }
  });
});

describe("whatever graphs are inside", () => {
  const anyGraph = fc
    .record({
      ids: fc.shuffledSubarray(["a", "b", "c"], { minLength: 1 }),
      more: fc.constantFrom<JsonObject>({}, { limits: { steps: 3 } }, { channels: { y: null, x: { default: 1 } } }),
    })
    .map(({ ids, more }) => graph(ids, more));
  const anyDocument = fc
    .record({ place: fc.constantFrom("named", "placed"), outer: anyGraph, inner: anyGraph })
    .map(({ place, outer, inner }) => around({ ...outer, nodes: { n: { kind: "map", graph: inner } } })[place] ?? {});

  it("there is a change exactly when the hash is another", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (before, after) => {
        expect(diffGraphs(before, after).changes.length === 0).toBe(documentHash(before) === documentHash(after));
      }),
    );
  });

  it("a merge with what has not changed is the other side", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (base, other) => {
        for (const merged of [mergeGraphs(base, base, other), mergeGraphs(base, other, base)]) {
          expect(merged.conflicts).toEqual([]);
          expect(documentHash(merged.document)).toBe(documentHash(other));
        }
      }),
    );
  });
});
