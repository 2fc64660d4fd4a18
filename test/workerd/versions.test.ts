import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { assistantIdOf } from "../../src/api/assistant-id.ts";
import { GraphDiff } from "../../src/api/graph-diff.ts";
import { GraphSummary, StoredGraph } from "../../src/api/graph-views.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("acme");
});

interface Line {
  readonly version: number;
  readonly status: string;
  readonly hash: string;
  readonly created_at: string;
  readonly published_at: string | null;
  readonly published_by: string | null;
}
/** Multiplies by this instead of two, so that a result tells its version. */
const times = (id: string, factor: number) => ({
  ...DOUBLE,
  id,
  nodes: { double: { kind: "transform", set: { doubled: `state.number * ${factor}` } } },
});
const post = (path: string, json: unknown) => call(path, { key, json });
const store = (id: string, factor: number) => read<Line>(post("/graphs", times(id, factor)));
const draft = (id: string, factor: number) => read<Line>(post("/graphs?draft=true", times(id, factor)));
const publish = (id: string, version: number) =>
  read<Line>(call(`/graphs/${id}/versions/${version}/publish`, { key, method: "POST" }));
const versions = async (id: string) =>
  (await read<{ versions: Line[] }>(call(`/graphs/${id}/versions`, { key }))).versions;
const statuses = async (id: string) => (await versions(id)).map(({ version, status }) => [version, status]);
const run = async (assistantId: string) =>
  (await read<{ doubled: number }>(post("/runs/wait", { assistant_id: assistantId, input: { number: 1 } }))).doubled;

describe("a draft", () => {
  it("is used by no run but one that names it", async () => {
    await store("tried", 2);
    expect(await draft("tried", 3)).toMatchObject({ version: 2, status: "draft" });
    expect(await run("tried")).toBe(2);
    expect(await run(assistantIdOf("tried"))).toBe(2);
    expect(await run("tried@2")).toBe(3);
    expect(await run(`${assistantIdOf("tried").toUpperCase()}@2`)).toBe(3);
    expect(await read(call("/graphs/tried", { key }))).toMatchObject({ version: 1, status: "current" });
    expect(await read(call("/assistants/tried", { key }))).toMatchObject({ version: 1 });
  });

  it("that is published is what runs use from then on", async () => {
    await store("released", 2);
    await draft("released", 3);
    expect(await run("released")).toBe(2);
    expect(await publish("released", 2)).toMatchObject({ version: 2, status: "current" });
    expect(await run("released")).toBe(3);
    expect(await read(call("/graphs/released", { key }))).toMatchObject({ version: 2, status: "current" });
  });

  it("of a graph never published is seen, and runs by number alone", async () => {
    await draft("unborn", 2);
    await draft("unborn", 3);
    expect(await read(call("/graphs/unborn", { key }))).toMatchObject({ version: 2, status: "draft" });
    const { graphs } = await read<{ graphs: object[] }>(call("/graphs?limit=100", { key }));
    expect(graphs).toContainEqual(expect.objectContaining({ graph_id: "unborn", version: 2, status: "draft" }));
    expect(await (await post("/assistants/search", { graph_id: "unborn" })).json()).toEqual([]);
    const refused = await post("/runs", { assistant_id: "unborn" });
    expect([refused.status, await refused.json()]).toEqual([
      404,
      expect.objectContaining({ code: "unknown_graph", detail: expect.stringContaining('"unborn@2"') }),
    ]);
    expect(await run("unborn@1")).toBe(2);
  });
});

