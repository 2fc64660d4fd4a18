import { beforeAll, describe, expect, it } from "vitest";
import { AssistantSchemas, DrawableGraph } from "../../src/api/assistant-graph.ts";
import { GraphEstimate } from "../../src/api/graph-estimate.ts";
import { FixedGraph } from "../../src/api/graph-fix.ts";
import { ImportedGraph } from "../../src/api/graph-import.ts";
import { GraphMerge } from "../../src/api/graph-merge.ts";
import { RunProfile } from "../../src/api/run-profile.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("acme");
});

const post = (path: string, json: unknown) => call(path, { key, json });
const send = (path: string, body: string | Uint8Array, type: string) =>
  call(path, { key, body, headers: { "content-type": type } });
const bytesOf = async (answer: Response) => [...new Uint8Array(await answer.arrayBuffer())];
const refusal = async (answer: Response | Promise<Response>) => {
  const response = await answer;
  return { status: response.status, ...(await response.json<{ code: string; detail: string; pointer?: string }>()) };
};

describe("a graph's text", () => {
  const YAML = [
    "\uFEFF# mine, at the end of the line too \r\n",
    "edgewise: 1\r\nid:   worded   # two\r\n",
    "nodes: { a: { kind: transform } }\n\n",
    "edges:\n - from: start\n   to: 'a'\n",
  ].join("");

  it("published as YAML comes back byte for byte, asked for by a query or by Accept", async () => {
    const bytes = new TextEncoder().encode(YAML);
    const { version } = await read<{ version: number }>(send("/graphs", bytes, "application/yaml"));
    const asked = [
      call(`/graphs/worded/versions/${version}?format=source`, { key }),
      call("/graphs/worded?format=yaml", { key }),
      call("/graphs/worded", { key, headers: { accept: "application/yaml" } }),
      call("/graphs/worded", { key, headers: { accept: "text/yaml, application/json;q=0.5" } }),
    ];
    for (const answer of await Promise.all(asked)) {
      expect(answer.headers.get("content-type")).toBe("application/yaml");
      expect(answer.headers.get("content-location")).toBe(`/graphs/worded/versions/${version}`);
      expect(await bytesOf(answer)).toEqual([...bytes]);
    }
  });

  it("is JSON for whoever asks for nothing, for anything, or for JSON first", async () => {
    await read(send("/graphs", YAML, "application/yaml"));
    for (const accept of ["*/*", "application/json", "application/json, application/yaml;q=0.9", "text/html"]) {
      const answer = await call("/graphs/worded", { key, headers: { accept } });
      expect(await read(answer)).toMatchObject({ graph_id: "worded", document: { id: "worded" } });
    }
  });

  it("published as JSON is printed as YAML, and comes back as it was as its source", async () => {
    const text = JSON.stringify({ ...DOUBLE, id: "printed" }, null, 3);
    await read(send("/graphs", text, "application/json"));
    const source = await call("/graphs/printed?format=source", { key });
    expect([source.headers.get("content-type"), await source.text()]).toEqual(["application/json", text]);
    const yaml = new TextDecoder().decode(await (await call("/graphs/printed?format=yaml", { key })).arrayBuffer());
    expect(yaml).toMatch(/^edgewise: 1\nid: printed\nchannels:\n {2}number:\n/);
    const again = await send("/graphs", yaml, "application/yaml");
    expect([again.status, await again.json()]).toEqual([200, expect.objectContaining({ version: 1 })]);
  });
});

