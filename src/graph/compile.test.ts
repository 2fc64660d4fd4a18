import { describe, expect, it } from "vitest";
import type { Json } from "../base/json.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import type { Problem } from "./compile.ts";
import type { Plan } from "./plan.ts";

const YAML = `edgewise: 1
id: brief
channels:
  documents: { schema: { type: array } }
  notes: { reducer: append, default: [] }
  answer:
input: [documents]
output: [answer]
nodes:
  summarize: { kind: model, prompt: "Summarize {{ state.documents }}", write: answer, timeout: 2m }
  note: { kind: transform, set: { notes: "[state.answer]" }, join: each, retry: { attempts: 2, delay: 250ms } }
edges:
  - { from: start, to: summarize }
  - { from: summarize, to: note, when: "size(state.answer) > 3" }
  - { from: summarize, to: end, else: true }
  - { from: note, to: end }
limits: { steps: 50 }
`;

function compiled(text: string): { plan: Plan; warnings: readonly Problem[] } {
  const result = compileGraph({ text, type: "yaml" }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 1));
  return result;
}

function problemsOf(text: string): readonly Problem[] {
  const result = compileGraph({ text, type: "yaml" }, nodeKinds);
  return result.ok ? result.warnings : result.problems;
}

describe("a document becomes a plan", () => {
  it("with nodes in document order, edges by node, and defaults filled in", () => {
    const { plan, warnings } = compiled(YAML);
    expect(warnings).toEqual([]);
    expect(plan).toMatchObject({
      id: "brief",
      name: "brief",
      input: ["documents"],
      output: ["answer"],
      limits: { steps: 50, concurrency: 6 },
      channels: [
        { name: "documents", reducer: "last", conflict: "error", schema: { type: "array" } },
        { name: "notes", reducer: "append", default: [] },
        { name: "answer", reducer: "last", conflict: "error" },
      ],
      nodes: [
        {
          index: 0,
          id: "summarize",
          kind: "model",
          join: "all",
          timeoutMs: 120_000,
          retry: { attempts: 3, delayMs: 500, maxDelayMs: 30_000 },
        },
        {
          index: 1,
          id: "note",
          kind: "transform",
          join: "each",
          retry: { attempts: 2, delayMs: 250, maxDelayMs: 30_000 },
        },
      ],
      starts: [{ to: 0, condition: { kind: "always" } }],
    });
    expect(plan.nodes[0]?.edges.map(({ to, condition }) => [to, condition.kind])).toEqual([
      [1, "when"],
      ["end", "else"],
    ]);
    expect(plan.structure).toMatchObject({ nodes: 2, edges: [[1], []], starts: [0], each: new Set([1]) });
  });

  it("the same from a value as from its text", () => {
    const { plan } = compiled(YAML);
    const again = compileGraph({ document: plan.document }, nodeKinds);
    expect(again).toMatchObject({ ok: true, plan: { hash: plan.hash, limits: plan.limits, input: plan.input } });
  });

  it("everything may be set and shown where input and output are not given", () => {
    const { plan } = compiled(YAML.replace("input: [documents]\noutput: [answer]\n", ""));
    expect([plan.input, plan.output]).toEqual([
      ["documents", "notes", "answer"],
      ["documents", "notes", "answer"],
    ]);
  });
});