describe("a document", () => {
  it("that is the current version or the newest makes no new one, as a draft or not", async () => {
    await store("same", 2);
    await draft("same", 3);
    for (const path of ["/graphs", "/graphs?draft=true", "/graphs?draft=false"]) {
      const answer = await post(path, times("same", 2));
      expect([answer.status, await answer.json()]).toEqual([
        200,
        expect.objectContaining({ version: 1, status: "current" }),
      ]);
    }
    expect(await draft("same", 3)).toMatchObject({ version: 2, status: "draft" });
    expect(await statuses("same")).toEqual([
      [2, "draft"],
      [1, "current"],
    ]);
  });

  it("that is the newest draft is published when it is posted as no draft", async () => {
    await store("finished", 2);
    await draft("finished", 3);
    const answer = await post("/graphs", times("finished", 3));
    expect([answer.status, await answer.json()]).toEqual([
      200,
      expect.objectContaining({ version: 2, status: "current" }),
    ]);
    expect(await run("finished")).toBe(3);
  });

  it("equal to an older version is a new one", async () => {
    await store("returned", 2);
    await store("returned", 3);
    expect(await store("returned", 2)).toMatchObject({ version: 3, status: "current" });
  });

  it("that is wrong is no draft either", async () => {
    expect((await post("/graphs?draft=true", { ...DOUBLE, id: "wrong", nodes: {} })).status).toBe(400);
    expect((await call("/graphs/wrong/versions", { key })).status).toBe(404);
  });
});

describe("rolling back", () => {
  it("is publishing an older version, and says when and by which key", async () => {
    const first = await store("rolled", 2);
    await store("rolled", 3);
    const [second, before] = await versions("rolled");
    expect(before).toMatchObject({ version: first.version, status: "published" });
    const other = await newKey("acme");
    const back = await read<Line>(call("/graphs/rolled/versions/1/publish", { key: other, method: "POST" }));
    expect(back).toMatchObject({ version: 1, status: "current", published_by: other.split("_")[2] });
    expect(before?.published_by).toBe(key.split("_")[2]);
    expect(Date.parse(back.published_at ?? "")).toBeGreaterThanOrEqual(Date.parse(second?.published_at ?? ""));
    expect(await run("rolled")).toBe(2);
    expect(await statuses("rolled")).toEqual([
      [2, "published"],
      [1, "current"],
    ]);
    expect(await store("rolled", 4)).toMatchObject({ version: 3, status: "current" });
  });

  it("to the current version changes nothing, not even who published it", async () => {
    await store("still", 2);
    const [before] = await versions("still");
    const other = await newKey("acme");
    expect(await read(call("/graphs/still/versions/1/publish", { key: other, method: "POST" }))).toEqual(before);
  });

  it("in one tenant moves nothing in another that has a graph of the same name", async () => {
    const other = await newKey("acme2");
    await store("shared", 2);
    await store("shared", 3);
    for (const factor of [2, 3]) await read(call("/graphs", { key: other, json: times("shared", factor) }));
    const before = await read(call("/graphs/shared/versions", { key: other }));
    await publish("shared", 1);
    expect(await read(call("/graphs/shared/versions", { key: other }))).toEqual(before);
    const json = { assistant_id: "shared", input: { number: 1 } };
    expect(await read(call("/runs/wait", { key: other, json }))).toEqual({ doubled: 3 });
  });

  it("to what does not compile any more is refused, and the current version stays", async () => {
    await store("aged", 2);
    await store("aged", 3);
    for (const document of ['{"edgewise":0}', JSON.stringify(times("aged", 7))]) {
      await env.DB.prepare(
        "update graph_versions set document = ? where tenant = 'acme' and graph_id = 'aged' and version = 1",
      )
        .bind(document)
        .run();
      const refused = await call("/graphs/aged/versions/1/publish", { key, method: "POST" });
      expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ code: "invalid_graph" })]);
    }
    expect(await run("aged")).toBe(3);
  });
});

