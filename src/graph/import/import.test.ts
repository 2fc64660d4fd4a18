import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../base/json.ts";
import { nodeKinds } from "../../nodes/registry.ts";
import { compileGraph } from "../compile.ts";
import { toDrawable } from "../draw/drawable.ts";
import { toMermaid } from "../draw/mermaid.ts";
import { outlineOf } from "../draw/outline.ts";
import { drawn, longPlan, randomPlan } from "../draw/testing/plans.ts";
import type { Plan } from "../plan.ts";
import { importDrawable } from "./drawable.ts";
import { importMermaid } from "./mermaid.ts";
import type { Imported } from "./sketch.ts";

function planOf({ document }: Imported): Plan {
  const result = compileGraph({ document }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify([result.problems.slice(0, 3), document]).slice(0, 3000));
  return result.plan;
}

/** Nodes and edges in words; which of them are taken always, and which begin another turn of a loop. */
function shapeOf(plan: Plan) {
  const { vertices, links } = outlineOf(plan);
  const name = (index: number) => vertices[index]?.id;
  return {
    nodes: vertices.map(({ id, head }) => (head ? `${id}*` : id)),
    edges: links
      .map(({ from, to, taken, again, items }) => {
        const how = `${taken === "implied" ? "always" : taken}${items === undefined ? "" : " each"}`;
        return `${name(from)} ${how}${again ? " again" : ""} ${name(to)}`;
      })
      .sort(),
  };
}

const edgesOf = ({ document }: Imported) =>
  (document["edges"] as readonly { from: string; to: string; when?: string; else?: true }[]).map(
    ({ from, to, ...how }) => `${from}>${to}${how.else ? " else" : how.when === undefined ? "" : ` ${how.when}`}`,
  );

describe("what we draw is imported with the same shape", () => {
  const seeds = fc.integer({ min: 0, max: 100_000 });

  it("from Mermaid", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const plan = randomPlan(seed);
        expect(shapeOf(planOf(importMermaid(toMermaid(plan), "g")))).toEqual(shapeOf(plan));
      }),
    );
  });

  it("from the drawable graph", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const plan = randomPlan(seed);
        const json = JSON.parse(JSON.stringify(toDrawable(plan))) as Json;
        expect(shapeOf(planOf(importDrawable(json, "g")))).toEqual(shapeOf(plan));
      }),
    );
  });

  it("with loops, choices and a hundred nodes", () => {
    for (const plan of [
      drawn("start>a a>b b>a? b>c! c>c? c>end!"),
      drawn("start>a* a>b?* b>c!* b>d?"),
      longPlan(100),
    ]) {
      expect(shapeOf(planOf(importMermaid(toMermaid(plan), "g")))).toEqual(shapeOf(plan));
    }
  });
});

it("an edge that sends items does so in the draft, of a list that somebody has to name [R1]", () => {
  const imported = importMermaid("flowchart TD\n  a -->|each of state.rows| b\n  a -->|else: each of x| c\n", "g");
  expect(imported.document).toMatchObject({
    channels: { items: { default: [], schema: { type: "array" } } },
    edges: [
      { from: "start", to: "a" },
      { from: "a", to: "b", send: "state.items" },
      { from: "a", to: "c", send: "state.items" },
    ],
  });
  const what = imported.report.notUnderstood.map((note) => note.what);
  expect(what).toContain('the list "state.rows" of the edge a → b');
  planOf(imported);
});

const LANGGRAPH = `%%{init: {'flowchart': {'curve': 'linear'}}}%%
graph TD;
	__start__([<p>__start__</p>]):::first
	agent(agent)
	tools(tools<hr/><small><em>__interrupt = before</em></small>)
	parent_child(parent:child)
	__end__([<p>__end__</p>]):::last
	__start__ --> agent;
	agent -. &nbsp;continue&nbsp; .-> tools;
	agent -.-> __end__;
	tools --> parent_child;
	parent_child --> agent;
	classDef default fill:#f2f0ff,line-height:1.2
	classDef first fill-opacity:0
`;