/** Each row breaks the document above in one way: text to replace, by what, and the problem with its place in the text. */
const BROKEN: readonly (readonly [what: string, from: string, to: string, expected: Partial<Problem>])[] = [
  ["another version", "edgewise: 1", "edgewise: 2", { code: "newer_format", path: "/edgewise", line: 1, column: 11 }],
  ["no version", "edgewise: 1\n", "", { code: "missing", path: "/edgewise" }],
  ["a bad id", "id: brief", "id: 1brief!", { code: "invalid_value", path: "/id", line: 2 }],
  [
    "an unknown key",
    "limits:",
    "limit:",
    { code: "unknown_key", path: "/limit", line: 17, column: 1, hint: 'Did you mean "limits"?' },
  ],
  [
    "a text that a comma ends",
    "  answer:\n",
    "  answer: { description: What is said, and how }\n",
    { code: "unknown_key", path: "/channels/answer/and how", hint: expect.stringContaining("in quotes") as string },
  ],
  ["no nodes", "nodes:", "noodles:", { code: "missing", path: "/nodes" }],
  [
    "nodes of another type",
    "limits: { steps: 50 }",
    "limits: [1]",
    { code: "invalid_type", path: "/limits", line: 17, column: 9 },
  ],
  ["a limit out of bounds", "steps: 50", "steps: 100001", { code: "invalid_value", path: "/limits/steps" }],
  [
    "a limit that is no whole number",
    "steps: 50",
    "concurrency: 2.5",
    { code: "invalid_type", path: "/limits/concurrency" },
  ],
  [
    "a channel's name",
    "  answer:\n",
    "  answer:\n  bad name: {}\n",
    { code: "invalid_id", path: "/channels/bad name", line: 7, column: 3 },
  ],
  [
    "an unknown reducer",
    "reducer: append",
    "reducer: concat",
    { code: "invalid_value", path: "/channels/notes/reducer", line: 5, column: 21 },
  ],
  [
    "a default its reducer refuses",
    "default: []",
    "default: 3",
    { code: "invalid_default", path: "/channels/notes/default", line: 5, column: 38 },
  ],
  [
    "a default its schema refuses",
    "schema: { type: array }",
    "schema: { type: array, items: { type: string } }, default: [a, 1]",
    { code: "invalid_default", path: "/channels/documents/default/1" },
  ],
  [
    "a schema its reducer refuses",
    "reducer: append",
    "reducer: append, schema: { type: string }",
    { code: "schema_refuses_reducer", path: "/channels/notes/schema/type" },
  ],
  [
    "conflict with a reducer",
    "reducer: append",
    "reducer: append, conflict: last",
    { code: "useless_conflict", path: "/channels/notes/conflict" },
  ],
  [
    "input of an unknown channel",
    "input: [documents]",
    "input: [document]",
    { code: "unknown_channel", path: "/input/0", line: 7, column: 9, hint: 'Did you mean "documents"?' },
  ],
  [
    "output of an unknown channel",
    "output: [answer]",
    "output: [answer, awnser]",
    { code: "unknown_channel", path: "/output/1" },
  ],
  ["a reserved id", "  note: {", "  end: {", { code: "reserved_id", path: "/nodes/end", line: 11, column: 3 }],
  ["a node's id", "  note: {", "  9note: {", { code: "invalid_id", path: "/nodes/9note" }],
  ["a confusable id", "  note: {", "  nоte: {", { code: "invalid_id" }],
  [
    "an unknown kind",
    "kind: transform",
    "kind: transfrom",
    { code: "unknown_kind", path: "/nodes/note/kind", line: 11, column: 17, hint: 'Did you mean "transform"?' },
  ],
  ["no kind", "kind: transform, ", "", { code: "missing", path: "/nodes/note/kind" }],
  [
    "a field its kind does not have",
    "timeout: 2m",
    "time_out: 2m",
    { code: "unknown_key", path: "/nodes/summarize/time_out", hint: 'Did you mean "timeout"?' },
  ],
  ["a duration", "timeout: 2m", "timeout: 2 minutes", { code: "invalid_value", path: "/nodes/summarize/timeout" }],
  ["a duration of nothing", "timeout: 2m", "timeout: 0s", { code: "invalid_value", path: "/nodes/summarize/timeout" }],
  ["no attempts", "attempts: 2", "attempts: 0", { code: "invalid_value", path: "/nodes/note/retry/attempts" }],
  ["an unknown join", "join: each", "join: some", { code: "invalid_value", path: "/nodes/note/join" }],
  [
    "neither prompt nor messages",
    'prompt: "Summarize {{ state.documents }}", ',
    "",
    { code: "invalid_value", path: "/nodes/summarize" },
  ],
  [
    "both prompt and messages",
    "write: answer",
    'messages: "[]", write: answer',
    { code: "invalid_value", path: "/nodes/summarize/messages" },
  ],
  [
    "a write to nowhere",
    "write: answer",
    "write: answers",
    { code: "unknown_channel", path: "/nodes/summarize/write" },
  ],
  [
    "an assignment to nowhere",
    "set: { notes:",
    "set: { note:",
    { code: "unknown_channel", path: "/nodes/note/set/note" },
  ],
  [
    "a hole that reads nowhere",
    "{{ state.documents }}",
    "{{ state.docs }}",
    { code: "unknown_channel", path: "/nodes/summarize/prompt", line: 10, column: 51, endColumn: 61 },
  ],
  [
    "a hole not closed",
    "{{ state.documents }}",
    "{{ state.documents",
    { code: "unclosed_hole", path: "/nodes/summarize/prompt", line: 10 },
  ],
  [
    "an expression that does not parse",
    "[state.answer]",
    "[state.answer",
    { code: "invalid_expression", path: "/nodes/note/set/notes", line: 11 },
  ],
  [
    "a condition that is no truth value",
    "size(state.answer) > 3",
    "size(state.answer)",
    { code: "type_mismatch", path: "/edges/1/when", line: 14 },
  ],
  [
    "a condition with wrong types",
    "size(state.answer) > 3",
    "size(state.notes) > '3'",
    { code: "type_mismatch", path: "/edges/1/when", line: 14, column: 41 },
  ],
  ["a condition that is no text", '"size(state.answer) > 3"', "true", { code: "invalid_type", path: "/edges/1/when" }],
  [
    "an edge to nowhere",
    "to: note",
    "to: notes",
    { code: "dangling_edge", path: "/edges/1/to", line: 14, column: 28, hint: 'Did you mean "note"?' },
  ],
  ["an edge from nowhere", "from: note", "from: nope", { code: "dangling_edge", path: "/edges/3/from" }],
  ["an edge to start", "from: note, to: end", "from: note, to: start", { code: "dangling_edge", path: "/edges/3/to" }],
  ["an edge from end", "from: note, to: end", "from: end, to: note", { code: "dangling_edge", path: "/edges/3/from" }],
  [
    "two edges of one way",
    "from: note, to: end",
    "from: summarize, to: note",
    { code: "duplicate_edge", path: "/edges/3" },
  ],
  ["else alone", ', when: "size(state.answer) > 3"', "", { code: "else_without_when", path: "/edges/2/else" }],
  ["else with when", "else: true", 'else: true, when: "true"', { code: "else_with_when", path: "/edges/2/else" }],
  ["else that is false", "else: true", "else: false", { code: "invalid_value", path: "/edges/2/else" }],
  ["no edge from start", "  - { from: start, to: summarize }\n", "", { code: "no_start", path: "/edges", line: 12 }],
];

