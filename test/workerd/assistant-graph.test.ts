import { beforeAll, describe, expect, it } from "vitest";
import { AssistantSchemas, DrawableGraph, SubgraphSchemas } from "../../src/api/assistant-graph.ts";
import { call, migrate, newKey, read } from "./client.ts";

let key: string;
beforeAll(async () => {
  await migrate();
  key = await newKey("drawers");
});

const make = (graph: string) => read<{ assistant_id: string }>(call("/assistants", { key, json: { graph_id: graph } }));

describe("an assistant's graph", () => {
  const inner = {
    edgewise: 1,
    id: "inner",
    channels: { text: {} },
    nodes: {
      one: { kind: "transform", set: { text: "'1'" } },
      two: { kind: "transform", set: { text: "'2'" } },
    },
    edges: [
      { from: "start", to: "one" },
      { from: "one", to: "two" },
    ],
  };
  const nested = {
    edgewise: 1,
    id: "nested",
    channels: { text: {} },
    nodes: {
      before: { kind: "transform", set: { text: "'0'" } },
      sub: {
        kind: "subgraph",
        graph: {
          ...inner,
          id: undefined,
          edgewise: undefined,
          nodes: {
            ...inner.nodes,
            deep: { kind: "subgraph", graph: { ...inner, id: undefined, edgewise: undefined } },
          },
          edges: [...inner.edges, { from: "two", to: "deep" }],
        },
      },
    },
    edges: [
      { from: "start", to: "before" },
      { from: "before", to: "sub" },
    ],
  };
  beforeAll(() => read(call("/graphs", { key, json: nested })));
  interface Drawn {
    readonly nodes: { id: string }[];
    readonly edges: { source: string; target: string }[];
  }
  const drawn = (query: string) => read<Drawn>(call(`/assistants/nested/graph${query}`, { key }));
  const ids = async (query: string) => (await drawn(query)).nodes.map(({ id }) => id);

  it("is drawn closed, or open so many levels down", async () => {
    const closed = ["__start__", "before", "sub", "__end__"];
    for (const query of ["", "?xray=false", "?xray=0"]) expect(await ids(query)).toEqual(closed);
    expect(await ids("?xray=1")).toEqual(["__start__", "before", "sub:one", "sub:two", "sub:deep", "__end__"]);
    const open = await drawn("?xray=true");
    DrawableGraph.parse(open);
    expect(open.nodes.map(({ id }) => id)).toEqual([
      "__start__",
      "before",
      "sub:one",
      "sub:two",
      "sub:deep:one",
      "sub:deep:two",
      "__end__",
    ]);
    expect(open.edges).toContainEqual({ source: "before", target: "sub:one" });
    expect(open.edges).toContainEqual({ source: "sub:deep:two", target: "__end__" });
    const { assistant_id: id } = await make("nested");
    expect(await read(call(`/assistants/${id}/graph?xray=true`, { key }))).toEqual(open);
    for (const xray of ["yes", "-1", "1.5", "1000"]) {
      expect((await call(`/assistants/nested/graph?xray=${xray}`, { key })).status).toBe(400);
    }
  });

  it("tells the schemas of what is inside, by node, and deeper where asked", async () => {
    const subgraphs = (path: string) => read<object>(call(`/assistants/nested/subgraphs${path}`, { key }));
    const direct = await subgraphs("");
    SubgraphSchemas.parse(direct);
    expect(Object.keys(direct)).toEqual(["sub"]);
    expect(direct).toMatchObject({ sub: { state: { type: "object", properties: { text: {} } } } });
    const all = await subgraphs("?recurse=true");
    expect(Object.keys(all)).toEqual(["sub", "sub|deep"]);
    expect(await subgraphs("/sub")).toEqual(direct);
    expect(Object.keys(await subgraphs("/sub%7Cdeep?recurse=true"))).toEqual(["sub|deep"]);
    expect(await subgraphs("/nothing")).toEqual({});
    const { assistant_id: id } = await make("nested");
    const schemas = AssistantSchemas.strict().parse(await read(call(`/assistants/${id}/schemas`, { key })));
    expect(schemas.graph_id).toBe("nested");
  });
});