describe("a run", () => {
  it("says which version it is pinned to, and stays on it", async () => {
    await store("pinned", 2);
    await store("pinned", 3);
    const answer = await post("/runs", { assistant_id: "pinned@1", input: { number: 1 } });
    expect(await answer.json()).toMatchObject({ assistant_id: assistantIdOf("pinned"), graph: { version: 1 } });
  });

  it("asked for again under its Idempotency-Key is the same after a publication, but not on another version", async () => {
    await store("keyed", 2);
    const headers = { "idempotency-key": "once" };
    const ask = (assistantId: string) => call("/runs", { key, headers, json: { assistant_id: assistantId } });
    const first = await read<{ run_id: string }>(ask("keyed"));
    await store("keyed", 3);
    expect(await read(ask("keyed"))).toMatchObject({ run_id: first.run_id, graph: { version: 1 } });
    expect((await ask("keyed@1")).status).toBe(422);
    expect((await ask("keyed@2")).status).toBe(422);
  });

  it.each(["tried@0", "tried@01", "tried@", "@1", "tried@latest", "tried@1@1", "tried@7", "tried@1 "])(
    "on %s is refused: there is no such version or name",
    async (assistantId) => {
      await store("tried", 2);
      const answer = await post("/runs", { assistant_id: assistantId });
      expect([answer.status, await answer.json()]).toEqual([404, expect.objectContaining({ code: "unknown_graph" })]);
    },
  );
});

describe("at once", () => {
  it("many publications leave one current version, and every other as it was", async () => {
    for (let factor = 1; factor <= 8; factor += 1) await draft("contested", factor);
    await Promise.all(Array.from({ length: 8 }, (_, index) => publish("contested", index + 1)));
    const found = await versions("contested");
    expect(found.filter(({ status }) => status === "current")).toHaveLength(1);
    expect(found.filter(({ status }) => status === "published")).toHaveLength(7);
    const { results } = await env.DB.prepare(
      "select count(distinct publication) as places from graph_versions where tenant = 'acme' and graph_id = 'contested'",
    ).all();
    expect(results).toEqual([{ places: 8 }]);
  });

  it("drafts and publications of new documents get numbers without gaps", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? draft : store)("crowded", index + 1)),
    );
    expect(answers.map(({ version }) => version).sort((one, other) => one - other)).toEqual(
      answers.map((_, index) => index + 1),
    );
    expect((await versions("crowded")).filter(({ status }) => status === "current")).toHaveLength(1);
  });

  it("runs that start while versions are published get one of them, whole", async () => {
    await store("moving", 1);
    await store("moving", 2);
    const started = Array.from({ length: 6 }, async () => {
      const answer = await read<{ graph: { version: number }; thread_id: string; run_id: string }>(
        post("/runs", { assistant_id: "moving", input: { number: 1 } }),
      );
      const result = await read(call(`/threads/${answer.thread_id}/runs/${answer.run_id}/join`, { key }));
      return [answer.graph.version, result["doubled"]];
    });
    const published = [1, 2, 1].map((version) => publish("moving", version));
    for (const [version, result] of await Promise.all(started)) expect(result).toBe(version);
    await Promise.all(published);
  });
});