describe("what is wrong is said with code, path and place", () => {
  it.each(BROKEN)("%s", (_, from, to, expected) => {
    const text = YAML.replace(from, () => to);
    expect(text).not.toBe(YAML);
    const problems = problemsOf(text);
    expect(problems).toContainEqual(expect.objectContaining({ severity: "error", ...expected }));
  });

  it("all at once, in the order of the text", () => {
    const text = YAML.replace("reducer: append", "reducer: concat")
      .replace("state.documents", "state.docs")
      .replace("join: each", "join: some")
      .replace("[state.answer]", "[state.awnser]")
      .replace("to: note", "to: notes")
      .replace("size(state.answer)", "size(state.awnser)")
      .replace("limits:", "limit:");
    const codes = problemsOf(text).map(({ code, line }) => [code, line]);
    expect(codes).toEqual([
      ["invalid_value", 5],
      ["unknown_channel", 10],
      ["unknown_channel", 11],
      ["invalid_value", 11],
      ["dangling_edge", 14],
      ["unknown_channel", 14],
      ["unknown_key", 17],
    ]);
  });

  it.each<Json>([
    null,
    1,
    "text",
    [],
    {},
    [[]],
    { nodes: [] },
    { edgewise: 1, id: "a", nodes: { a: null }, edges: {} },
  ])("%j is no graph", (document) => {
    const result = compileGraph({ document }, nodeKinds);
    expect(result).toMatchObject({ ok: false });
    expect(result.ok ? [] : result.problems).not.toEqual([]);
  });

  it("a kind that throws makes a problem", () => {
    const broken = new Map(nodeKinds);
    const transform = nodeKinds.get("transform");
    if (transform === undefined) throw new Error("no transform");
    broken.set("transform", {
      ...transform,
      compile: () => {
        throw new Error("boom");
      },
    });
    const result = compileGraph({ text: YAML, type: "yaml" }, broken);
    expect(result).toMatchObject({
      ok: false,
      problems: [{ code: "kind_failed", path: "/nodes/note", message: expect.stringContaining("boom") }],
    });
  });
});

describe("positions inside of expressions", () => {
  const graph = (expression: string): string =>
    `edgewise: 1\nid: a\nchannels: { x: }\nnodes:\n  n:\n    kind: transform\n    set:\n      x: ${expression}\nedges: [{ from: start, to: n }]\n`;

  it.each([
    ["a plain text", "1 + state.y", 8, 14, 21],
    ["a single-quoted text", "'1 + state.y'", 8, 15, 22],
    ["a double-quoted text", '"1 + state.y"', 8, 15, 22],
    ["a double-quoted with escapes text", '"\\"\\u0041\\" + state.y"', 8, 24, 31],
    ["a literal block", "|\n        1 +\n          state.y\n", 10, 11, 18],
    ["a quoted text over two lines", '"1 +\n        state.y"', 8, 10, undefined],
  ])("in %s", (_, expression, line, column, endColumn) => {
    const [problem] = problemsOf(graph(expression));
    expect(problem).toMatchObject({
      code: "unknown_channel",
      line,
      column,
      ...(endColumn === undefined ? {} : { endColumn }),
    });
  });

  it("in JSON", () => {
    const document = {
      edgewise: 1,
      id: "a",
      channels: { x: {} },
      nodes: { n: { kind: "transform", set: { x: '"\\n" + state.y' } } },
      edges: [{ from: "start", to: "n" }],
    };
    const text = JSON.stringify(document, null, 2);
    const result = compileGraph({ text, type: "json" }, nodeKinds);
    const [problem] = result.ok ? [] : result.problems;
    const line = text.split("\n")[(problem?.line ?? 0) - 1] ?? "";
    expect(line.slice((problem?.column ?? 0) - 1, (problem?.endColumn ?? 0) - 1)).toBe("state.y");
  });
});