describe("Mermaid", () => {
  it("reads what LangGraph prints", () => {
    const imported = importMermaid(LANGGRAPH, "agent");
    expect(edgesOf(imported)).toEqual([
      "start>agent",
      "agent>tools state.route == 'continue'",
      "agent>end state.route == 'end'",
      "tools>parent_child",
      "parent_child>agent",
    ]);
    expect(imported.document["nodes"]).toMatchObject({
      parent_child: { kind: "fail", description: 'Imported from "parent:child".' },
    });
    expect(imported.report.understood).toBe(8);
    expect(imported.report.notUnderstood.map(({ what, where }) => `${where} ${what}`)).toEqual([
      "line 1 settings",
      "line 13 classDef",
      "line 14 classDef",
      'line 9 the condition "continue" of the edge agent → tools',
      'line 10 the condition "end" of the edge agent → end',
      'line 4 node "agent"',
      'line 5 node "tools"',
      'line 6 node "parent:child"',
    ]);
    expect(planOf(imported).nodes).toHaveLength(3);
  });

  it.each([
    ["chains and groups", "a --> b & c --> d", ["start>a", "a>b", "a>c", "b>d", "c>d"]],
    [
      "labels in every notation",
      "a -->|x| b\na -- y --> c\na -. z .-> d\na == w ==> e",
      [
        "start>a",
        "a>b state.route == 'x'",
        "a>c state.route == 'y'",
        "a>d state.route == 'z'",
        "a>e state.route == 'w'",
      ],
    ],
    ["arrows of any length", "a ---> b ==> c -..-> d", ["start>a", "a>b", "b>c", "c>d"]],
    [
      "shapes",
      'a[A b] --> b{{B}} --> c(("C")) --> d[(D)] --> e>E] --> f{F?}',
      ["start>A_b", "A_b>B", "B>C", "C>D", "D>E", "E>F"],
    ],
    ["both ways", "start((start)) --> a <--> b", ["start>a", "a>b", "b>a"]],
    ["ids with hyphens and dots", "a-b --> c.d", ["start>a-b", "a-b>c_d"]],
    ["without blanks", "a-->b;b-->c", ["start>a", "a>b", "b>c"]],
    [
      "quotes and entities in labels",
      `a -->|"it's #60; 3; #quot;ok#quot;"| b`,
      ["start>a", `a>b state.route == 'it\\'s < 3; "ok"'`],
    ],
    [
      "two lines between two nodes",
      "a -->|x| b\na -->|y| b",
      ["start>a", "a>b state.route == 'x' || state.route == 'y'"],
    ],
    ["a cycle without a start", "a --> b --> a", ["start>a", "a>b", "b>a"]],
    ["subgraphs", "subgraph one[First]\ndirection LR\na --> b\nend\nb --> c", ["start>a", "a>b", "b>c"]],
  ])("reads %s", (_, body, edges) => {
    const imported = importMermaid(`flowchart LR\n${body}\n`, "g");
    expect(edgesOf(imported)).toEqual(edges);
    planOf(imported);
  });

  it("reads the first drawing of a page of Markdown, with the page's lines", () => {
    const imported = importMermaid(
      "# Flow\n\n```mermaid\ngraph TD\na --> b\n?\n```\n\n```mermaid\ngraph TD\nc --> d\n```\n",
      "g",
    );
    expect(edgesOf(imported)).toEqual(["start>a", "a>b"]);
    expect(imported.report.notUnderstood.map(({ where }) => where)).toContain("line 6");
  });

  it.each([
    ["another kind of diagram", "sequenceDiagram\nA->>B: hi", "line 1"],
    ["an arrow that does not end", "graph TD\na --> b\na -- text", "line 3"],
    ["a label that does not end", 'graph TD\na["x --> b', "line 2"],
    ["an arrow to a group", "graph TD\nsubgraph g\na\nend\nb --> g", "line 5"],
    ["a comment", "graph TD\n%% why\na --> b", "line 2"],
    ["styles", "graph TD\na --> b\nlinkStyle 0 stroke:#f00", "line 3"],
    ["nothing", "", "line 1"],
  ])("says where it did not understand: %s", (_, text, where) => {
    const imported = importMermaid(text, "g");
    expect(imported.report.notUnderstood.map((note) => note.where)).toContain(where);
    planOf(imported);
  });
});

