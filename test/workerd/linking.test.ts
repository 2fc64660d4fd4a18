import { beforeAll, describe, expect, it } from "vitest";
import { GraphProblem } from "../../src/api/graph-views.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("acme");
});

const post = (path: string, json: unknown) => call(path, { key, json });
const times = (id: string, factor: number) => ({
  ...DOUBLE,
  id,
  nodes: { double: { kind: "transform", set: { doubled: `state.number * ${factor}` } } },
});
/** Runs the graphs named, one after the other. */
const outer = (id: string, ...names: readonly string[]) => ({
  ...DOUBLE,
  id,
  nodes: Object.fromEntries(names.map((graph, index) => [`n${index}`, { kind: "subgraph", graph }])),
  edges: names.map((_, index) => ({ from: index === 0 ? "start" : `n${index - 1}`, to: `n${index}` })),
});
interface Version {
  readonly version: number;
  readonly hash: string;
  readonly linked: readonly object[];
  readonly document: { readonly nodes: object; readonly graphs?: Record<string, object> };
}
const store = (document: object, query = "") => read<Version>(post(`/graphs${query}`, document));
const show = (path: string) => read<Version>(call(`/graphs/${path}`, { key }));
const run = async (assistantId: string) =>
  (await read<{ doubled: number }>(post("/runs/wait", { assistant_id: assistantId, input: { number: 1 } }))).doubled;

describe("a published graph that names another", () => {
  it("holds the version that was current, says so, and runs it whatever is published later", async () => {
    await store(times("brief", 2));
    await store(times("brief", 3));
    const stored = await store(outer("report", "brief"));
    expect(stored.linked).toEqual([{ name: "brief", graph_id: "brief", version: 2 }]);
    expect((await show("report")).document).toMatchObject({
      nodes: { n0: { graph: "brief@2" } },
      graphs: { "brief@2": { id: "brief" } },
    });
    expect(await run("report")).toBe(3);
    await store(times("brief", 5));
    expect(await run("report")).toBe(3);
    expect(await store(outer("report", "brief"))).toMatchObject({ version: 2 });
    expect(await run("report")).toBe(5);
    expect(await run("report@1")).toBe(3);
  });

  it("may name a version, and keeps the text in which it was said", async () => {
    await store(times("dated", 2));
    await store(times("dated", 3));
    const text = `# pinned\n${JSON.stringify(outer("pinning", "dated@1"))}\n`;
    const headers = { "content-type": "application/yaml" };
    await read(call("/graphs", { key, body: text, headers }));
    expect(await run("pinning")).toBe(2);
    const source = await call("/graphs/pinning?format=source", { key });
    expect(new TextDecoder().decode(await source.arrayBuffer())).toBe(text);
  });

  it("is whole with all that the other one names in its turn", async () => {
    await store(times("inmost", 7));
    await store(outer("middle", "inmost"));
    await store(outer("outmost", "middle"));
    await store(times("inmost", 8));
    expect(await run("outmost")).toBe(7);
    const { document } = await show("outmost");
    expect(document.graphs).toMatchObject({ "middle@1": { graphs: { "inmost@1": { id: "inmost" } } } });
    // What was given back may be sent again: it names nothing outside itself.
    expect(await store(document)).toMatchObject({ version: 1, linked: [] });
  });

  it("is checked with what would be linked, and stored no more than any other check does", async () => {
    await store(times("brief", 2));
    const checked = await read(post("/graphs/validate", outer("only_checked", "brief")));
    expect(checked).toMatchObject({ valid: true, problems: [], linked: [{ graph_id: "brief" }] });
    expect((await call("/graphs/only_checked", { key })).status).toBe(404);
    expect((await store(outer("only_checked", "brief"))).hash).toBe(checked["hash"]);
  });

  it("may be written as steps", async () => {
    await store(times("brief", 2));
    const text =
      "edgewise: 1\nid: stepped\nchannels: { number: {}, doubled: {} }\nsteps:\n  - id: a\n    kind: subgraph\n    graph: GRAPH\n";
    const headers = { "content-type": "application/yaml" };
    const send = (graph: string) => call("/graphs", { key, body: text.replace("GRAPH", graph), headers });
    expect(await read(send("brief"))).toMatchObject({ linked: [{ name: "brief" }] });
    expect(await run("stepped")).toBe(2);
    const { details } = await (await send("nobody")).json<{ details: object[] }>();
    expect(details).toContainEqual(expect.objectContaining({ code: "unknown_graph", path: "/steps/0/graph", line: 7 }));
  });

  it("does not see another tenant's graphs", async () => {
    const other = await newKey("acme2");
    await read(call("/graphs", { key: other, json: times("secret", 2) }));
    expect((await post("/graphs", outer("curious", "secret"))).status).toBe(400);
  });
});

describe("a name that cannot be linked", () => {
  const problemOf = async (name: string, id = "refused") => {
    const body = `edgewise: 1\nid: ${id}\nchannels: { number: {}, doubled: {} }\nnodes:\n  a:\n    kind: subgraph\n    graph: ${name}\nedges: [{ from: start, to: a }]\n`;
    const answer = await call("/graphs", { key, body, headers: { "content-type": "application/yaml" } });
    expect(answer.status).toBe(400);
    const { details } = await answer.json<{ details: unknown[] }>();
    return GraphProblem.array()
      .parse(details)
      .filter(({ severity }) => severity === "error");
  };

  it.each([
    ["nobody", "unknown_graph", /no graph "nobody"/],
    ["brief@99", "unknown_graph", /no graph "brief@99"/],
    ["unready", "unknown_graph", /only drafts/],
    ["refused", "endless_nesting", /itself/],
  ])("%s is told as %s, at its line and column", async (name, code, message) => {
    await store(times("brief", 2));
    await store(times("unready", 2), "?draft=true");
    const problems = await problemOf(name);
    expect(problems).toEqual([
      expect.objectContaining({
        code,
        path: "/nodes/a/graph",
        line: 7,
        column: 12,
        message: expect.stringMatching(message),
      }),
    ]);
    expect(problems[0]?.hint).toMatch(/\S/);
  });

  it("too many graphs within each other are refused", async () => {
    await store(times("deep0", 2));
    for (let depth = 1; depth <= 8; depth += 1) await store(outer(`deep${depth}`, `deep${depth - 1}`));
    expect(await run("deep8")).toBe(2);
    const refused = await post("/graphs", outer("deep9", "deep8"));
    expect([refused.status, JSON.stringify(await refused.json())]).toEqual([400, expect.stringContaining("too_deep")]);
  });
});