describe("the list of versions", () => {
  it("comes in pages that miss none and repeat none, newest first", async () => {
    for (let factor = 1; factor <= 5; factor += 1) await draft("listed", factor);
    const seen: number[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string = cursor === "" ? "limit=2" : `limit=2&cursor=${encodeURIComponent(cursor)}`;
      const page: { versions: Line[]; next_cursor: string | null } = await read(
        call(`/graphs/listed/versions?${query}`, { key }),
      );
      seen.push(...page.versions.map(({ version }) => version));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
  });

  it("fits the schemas that the description shows", async () => {
    const { assistant_id, ...stored } = await read(post("/graphs", times("shaped", 2)));
    StoredGraph.strict().parse({ ...stored, assistant_id });
    await draft("shaped", 3);
    const found = await versions("shaped");
    expect(GraphSummary.strict().array().parse(found)).toEqual(found);
    expect(found[0]).toMatchObject({ status: "draft", published_at: null, published_by: null });
  });
});

describe("the difference of two versions", () => {
  it("names what changed by its id, in the asked direction", async () => {
    await store("compared", 2);
    await draft("compared", 3);
    const compare = async (query: string) =>
      GraphDiff.strict().parse(await read(call(`/graphs/compared/diff?${query}`, { key })));
    const { changes, ...rest } = await compare("from=1&to=2");
    expect(rest).toMatchObject({ graph_id: "compared", from: 1, to: 2, summary: "1 node changed", likely_renames: [] });
    const change = { kind: "changed", part: "node", name: "double", path: "/nodes/double/set/doubled" };
    expect(changes).toEqual([
      expect.objectContaining({ ...change, before: "state.number * 2", after: "state.number * 3" }),
    ]);
    expect((await compare("from=2&to=1")).changes).toEqual([expect.objectContaining({ after: "state.number * 2" })]);
    expect((await compare("from=2&to=2")).changes).toEqual([]);
  });
});

describe("the preview", () => {
  const preview = (query: string) => call(`/graphs/seen/preview?${query}`, { key });

  it.each([
    ["mermaid", "application/vnd.mermaid", /^flowchart /],
    ["svg", "image/svg+xml", /^<svg /],
    ["dot", "text/vnd.graphviz; charset=utf-8", /^(?:strict )?digraph /],
    ["markdown", "text/markdown; charset=utf-8", /^# /],
  ])("as %s is what it says, and may load and run nothing", async (format, type, start) => {
    await store("seen", 2);
    const answer = await preview(`format=${format}`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
    const policy = answer.headers.get("content-security-policy");
    expect(policy).toMatch(/^default-src 'none'; style-src 'unsafe-inline'; .*sandbox$/);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const text = new TextDecoder().decode(await answer.arrayBuffer());
    expect(text).toMatch(start);
    expect(text).toContain("double");
  });

  it("is of the current version, unless another is asked for", async () => {
    await store("seen", 2);
    const nodes = { later: { kind: "transform", set: { doubled: "1" } } };
    const edges = [{ from: "start", to: "later" }];
    await read(post("/graphs?draft=true", { ...DOUBLE, id: "seen", nodes, edges }));
    const [current, newest] = [await preview("format=dot"), await preview("format=dot&version=2")];
    expect([(await current.text()).includes("later"), (await newest.text()).includes("later")]).toEqual([false, true]);
  });

  it("holds no markup that a document brings", async () => {
    const name = "<script>alert(1)</script>";
    await read(post("/graphs", { ...DOUBLE, id: "hostile", name }));
    const answer = await call("/graphs/hostile/preview?format=svg", { key });
    expect(await answer.text()).not.toContain("<script");
  });
});

describe("validation", () => {
  const validate = (body: string, type = "application/yaml") =>
    call("/graphs/validate", { key, body, headers: { "content-type": type } });

  it("of a graph gives the hash it would be stored under, and stores nothing", async () => {
    const body = JSON.stringify(times("checked", 2));
    const answer = await read(validate(body, "application/json"));
    expect(answer).toMatchObject({ valid: true, graph_id: "checked", problems: [], hash: expect.any(String) });
    expect((await call("/graphs/checked/versions", { key })).status).toBe(404);
    expect((await store("checked", 2)).hash).toBe(answer["hash"]);
  });

  it("names warnings of a graph that is valid", async () => {
    const channels = { ...DOUBLE.channels, idle: {} };
    const answer = await read(validate(JSON.stringify({ ...DOUBLE, channels }), "application/json"));
    expect(answer).toMatchObject({ valid: true, problems: [{ severity: "warning", code: "unused_channel" }] });
  });

  it.each([
    "edgewise: 1\nid: wrong\nnodes:\n  a: { kind: nonsense }\nedges:\n  - { from: start, to: b }\n",
    "a: [",
    "",
  ])("of %j names every problem and its place, with 200", async (body) => {
    const answer = await validate(body);
    const refused = await call("/graphs", { key, body, headers: { "content-type": "application/yaml" } });
    const { details } = await refused.json<{ details: unknown[] }>();
    expect([answer.status, await answer.json()]).toEqual([200, { valid: false, problems: details }]);
    expect(details.length).toBeGreaterThan(0);
  });
});
