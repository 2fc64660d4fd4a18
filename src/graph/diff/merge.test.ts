import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../base/json.ts";
import type { JsonObject } from "../../base/json.ts";
import { documentHash } from "../identity.ts";
import { diffGraphs } from "./diff.ts";
import type { Change } from "./diff.ts";
import { keyedEdges } from "./edges.ts";
import { mergeGraphs } from "./merge.ts";
import { anyDocument, DRAFT } from "./testing/documents.ts";

const { write, check, publish } = DRAFT.nodes;
const withNodes = (nodes: JsonObject): JsonObject => ({ ...DRAFT, nodes });

describe("changes that do not touch are both taken", () => {
  it("two fields of one node", () => {
    const ours = withNodes({ write: { ...write, prompt: "Ours" }, check, publish });
    const theirs = withNodes({ write: { ...write, temperature: 1 }, check, publish });
    const { document, conflicts } = mergeGraphs(DRAFT, ours, theirs);
    expect(conflicts).toEqual([]);
    expect(document["nodes"]).toEqual({ write: { ...write, prompt: "Ours", temperature: 1 }, check, publish });
  });

  it("[R5] nodes added at different places stand where they were put", () => {
    const ours = withNodes({ write, one: {}, check, publish });
    const theirs = withNodes({ write, check, publish, two: {} });
    const { document, conflicts } = mergeGraphs(DRAFT, ours, theirs);
    expect(conflicts).toEqual([]);
    expect(Object.keys(document["nodes"] ?? {})).toEqual(["write", "one", "check", "publish", "two"]);
  });

  it("[R5] nodes added at one place go by their names, whichever side is ours", () => {
    const [ours, theirs] = [withNodes({ ...DRAFT.nodes, z: {} }), withNodes({ ...DRAFT.nodes, y: {} })];
    const orders = [mergeGraphs(DRAFT, ours, theirs), mergeGraphs(DRAFT, theirs, ours)].map(({ document }) =>
      Object.keys(document["nodes"] ?? {}),
    );
    expect(orders).toEqual([
      ["write", "check", "publish", "y", "z"],
      ["write", "check", "publish", "y", "z"],
    ]);
  });

  it("[R5] a node that one side moved is moved, with what the other side changed in it", () => {
    const ours = withNodes({ publish, write, check });
    const theirs = withNodes({ write, check, publish: { ...publish, join: "each" } });
    const { document, conflicts } = mergeGraphs(DRAFT, ours, theirs);
    expect(conflicts).toEqual([]);
    expect(Object.entries(document["nodes"] ?? {})[0]).toEqual(["publish", { ...publish, join: "each" }]);
  });

  it("names of input and output come and go one by one", () => {
    const base = { ...DRAFT, output: ["draft", "rounds"] };
    const { document, conflicts } = mergeGraphs(
      base,
      { ...DRAFT, output: ["draft"] },
      { ...DRAFT, output: ["draft", "rounds", "more"] },
    );
    expect([document["output"], conflicts]).toEqual([["draft", "more"], []]);
  });
});