describe("the drawable graph", () => {
  it("reads Python's and JavaScript's, and says what it left out", () => {
    const imported = importDrawable(
      {
        nodes: [
          { id: "__start__", type: "schema", data: "__start__" },
          { id: 7, type: "runnable", data: { id: ["langgraph", "utils", "RunnableCallable"], name: "agent" } },
          { id: "a b", type: "runnable", data: {}, metadata: { __interrupt: "before" } },
          { type: "runnable" },
          { id: "__end__" },
        ],
        edges: [
          { source: "__start__", target: 7 },
          { source: 7, target: "a b", data: "go", conditional: true },
          { source: 7, target: "__end__", conditional: true },
          { source: "a b", target: "nowhere" },
          null,
        ],
      },
      "g",
    );
    expect(edgesOf(imported)).toEqual([
      "start>agent",
      "agent>a_b state.route == 'go'",
      "agent>end state.route == 'end'",
    ]);
    expect(imported.report.notUnderstood.map(({ where }) => where)).toEqual([
      "/nodes/2/metadata",
      "/nodes/3",
      "/edges/3",
      "/edges/4",
      "/edges/1",
      "/edges/2",
      "/nodes/1",
      "/nodes/2",
    ]);
    planOf(imported);
  });
});

describe("hostile sources give a draft that compiles", () => {
  const piece = fc.constantFrom(
    "a",
    "__proto__",
    "constructor",
    "start",
    "end",
    "-->",
    "-.->",
    "--",
    "==",
    "|",
    '"',
    "[",
    "]",
    "(",
    ")",
    "{{",
    "}}",
    "&",
    ";",
    "\n",
    " ",
    "subgraph",
    ":::",
    "#60;",
    "~~~",
    "日本",
    "'",
    "\\",
    "%%",
    "\ud800",
  );

  it("Mermaid made of its own pieces", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.string(), (pieces, id) => {
        planOf(importMermaid(`graph TD\n${pieces.join("")}`, id));
        planOf(importMermaid(pieces.join(" "), id));
      }),
      { numRuns: 300 },
    );
  });

  it("any JSON as a drawable graph", () => {
    const name = fc.constantFrom<Json>(
      "__start__",
      "__end__",
      "__proto__",
      "a",
      "a",
      "{{{",
      "'",
      3,
      null,
      "start",
      "x".repeat(99),
    );
    const node = fc.record({ id: name, data: fc.jsonValue({ maxDepth: 2 }) });
    const edge = fc.record({
      source: name,
      target: name,
      data: fc.oneof(name, fc.string()),
      conditional: fc.boolean(),
    });
    const drawable = fc.oneof(fc.jsonValue(), fc.record({ nodes: fc.array(node), edges: fc.array(edge) }));
    fc.assert(
      fc.property(drawable, (value) => {
        planOf(importDrawable(value as Json, "g"));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [
      "groups times groups",
      `${Array.from({ length: 300 }, (_, at) => `a${at}`).join("&")}-->${Array.from({ length: 300 }, (_, at) => `b${at}`).join("&")}`,
    ],
    ["six thousand nodes", Array.from({ length: 6000 }, (_, at) => `n${at}`).join("\n")],
    ["one long line", "a[/x/]-->".repeat(100_000)],
    ["open brackets", "a[".repeat(300_000)],
    ["too much", "a\n".repeat(600_000)],
  ])("%s", (_, body) => {
    const imported = importMermaid(`graph TD\n${body}`, "g");
    expect(imported.report.notUnderstood.length).toBeLessThanOrEqual(501);
    planOf(imported);
  });
});
