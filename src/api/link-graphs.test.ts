import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../base/json.ts";
import {
  type FindVersion,
  linkGraphs,
  type LinkableVersion,
  MOST_LINKED,
  MOST_LINKS,
  outsideNames,
} from "./link-graphs.ts";

const runsGraph = (kind: string) => kind === "subgraph" || kind === "map";
const runs = (graph: string | JsonObject): JsonObject => ({ kind: "subgraph", graph });
const graphOf = (...names: readonly (string | JsonObject)[]): JsonObject => ({
  id: "main",
  nodes: Object.fromEntries(names.map((name, index) => [`n${index}`, runs(name)])),
});

/** A shelf of versions: the current one is the highest that is no draft. */
function shelf(...versions: readonly (Partial<LinkableVersion> & { readonly graphId: string })[]): FindVersion {
  const all = versions.map((given): LinkableVersion => {
    const document = JSON.stringify({ id: given.graphId, made: given.version ?? 1 });
    return { version: 1, status: "current", document, ...given };
  });
  return (graphId, version) => {
    const found = all.filter((one) => one.graphId === graphId && (version === undefined || one.version === version));
    const rank = ({ status, version: number }: LinkableVersion) => (status === "draft" ? 0 : 1e6) + number;
    return Promise.resolve(found.toSorted((one, other) => rank(other) - rank(one))[0]);
  };
}
const link = (document: JsonObject, find: FindVersion) => linkGraphs(document, runsGraph, find);

describe("a graph that a node names", () => {
  const find = shelf(
    { graphId: "brief", version: 2, status: "published" },
    { graphId: "brief", version: 3 },
    { graphId: "brief", version: 4, status: "draft" },
    { graphId: "new", version: 1, status: "draft" },
  );

  it("becomes the version that is current now, and the node says which", async () => {
    const { document, links, refusals } = await link(graphOf("brief"), find);
    expect(document).toEqual({ ...graphOf("brief@3"), graphs: { "brief@3": { id: "brief", made: 3 } } });
    expect(links).toEqual([{ name: "brief", graphId: "brief", version: 3 }]);
    expect(refusals.size).toBe(0);
  });

  it("with a number is that version, beside the current one", async () => {
    const { document } = await link(graphOf("brief@2", "brief", "brief@3"), find);
    const graphs = { "brief@2": { id: "brief", made: 2 }, "brief@3": { id: "brief", made: 3 } };
    expect(document).toEqual({ ...graphOf("brief@2", "brief@3", "brief@3"), graphs });
  });

  it("is found in graphs in place and in those under graphs, and stands under the document's own", async () => {
    const inner = { nodes: { a: runs("brief") } };
    const { document } = await link({ ...graphOf(inner, "local"), graphs: { local: inner } }, find);
    const linked = { nodes: { a: runs("brief@3") } };
    const graphs = { local: linked, "brief@3": { id: "brief", made: 3 } };
    expect(document).toEqual({ ...graphOf(linked, "local"), graphs });
  });

  it("is the document's own where some graphs around the node hold it, and nothing is looked up", async () => {
    const never: FindVersion = () => Promise.reject(new Error("looked up"));
    const deep = { graphs: { inner: {} }, nodes: { a: runs("inner"), b: runs("brief@9") } };
    const document = { ...graphOf("outer"), graphs: { outer: deep, "brief@9": {} } };
    expect((await link(document, never)).document).toBe(document);
  });

  it("is none where the node's kind runs no graph", () => {
    expect(outsideNames({ nodes: { a: { kind: "transform", graph: "brief" } } }, runsGraph).size).toBe(0);
  });

  it.each([
    ["missing", "unknown_graph", /no graph "missing"/],
    ["brief@7", "unknown_graph", /no graph "brief@7"/],
    ["brief@4", "unknown_graph", /Version 4 of "brief" is a draft/],
    ["new", "unknown_graph", /only drafts/],
    ["main", "endless_nesting", /this graph itself/],
  ])("%s is refused as %s", async (name, code, message) => {
    const { document, links, refusals } = await link(graphOf(name), find);
    expect(refusals.get(name)).toMatchObject({ code, message: expect.stringMatching(message) });
    expect([document, links]).toEqual([graphOf(name), []]);
  });

  it("may be an older version of the document's own graph", async () => {
    const { links } = await link(graphOf("main@1"), shelf({ graphId: "main", version: 1, status: "published" }));
    expect(links).toEqual([{ name: "main@1", graphId: "main", version: 1 }]);
  });

  it.each([
    ["the document", { ...graphOf("brief", "brief@3"), graphs: { "brief@3": { mine: true } } }],
    ["a graph within", { ...graphOf("in"), graphs: { in: { ...graphOf("brief"), graphs: { "brief@3": {} } } } }],
  ])("never comes to mean a graph that %s has under the very name", async (_, document: JsonObject) => {
    const linked = await link(document, find);
    expect(linked.document).toBe(document);
    expect(linked.refusals.get("brief")?.message).toMatch(/of its own/);
  });
});

describe("bounds", () => {
  it("only so many graphs are looked up", async () => {
    let asked = 0;
    const names = Array.from({ length: MOST_LINKS + 5 }, (_, index) => `g${index}`);
    const find = shelf(...names.map((graphId) => ({ graphId })));
    const counted: FindVersion = (graphId, version) => {
      asked += 1;
      return find(graphId, version);
    };
    const { links, refusals } = await link(graphOf(...names), counted);
    expect([asked, links.length, refusals.size]).toEqual([MOST_LINKS, MOST_LINKS, 5]);
    expect(refusals.get(`g${MOST_LINKS}`)?.code).toBe("too_large");
  });

  it("what is linked stays small together, and a graph named twice counts once", async () => {
    const document = JSON.stringify({ text: "x".repeat(MOST_LINKED / 2 + 100) });
    const find = shelf({ graphId: "big", document }, { graphId: "other", document });
    expect((await link(graphOf("big", "big@1"), find)).refusals.size).toBe(0);
    expect((await link(graphOf("big", "other"), find)).refusals.get("other")?.code).toBe("too_large");
  });
});

it("a linked document names nothing outside itself, and keeps the order of its parts", async () => {
  const find = shelf({ graphId: "a", version: 5 }, { graphId: "b", version: 6 });
  const name = fc.constantFrom("a", "b", "a@5", "local");
  const { graph } = fc.letrec<{ graph: JsonObject }>((tie) => ({
    graph: fc
      .tuple(
        fc.dictionary(
          fc.constantFrom("x", "y", "z"),
          fc.oneof({ depthSize: "small" }, name.map(runs), tie("graph").map(runs)),
        ),
        fc.option(fc.dictionary(fc.constantFrom("local", "b", "p"), tie("graph"), { maxKeys: 2 }), { freq: 2 }),
      )
      .map(([nodes, graphs]): JsonObject => ({ nodes, ...(graphs === null ? {} : { graphs }) })),
  }));
  await fc.assert(
    fc.asyncProperty(graph, async (document) => {
      const linked = await link(document, find);
      const left = outsideNames(linked.document, runsGraph);
      expect([...left].every((each) => linked.refusals.has(each))).toBe(true);
      expect(Object.keys(linked.document["nodes"] ?? {})).toEqual(Object.keys(document["nodes"] ?? {}));
      expect((await link(linked.document, find)).links).toEqual([]);
    }),
    { numRuns: 50 },
  );
});
