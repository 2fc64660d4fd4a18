import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../base/json.ts";
import { compileGraph } from "../compile.ts";
import type { Plan } from "../plan.ts";
import { toPointer } from "../../base/pointer.ts";
import { nodeKinds } from "../../nodes/registry.ts";
import { expandCompact } from "./expand.ts";

const HEAD = { edgewise: 1, id: "g", channels: { topic: { schema: { type: "string" } } } } as const;

function planOf(document: JsonObject): Plan {
  const result = compileGraph({ document }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

function same(compact: JsonObject, long: JsonObject): void {
  expect(planOf({ ...HEAD, ...compact }).document).toEqual(planOf({ ...HEAD, ...long }).document);
  expect(planOf({ ...HEAD, ...compact }).hash).toBe(planOf({ ...HEAD, ...long }).hash);
}

function edges(steps: readonly Json[]): Json | undefined {
  return planOf({ ...HEAD, steps }).document["edges"];
}

/** The problems of a compact YAML text: code, place, and hint. */
function problems(text: string): readonly [string, string | undefined, string][] {
  const result = compileGraph({ text: `edgewise: 1\nid: g\n${text}`, type: "yaml" }, nodeKinds);
  return (result.ok ? [] : result.problems).map(({ code, path, line, column, hint }) => [
    `${code} ${line ?? 0}:${column ?? 0}`,
    hint,
    path,
  ]);
}

const work = { kind: "transform" } as const;

describe("a document of steps", () => {
  it("is the same graph as with nodes and edges", () => {
    same(
      {
        input: ["topic"],
        steps: [
          { id: "research", prompt: "{{ state.topic }}", retry: 3 },
          {
            id: "check",
            kind: "transform",
            condition: "size(state.research) > 0",
            set: { ok: "true" },
            timeout: "30s",
          },
        ],
      },
      {
        input: ["topic"],
        channels: { ...HEAD.channels, research: null, ok: null },
        nodes: {
          research: { kind: "model", prompt: "{{ state.topic }}", write: "research", retry: 3 },
          check: { kind: "transform", set: { ok: "true" }, timeout: "30s" },
        },
        edges: [
          { from: "start", to: "research" },
          { from: "research", to: "check", when: "size(state.research) > 0" },
        ],
      },
    );
  });

  it("follows the step before, start, a step or several, under its condition each time", () => {
    expect(
      edges([
        { id: "a", ...work },
        { id: "b", ...work },
        { id: "c", ...work, depends_on: [] },
        { id: "d", ...work, depends_on: "a" },
        { id: "e", ...work, depends_on: ["b", "d"], condition: "true" },
      ]),
    ).toEqual([
      { from: "start", to: "a" },
      { from: "a", to: "b" },
      { from: "start", to: "c" },
      { from: "a", to: "d" },
      { from: "b", to: "e", when: "true" },
      { from: "d", to: "e", when: "true" },
    ]);
  });

  it("is sent each item of a list by the one step that it follows [R1]", () => {
    const steps = [
      { id: "a", ...work },
      { id: "b", ...work, send: "[1, 2]", condition: "true" },
      { id: "c", ...work, depends_on: [], send: "[3]" },
    ];
    expect(edges(steps)).toEqual([
      { from: "start", to: "a" },
      { from: "a", to: "b", when: "true", send: "[1, 2]" },
      { from: "start", to: "c", send: "[3]" },
    ]);
  });

  it("follows a switch that names it, and nothing else", () => {
    const steps = [
      { id: "sort", kind: "switch", on: "state.topic", cases: { a: "one", b: "two" } },
      { id: "one", ...work },
      { id: "two", ...work },
      { id: "then", ...work, depends_on: ["one", "two"] },
    ];
    expect(edges(steps)).toEqual([
      { from: "start", to: "sort" },
      { from: "one", to: "then" },
      { from: "two", to: "then" },
    ]);
  });

  it("declares what input, steps and output name, in this order, behind what is declared", () => {
    const { document } = planOf({
      ...HEAD,
      input: ["question", "topic"],
      output: { type: "object", properties: { last: { type: "string" } } },
      steps: [{ id: "a", ...work, set: { x: "1", topic: "'t'" } }],
    });
    expect(Object.entries(document["channels"] ?? {})).toEqual([
      ["topic", { schema: { type: "string" } }],
      ["question", null],
      ["x", null],
      ["last", null],
    ]);
  });

  it("declares what the graphs in its steps give out", () => {
    const graph = { channels: { x: { default: 1 } }, steps: [{ id: "i", ...work }] };
    const steps = [{ id: "a", kind: "map", over: "[1]", graph, output: { sums: "state.x" } }];
    expect(Object.keys(planOf({ ...HEAD, steps }).document["channels"] ?? {})).toEqual(["topic", "sums"]);
  });

  it("may be a graph under graphs, and one in place", () => {
    const inner = (form: JsonObject): JsonObject => ({ channels: { x: { default: 0 } }, ...form });
    const short = inner({ steps: [{ id: "i", ...work, set: { x: "1" } }] });
    const long = inner({ nodes: { i: { ...work, set: { x: "1" } } }, edges: [{ from: "start", to: "i" }] });
    const outer = (graph: Json, graphs: JsonObject): JsonObject => ({
      graphs,
      nodes: { a: { kind: "subgraph", graph }, b: { kind: "subgraph", graph: "named" } },
      edges: [
        { from: "start", to: "a" },
        { from: "a", to: "b" },
      ],
    });
    same(outer(short, { named: short }), outer(long, { named: long }));
    same(
      {
        graphs: { named: short },
        steps: [
          { id: "a", kind: "subgraph", graph: short },
          { id: "b", kind: "subgraph", graph: "named" },
        ],
      },
      outer(long, { named: long }),
    );
  });
});

describe("a part of the expanded document", () => {
  const steps: Json = [
    { id: "a", prompt: "Go" },
    { id: "b", ...work, set: { x: "1" }, depends_on: ["a"], condition: "true", send: "[1]" },
    { id: "c", kind: "subgraph", graph: { steps: [{ id: "i", ...work }] } },
  ];
  const expanded = expandCompact({ ...HEAD, input: ["q"], steps }, nodeKinds);

  it.each<[string, string]>([
    ["/id", "/id"],
    ["/channels/topic/schema", "/channels/topic/schema"],
    ["/channels/q", "/input/0"],
    ["/channels/a", "/steps/0/id"],
    ["/channels/x", "/steps/1/set/x"],
    ["/nodes/a/prompt", "/steps/0/prompt"],
    ["/nodes/a/kind", "/steps/0"],
    ["/nodes/b", "/steps/1"],
    ["/edges/0/from", "/steps/0"],
    ["/edges/1/from", "/steps/1/depends_on/0"],
    ["/edges/1/to", "/steps/1/id"],
    ["/edges/1/when", "/steps/1/condition"],
    ["/edges/1/send", "/steps/1/send"],
    ["/nodes/c/graph/nodes/i/kind", "/steps/2/graph/steps/0/kind"],
  ])("%s was written at %s", (path, written) => {
    const parts = path
      .slice(1)
      .split("/")
      .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
    expect(toPointer(expanded.origin(parts))).toBe(written);
  });

  it("is the very document where nothing is compact", () => {
    const long: JsonObject = { ...HEAD, nodes: { a: work }, edges: [] };
    expect(expandCompact(long, nodeKinds).document).toBe(long);
  });
});

describe("a mistake in steps", () => {
  it.each<[string, string, readonly [string, string | undefined, string][]]>([
    [
      "steps and nodes",
      "nodes: {}\nsteps: [{ id: a, kind: transform }]",
      [["steps_and_nodes 3:1", "Write all of it as steps, or all of it as nodes and edges.", "/nodes"]],
    ],
    [
      "two of one id",
      "steps:\n  - { id: a, kind: transform }\n  - { id: a, kind: transform }",
      [["duplicate_step 5:11", "Give it an id of its own.", "/steps/1/id"]],
    ],
    [
      "an unknown step",
      "steps:\n  - { id: first, kind: transform }\n  - { id: b, kind: transform, depends_on: [frist] }",
      [["unknown_step 5:44", 'Did you mean "first"?', "/steps/1/depends_on/0"]],
    ],
    [
      "start",
      "steps:\n  - { id: a, kind: transform, depends_on: start }",
      [["unknown_step 4:43", "Write depends_on: [] for a step that follows start.", "/steps/0/depends_on"]],
    ],
    [
      "itself",
      "steps:\n  - { id: a, kind: transform, depends_on: a }",
      [["depends_on_itself 4:43", "Leave it out; a loop needs nodes and edges.", "/steps/0/depends_on"]],
    ],
    [
      "a circle",
      "steps:\n  - { id: a, kind: transform, depends_on: c }\n  - { id: b, kind: transform }\n  - { id: c, kind: transform }",
      [
        [
          "dependency_cycle 4:43",
          "Take one of the dependencies out; a loop needs nodes and edges.",
          "/steps/0/depends_on",
        ],
      ],
    ],
    ["no steps", "steps: []", [["no_start 3:8", undefined, "/steps"]]],
    ["no list", "steps: { a: 1 }", [["invalid_type 3:8", undefined, "/steps"]]],
    [
      "no id",
      "steps:\n  - kind: transform",
      [["missing 4:5", "Every step has an id: that is what others depend on.", "/steps/0/id"]],
    ],
    [
      "an id that is none",
      "steps:\n  - { id: 1a, kind: transform }",
      [["invalid_id 4:11", "Begin with a letter, then letters, digits, _ and -, at most 64 in all.", "/steps/0/id"]],
    ],
    [
      "a key nearly right",
      "steps:\n  - { id: a, kind: transform, depend_on: [] }",
      [["unknown_key 4:31", 'Did you mean "depends_on"?', "/steps/0/depend_on"]],
    ],
    [
      "a condition, once for all edges",
      "steps:\n  - { id: a, kind: transform }\n  - { id: b, kind: transform, depends_on: [] }\n  - { id: c, kind: transform, depends_on: [a, b], condition: state.nope }",
      [["unknown_channel 6:62", undefined, "/steps/2/condition"]],
    ],
    [
      "a list that several steps would send",
      "steps:\n  - { id: a, kind: transform }\n  - { id: b, kind: transform, depends_on: [] }\n  - { id: c, kind: transform, depends_on: [a, b], send: '[1]' }",
      [["send_needs_one 6:57", "Let it follow one step that comes after what it waits for.", "/steps/2/send"]],
    ],
    [
      "a list that is none",
      "steps:\n  - { id: a, kind: transform, send: '1' }",
      [["type_mismatch 4:38", undefined, "/steps/0/send"]],
    ],
    [
      "a channel that no name fits",
      "steps:\n  - { id: a, kind: transform, set: { 1x: '1' } }",
      [
        [
          "invalid_id 4:38",
          "Begin with a letter, then letters, digits, _ and -, at most 64 in all.",
          "/steps/0/set/1x",
        ],
      ],
    ],
    [
      "an expression",
      "steps:\n  - id: a\n    kind: transform\n    set: { x: '1 +' }",
      [["invalid_expression 6:19", undefined, "/steps/0/set/x"]],
    ],
  ])("%s is shown where it was written", (_, text, expected) => {
    const found = problems(text);
    expect(found.map(([code, , path]) => [code, path])).toEqual(expected.map(([code, , path]) => [code, path]));
    for (const [index, [, hint]] of expected.entries()) if (hint !== undefined) expect(found[index]?.[1]).toBe(hint);
  });

  it("is found with all others at once, in graphs within too", () => {
    const text =
      "graphs:\n  in:\n    steps:\n      - { id: x, kind: transform, depends_on: y }\nsteps:\n  - { id: a, kind: nope }\n  - { id: b, kind: subgraph, graph: { steps: [{ id: z, kind: transform, sett: {} }] } }\n  - { id: b, kind: transform }";
    expect(problems(text).map(([code, , path]) => [code.split(" ")[0], path])).toEqual([
      ["unknown_step", "/graphs/in/steps/0/depends_on"],
      ["unknown_kind", "/steps/0/kind"],
      ["unknown_key", "/steps/1/graph/steps/0/sett"],
      ["duplicate_step", "/steps/2/id"],
    ]);
  });

  it.each<[string, JsonObject, string]>([
    ["conditions that stand on many edges", heavySteps(), "/steps/400/condition"],
    ["more steps than nodes may be", manySteps(5001), "/steps"],
    [
      "more steps in all graphs together",
      { graphs: { a: manySteps(3000), b: manySteps(3000) }, steps: [{ id: "x", ...work }] },
      "/graphs/b/steps",
    ],
  ])("refuses %s", (_, parts, path) => {
    const result = compileGraph({ document: { ...HEAD, ...parts } }, nodeKinds);
    expect(result.ok ? [] : result.problems.map((problem) => [problem.code, problem.path])).toContainEqual([
      "too_large",
      path,
    ]);
  });

  it("does no harm with a name of JavaScript's own", () => {
    for (const step of [
      { id: "__proto__", ...work },
      { id: "a", prompt: "", write: "__proto__" },
      { id: "constructor", ...work },
    ]) {
      const result = compileGraph(
        { document: { ...HEAD, steps: [step, { id: "b", ...work, depends_on: "toString" }] } },
        nodeKinds,
      );
      expect(result.ok ? [] : result.problems.map(({ code }) => code)).toContain("unknown_step");
    }
    expect(Object.hasOwn(Object.prototype, "kind")).toBe(false);
  });
});

function manySteps(count: number): JsonObject {
  return { steps: Array.from({ length: count }, (_, index): JsonObject => ({ id: `s${index}`, ...work })) };
}

function heavySteps(): JsonObject {
  const names = Array.from({ length: 400 }, (_, index) => `s${index}`);
  const many = names.map((id): JsonObject => ({ id, ...work, depends_on: [] }));
  return { steps: [...many, { id: "last", ...work, depends_on: names, condition: `'${"x".repeat(5000)}' == ''` }] };
}