describe("mending", () => {
  it("gives the text back with what is safe mended, and says what is left", async () => {
    const text =
      "# mine\nedgewise: 1\nid: mended\nchannels: { idle: {} }\nnodes: { a: { kind: transform } }\nedges: [{ from: start, to: a }]\n";
    const fixed = FixedGraph.strict().parse(await read(send("/graphs/fix", text, "application/yaml")));
    expect(fixed).toMatchObject({ type: "yaml", valid: true });
    expect(fixed.text).toMatch(/^# mine\nedgewise: 1\nid: mended\n/);
    expect(fixed.fixed.length + fixed.problems.length).toBeGreaterThan(0);
    expect(fixed.text === text).toBe(fixed.fixed.length === 0);
    expect((await call("/graphs/mended", { key })).status).toBe(404);
  });

  it("refuses a text on which trying changes would take long", async () => {
    const text = `# ${"x".repeat(65 * 1024)}\n`;
    expect(await refusal(send("/graphs/fix", text, "application/yaml"))).toMatchObject({ code: "payload_too_large" });
  });

  it("leaves what cannot be read as it is", async () => {
    expect(await read(send("/graphs/fix", "a: [", "application/yaml"))).toMatchObject({
      text: "a: [",
      fixed: [],
      valid: false,
    });
  });
});

describe("importing", () => {
  it("a Mermaid flowchart makes a draft that says what has to be filled in", async () => {
    const text = "flowchart TD\n  start([start]) --> ask[Ask]\n  ask --> answer[Answer]\n  answer --> stop([end])\n";
    const answer = await send("/graphs/import?from=mermaid&id=drawn", text, "text/plain");
    expect(answer.status).toBe(201);
    const { report, ...stored } = ImportedGraph.strict().parse(await answer.json());
    expect(stored).toMatchObject({ graph_id: "drawn", version: 1, status: "draft" });
    expect(report.understood).toBeGreaterThan(2);
    expect(report.not_understood.length).toBeGreaterThan(0);
    expect((await post("/runs", { assistant_id: "drawn" })).status).toBe(404);
  });

  it("what our own server draws for LangGraph's clients comes back with the same nodes and edges", async () => {
    await read(post("/graphs", { ...DOUBLE, id: "there" }));
    const drawn = await read(call("/assistants/there/graph", { key }));
    DrawableGraph.strict().parse(drawn);
    expect(await read(call("/graphs/there/preview?format=drawable", { key }))).toEqual(drawn);
    const { report } = await read<{ report: object }>(post("/graphs/import?from=langgraph&id=back", drawn));
    expect(report).toMatchObject({ understood: 3 });
    const { document } = await read<{ document: typeof DOUBLE }>(call("/graphs/back", { key }));
    expect([Object.keys(document.nodes), document.edges]).toEqual([Object.keys(DOUBLE.nodes), DOUBLE.edges]);
  });

  it.each([
    ["from=mermaid&id=x", "sequenceDiagram\n  A->>B: hi\n", "text/plain", 400],
    ["from=langgraph&id=x", '{"nodes":', "application/json", 400],
    ["from=langgraph&id=x", "[]", "application/json", 400],
    ["from=langgraph&id=x", "flowchart TD", "text/vnd.mermaid", 415],
    ["from=mermaid&id=x", "graph: 1", "application/yaml", 415],
    ["from=dot&id=x", "digraph {}", "text/plain", 400],
    ["from=mermaid&id=1x", "flowchart TD\n a-->b", "text/plain", 400],
    ["from=mermaid", "flowchart TD\n a-->b", "text/plain", 400],
  ])("%s of %j as %s is refused with %i, and nothing is stored", async (query, body, type, status) => {
    expect((await refusal(send(`/graphs/import?${query}`, body, type))).status).toBe(status);
    expect((await call("/graphs/x", { key })).status).toBe(404);
  });
});

describe("merging", () => {
  const changed = (more: object) => ({ ...DOUBLE, id: "merged", ...more });

  it("brings changes of different parts together, of versions and documents alike", async () => {
    await read(post("/graphs", changed({})));
    await read(post("/graphs?draft=true", changed({ name: "Ours" })));
    const theirs = changed({ limits: { steps: 7 } });
    const answer = await read(post("/graphs/merge", { graph_id: "merged", base: 1, ours: 2, theirs }));
    const merged = GraphMerge.strict().parse(answer);
    expect(merged).toEqual({
      document: changed({ name: "Ours", limits: { steps: 7 } }),
      conflicts: [],
      valid: true,
      problems: [],
    });
  });

  it("names what cannot be decided, with its place and all three values", async () => {
    const json = { base: changed({}), ours: changed({ name: "A" }), theirs: changed({ name: "B" }) };
    expect(await read(post("/graphs/merge", json))).toMatchObject({
      document: { name: "A" },
      conflicts: [{ kind: "both_added", path: "/name", ours: "A", theirs: "B" }],
    });
  });

  it("says when changes that do not touch are wrong together", async () => {
    const json = { base: changed({}), ours: changed({}), theirs: changed({ output: ["gone"] }) };
    expect(await read(post("/graphs/merge", json))).toMatchObject({
      conflicts: [],
      valid: false,
      problems: [{ code: "unknown_channel", path: "/output/0" }],
    });
  });

  it.each([
    [{ base: 1, ours: 1, theirs: 1 }, 400, "/base"],
    [{ graph_id: "merged", base: 1, ours: 99, theirs: 1 }, 404, undefined],
    [{ graph_id: "merged", base: [], ours: {}, theirs: {} }, 400, "/base"],
    [{ base: {}, ours: {} }, 400, "/theirs"],
    [{ base: {}, ours: {}, theirs: { name: "x".repeat(600_000) } }, 413, "/theirs"],
  ])("case %#: what is no three documents is refused", async (json, status, pointer) => {
    await read(post("/graphs", changed({})));
    const { pointer: found, ...rest } = await refusal(post("/graphs/merge", json));
    expect([rest.status, found]).toEqual([status, pointer]);
  });
});

describe("a run's profile and what is estimated from it", () => {
  interface Started {
    readonly thread_id: string;
    readonly run_id: string;
  }
  const over = async (assistantId: string, input: object = { number: 1 }): Promise<Started> => {
    const run = await read<Started>(post("/runs", { assistant_id: assistantId, input }));
    await (await call(`/threads/${run.thread_id}/runs/${run.run_id}/join`, { key })).text();
    return run;
  };
  const CHAIN = {
    ...DOUBLE,
    nodes: {
      first: { kind: "transform", set: { doubled: "100 / state.number" } },
      second: {
        kind: "model",
        model: "builtin/extractive",
        prompt: "The number is {{ state.number }}. It is a good one.",
        write: "doubled",
      },
    },
    edges: [
      { from: "start", to: "first" },
      { from: "first", to: "second" },
    ],
  };

  it("names each task, the path that determined the end, and what a model used", async () => {
    await read(post("/graphs", { ...CHAIN, id: "profiled" }));
    const { thread_id, run_id } = await over("profiled");
    const profile = RunProfile.strict().parse(
      await read(call(`/threads/${thread_id}/runs/${run_id}/profile`, { key })),
    );
    expect(profile).toMatchObject({ run_id, thread_id, status: "success", graph: { graph_id: "profiled" } });
    expect(profile.tasks.map(({ node, status, attempts }) => [node, status, attempts])).toEqual([
      ["first", "succeeded", 1],
      ["second", "succeeded", 1],
    ]);
    expect(profile.critical_path.map(({ node }) => node)).toEqual(["first", "second"]);
    expect(profile.critical_path.reduce((sum, { ms }) => sum + ms, 0)).toBe(profile.duration_ms);
    expect(profile.tasks[1]?.output_tokens).toBeGreaterThan(0);
    expect(profile.concurrency.max).toBeGreaterThanOrEqual(0);
  });

  it("names tasks in frames by the nodes around them, and an estimate counts them with their composite", async () => {
    const say = { kind: "model", model: "builtin/extractive", prompt: "{{ state.word }} is a word.", write: "said" };
    const each = {
      kind: "map",
      over: "['one', 'two', 'three']",
      input: { word: "item" },
      output: { doubled: "state.said" },
      graph: {
        channels: { word: {}, said: {} },
        nodes: { say },
        edges: [{ from: "start", to: "say" }],
      },
    };
    const edges = [{ from: "start", to: "each" }];
    await read(post("/graphs", { ...DOUBLE, id: "framed", nodes: { each }, edges }));
    const run = await over("framed");
    const profile = RunProfile.parse(await read(call(`/threads/${run.thread_id}/runs/${run.run_id}/profile`, { key })));
    expect(profile.status).toBe("success");
    expect(profile.tasks.map(({ node }) => node).sort()).toEqual(["each", "each/say", "each/say", "each/say"]);
    expect(profile.critical_path.map(({ node }) => node)).toContain("each/say");
    expect(profile.critical_path.reduce((sum, { ms }) => sum + ms, 0)).toBe(profile.duration_ms);
    const answer = await read(post("/graphs/framed/estimate", { runs: [place(run)] }));
    const { nodes, observed } = GraphEstimate.parse(answer);
    expect(nodes).toMatchObject([
      { node: "each", calls: { high: { value: 1 } } },
      {
        node: "each/say",
        calls: { low: { value: 3 }, high: { value: 3, reason: expect.stringContaining("recorded") } },
      },
    ]);
    expect(observed.map(({ node, calls }) => [node, calls.max])).toEqual([
      ["each", 1],
      ["each/say", 3],
    ]);
  });

  it("of a run that is not there, or another tenant's, is not found", async () => {
    await read(post("/graphs", { ...CHAIN, id: "profiled" }));
    const { thread_id, run_id } = await over("profiled");
    const other = await newKey("acme2");
    expect((await call(`/threads/${thread_id}/runs/${run_id}/profile`, { key: other })).status).toBe(404);
    expect((await call(`/threads/${thread_id}/runs/${thread_id.replace(/^./, "f")}/profile`, { key })).status).toBe(
      404,
    );
  });

  it("an estimate is of the structure, or of the runs named too", async () => {
    await read(post("/graphs", { ...CHAIN, id: "estimated" }));
    const alone = GraphEstimate.strict().parse(await read(call("/graphs/estimated/estimate", { key })));
    expect(alone).toMatchObject({
      graph_id: "estimated",
      calls: { low: { value: 2 }, high: { value: 2 } },
      observed: [],
    });
    expect(alone.output_tokens.high.value).toBeNull();
    const runs = [await over("estimated"), await over("estimated", { number: 22 })];
    const answer = await read(post("/graphs/estimated/estimate", { runs: [...runs, runs[0]].map(place) }));
    const known = GraphEstimate.strict().parse(answer);
    expect(known.output_tokens.high).toMatchObject({
      value: expect.any(Number),
      reason: expect.stringContaining("2 recorded"),
    });
    expect(known.observed.map(({ node, calls }) => [node, calls])).toEqual([
      ["first", { min: 1, median: 1, max: 1 }],
      ["second", { min: 1, median: 1, max: 1 }],
    ]);
  });

  const place = (run: Started | undefined) => ({ thread_id: run?.thread_id, run_id: run?.run_id });

  it("refuses runs of other versions, runs that failed, and more of them than it reads", async () => {
    await read(post("/graphs", { ...CHAIN, id: "strict" }));
    await read(post("/graphs?draft=true", { ...CHAIN, id: "strict", name: "Other" }));
    const other = await over("strict@2");
    const failed = await over("strict", { number: 0 });
    for (const run of [other, failed]) {
      const refused = await refusal(post("/graphs/strict/estimate", { runs: [place(run)] }));
      expect([refused.status, refused.pointer]).toEqual([400, "/runs"]);
    }
    const many = await refusal(
      post("/graphs/strict/estimate", { runs: Array.from({ length: 21 }, () => place(other)) }),
    );
    expect(many.status).toBe(400);
    expect((await call("/graphs/nowhere/estimate", { key })).status).toBe(404);
    const stranger = await newKey("acme2");
    await read(call("/graphs", { key: stranger, json: { ...CHAIN, id: "strict" } }));
    const theirs = await over("strict");
    const stolen = call("/graphs/strict/estimate", { key: stranger, json: { runs: [place(theirs)] } });
    expect((await stolen).status).toBe(404);
  });
});

describe("an assistant's schemas", () => {
  it("are those of the graph: what a run takes and gives, and the whole state", async () => {
    await read(
      post("/graphs", { ...DOUBLE, id: "typed", parameters: { tone: { schema: { type: "string" }, required: true } } }),
    );
    const schemas = AssistantSchemas.strict().parse(await read(call("/assistants/typed/schemas", { key })));
    expect(schemas).toMatchObject({
      graph_id: "typed",
      input_schema: { type: "object", properties: { number: { type: "integer" } } },
      state_schema: { properties: { number: { type: "integer" }, doubled: {} } },
      context_schema: { properties: { tone: { type: "string" } }, required: ["tone"] },
    });
    expect(Object.keys(schemas.output_schema["properties"] ?? {})).toEqual(["doubled"]);
    expect((await call("/assistants/nowhere/schemas", { key })).status).toBe(404);
    expect((await call("/assistants/nowhere/graph", { key })).status).toBe(404);
  });
});
