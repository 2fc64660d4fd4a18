import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../base/json.ts";
import { documentHash } from "../identity.ts";
import { diffGraphs } from "./diff.ts";
import { anyDocument, DRAFT } from "./testing/documents.ts";

const lines = (before: JsonObject, after: JsonObject): readonly string[] =>
  diffGraphs(before, after).changes.map(({ kind, path, text }) => `${kind} ${path} · ${text}`);

const withNodes = (nodes: JsonObject): JsonObject => ({ ...DRAFT, nodes });
const { write, check, publish } = DRAFT.nodes;

describe("a diff names what changed, by id", () => {
  const rows: readonly (readonly [string, JsonObject, readonly string[]])[] = [
    [
      "an added node",
      withNodes({ ...DRAFT.nodes, extra: { kind: "transform" } }),
      ['added /nodes/extra · node "extra" added (a mapping of 1)'],
    ],
    ["a removed node", withNodes({ write, publish }), ['removed /nodes/check · node "check" removed (a mapping of 2)']],
    [
      "a field of a node",
      withNodes({ ...DRAFT.nodes, write: { ...write, prompt: "Draft it" } }),
      ['changed /nodes/write/prompt · node "write": prompt changed from "Write" to "Draft it"'],
    ],
    [
      "a new field",
      withNodes({ ...DRAFT.nodes, write: { ...write, retry: { attempts: 2 } } }),
      ['added /nodes/write/retry · node "write": retry added (a mapping of 1)'],
    ],
    [
      "the order of nodes",
      withNodes({ publish, write, check }),
      ['moved /nodes/publish · node "publish" moved from place 3 to 1'],
    ],
    [
      "a channel's reducer",
      { ...DRAFT, channels: { ...DRAFT.channels, rounds: { reducer: "max", default: 0 } } },
      ['changed /channels/rounds/reducer · channel "rounds": reducer changed from "sum" to "max"'],
    ],
    [
      "a condition",
      { ...DRAFT, edges: DRAFT.edges.with(2, { from: "check", to: "write", when: "true" }) },
      ['changed /edges/2 · edge check → write taken when "true", was when "state.rounds < 3"'],
    ],
    [
      "an edge",
      { ...DRAFT, edges: [...DRAFT.edges, { from: "write", to: "end" }] },
      ["added /edges/4 · edge write → end added, taken always"],
    ],
    [
      "the order of edges",
      { ...DRAFT, edges: [DRAFT.edges[3] ?? null, ...DRAFT.edges.slice(0, 3)] },
      ["moved /edges/0 · edge check → publish moved from place 4 to 1"],
    ],
    ["limits", { ...DRAFT, limits: { steps: 9 } }, ["changed /limits/steps · limits: steps changed from 50 to 9"]],
    [
      "output",
      { ...DRAFT, output: ["draft", "rounds"] },
      ["changed /output · output changed from a list of 1 to a list of 2"],
    ],
    [
      "what an edge sends",
      { ...DRAFT, edges: DRAFT.edges.with(2, { from: "check", to: "write", send: "[1]" }) },
      ['changed /edges/2 · edge check → write taken always for each of "[1]", was when "state.rounds < 3"'],
    ],
    ["the name", { ...DRAFT, name: "Second" }, ['changed /name · name changed from "First" to "Second"']],
    [
      "a key that looks like a pointer",
      { ...DRAFT, channels: { ...DRAFT.channels, "a/b~": null } },
      ['added /channels/a~1b~0 · channel "a/b~" added (null)'],
    ],
  ];
  it.each(rows)("%s", (_, after, expected) => {
    expect(lines(DRAFT, after)).toEqual(expected);
  });

  it("[R5] two nodes that changed places are one move, not two", () => {
    expect(lines(DRAFT, withNodes({ check, write, publish }))).toHaveLength(1);
  });

  it("says everything in one line", () => {
    const after = {
      ...withNodes({ write: { ...write, x: 1, y: 2 }, publish, one: {}, two: {} }),
      limits: { steps: 1 },
    };
    expect(diffGraphs(DRAFT, after).summary).toBe("2 nodes added, 1 node removed, 1 node changed, limits changed");
    expect(diffGraphs(DRAFT, DRAFT).summary).toBe("No change");
  });
});

describe("a rename stays a removal and an addition, with a hint", () => {
  it("hints when exactly one node has the content of the one that went", () => {
    const { changes, likelyRenames } = diffGraphs(DRAFT, withNodes({ author: write, check, publish }));
    expect(likelyRenames).toEqual([{ before: "write", after: "author" }]);
    expect(changes.map(({ kind }) => kind).sort()).toEqual(["added", "removed"]);
  });

  it("does not guess between two", () => {
    expect(diffGraphs(DRAFT, withNodes({ a: write, b: write, check, publish })).likelyRenames).toEqual([]);
  });
});

describe("whatever it is given", () => {
  it("a diff is empty exactly when the hashes are equal", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (before, after) => {
        const empty = diffGraphs(before, after).changes.length === 0;
        expect(empty).toBe(documentHash(before) === documentHash(after));
        expect(diffGraphs(before, structuredClone(before)).changes).toEqual([]);
      }),
      { numRuns: 1500 },
    );
  });

  it("every path leads to the value the change speaks of", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (before, after) => {
        for (const change of diffGraphs(before, after).changes) {
          if (change.kind === "moved") continue;
          if (change.kind !== "removed") expect(valueAt(after, change.path)).toEqual(change.after);
          if (change.kind === "removed") expect(valueAt(before, change.path)).toEqual(change.before);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("a line stays a line", () => {
    fc.assert(
      fc.property(anyDocument, anyDocument, (before, after) => {
        const { changes, summary } = diffGraphs(before, after);
        for (const text of [summary, ...changes.map((change) => change.text)]) expect(text).toMatch(/^.{1,400}$/u);
      }),
    );
  });

  it("a depth of 50,000 ends no call stack", () => {
    const deep = nested(50_000);
    expect(diffGraphs({ nodes: { a: deep } }, { nodes: { a: { a: [deep] } } }).changes).toHaveLength(1);
    expect(diffGraphs({ x: deep }, { x: nested(50_000) }).changes).toEqual([]);
  });
});

function nested(depth: number): Json {
  let deep: Json = 1;
  for (let at = 0; at < depth; at += 1) deep = { a: [deep] };
  return deep;
}

function valueAt(document: Json, path: string): Json | undefined {
  let value: Json | undefined = document;
  for (const part of path.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    value = typeof value === "object" && value !== null ? (value as Record<string, Json>)[key] : undefined;
  }
  return value;
}