describe("what contradicts is a conflict, and the document has ours", () => {
  const changed = (prompt: string): JsonObject => withNodes({ write: { ...write, prompt }, check, publish });
  const condition = (more: JsonObject): JsonObject => ({
    ...DRAFT,
    edges: DRAFT.edges.with(1, { from: "write", to: "check", ...more }),
  });
  const rows: readonly (readonly [string, JsonObject, JsonObject, JsonObject])[] = [
    [
      "one field changed twice",
      changed("A"),
      changed("B"),
      {
        kind: "both_changed",
        path: "/nodes/write/prompt",
        base: "Write",
        ours: "A",
        theirs: "B",
      },
    ],
    [
      "a node removed and changed",
      withNodes({ check, publish }),
      changed("B"),
      {
        kind: "removed_and_changed",
        path: "/nodes/write",
        base: write,
        theirs: { ...write, prompt: "B" },
      },
    ],
    [
      "one id for two nodes",
      withNodes({ ...DRAFT.nodes, n: { kind: "a" } }),
      withNodes({ ...DRAFT.nodes, n: { kind: "b" } }),
      {
        kind: "both_added",
        path: "/nodes/n",
        ours: { kind: "a" },
        theirs: { kind: "b" },
      },
    ],
    [
      "a kind that changed under a field",
      withNodes({ ...DRAFT.nodes, check: { kind: "emit", value: "1" } }),
      withNodes({ ...DRAFT.nodes, check: { ...check, join: "each" } }),
      {
        kind: "both_changed",
        path: "/nodes/check",
        base: check,
        ours: { kind: "emit", value: "1" },
        theirs: { ...check, join: "each" },
      },
    ],
    [
      "one edge under two conditions",
      condition({ when: "a" }),
      condition({ when: "b" }),
      {
        kind: "both_changed",
        path: "/edges/1",
        base: { from: "write", to: "check" },
        ours: { from: "write", to: "check", when: "a" },
        theirs: { from: "write", to: "check", when: "b" },
      },
    ],
    [
      "two orders",
      withNodes({ check, write, publish }),
      withNodes({ publish, write, check }),
      {
        kind: "order",
        path: "/nodes",
        base: ["write", "check", "publish"],
        ours: ["check", "write", "publish"],
        theirs: ["publish", "write", "check"],
      },
    ],
    [
      "an edge whose node the other side removed",
      { ...withNodes({ write, check }), edges: DRAFT.edges.slice(0, 3) },
      { ...DRAFT, edges: [...DRAFT.edges, { from: "publish", to: "end" }] },
      {
        kind: "dangling_edge",
        path: "/edges/3",
        theirs: { from: "publish", to: "end" },
      },
    ],
  ];
  it.each(rows)("%s", (_, ours, theirs, conflict) => {
    const merged = mergeGraphs(DRAFT, ours, theirs);
    expect(merged.conflicts).toEqual([conflict]);
    if (conflict["kind"] !== "dangling_edge") expect(documentHash(merged.document)).toBe(documentHash(ours));
  });
});

describe("whatever it is given", () => {
  const settings = { numRuns: 1500 };
  it("a side that changed nothing yields, and equal changes agree", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (base, other) => {
        const hash = documentHash(other);
        for (const [ours, theirs] of [
          [base, other],
          [other, base],
          [other, structuredClone(other)],
        ] as const) {
          const { document, conflicts } = mergeGraphs(base, ours, theirs);
          expect([documentHash(document), conflicts]).toEqual([hash, []]);
        }
      }),
      settings,
    );
  });

  it("no change of either side is lost without a conflict about it", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, anyDocument, (base, ours, theirs) => {
        fc.pre([base, ours, theirs].every(hasDistinctEdges));
        const { document, conflicts } = mergeGraphs(base, ours, theirs);
        const had = new Set(diffGraphs(base, document).changes.map(signature));
        for (const change of [ours, theirs].flatMap((side) => diffGraphs(base, side).changes)) {
          if (change.kind === "moved" || had.has(signature(change)) || isMerged(change)) continue;
          const told = conflicts.some(({ path }) =>
            change.part === "edge"
              ? path.startsWith("/edges")
              : `${change.path}/`.startsWith(`${path}/`) || path.startsWith(`${change.path}/`),
          );
          expect(told, `${change.text} of ${JSON.stringify(conflicts)}`).toBe(true);
        }
      }),
      settings,
    );
  });

  it("without conflicts it does not matter which side is ours", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, anyDocument, (base, one, other) => {
        const [there, back] = [mergeGraphs(base, one, other), mergeGraphs(base, other, one)];
        expect(there.conflicts.length === 0).toBe(back.conflicts.length === 0);
      }),
      settings,
    );
  });
});

/** Edges that connect the same are told apart by number, and numbers shift when one goes. */
function hasDistinctEdges({ edges }: JsonObject): boolean {
  return !Array.isArray(edges) || [...keyedEdges(edges).keys()].every((key) => key.endsWith("]"));
}

/** A change without its place, which differs where the other side added something before it. */
function signature(change: Change): string {
  const { kind, part, name, path } = change;
  const value = change.kind === "removed" || change.kind === "moved" ? null : change.after;
  return JSON.stringify([kind === "removed", part, name, part === "edge" ? "" : path, canonicalJson(value)]);
}

/** Lists of names are merged name by name, and an empty mapping into any other: the whole may be neither side's. */
function isMerged({ part, path }: Change): boolean {
  return part === "input" || part === "output" || path === "/nodes" || path === "/channels" || path === "/limits";
}
