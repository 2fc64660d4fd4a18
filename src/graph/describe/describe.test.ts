import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeKinds } from "../../nodes/registry.ts";
import { compileGraph } from "../compile.ts";
import { longPlan, planOf, randomPlan, withTexts } from "../draw/testing/plans.ts";
import { testKinds } from "../testing/kinds.ts";
import { describeGraph } from "./describe.ts";
import { plain } from "./markdown.ts";

const PLAN = planOf({
  name: "Write & check",
  description: "Improves a <b>text</b> until it is [short](javascript:alert(1)).",
  input: ["text"],
  nodes: {
    write: { kind: "model", prompt: "Improve {{ state.text }}", write: "text" },
    count: { kind: "transform", description: "Counts the | rounds.", set: { rounds: "1" } },
    publish: { kind: "transform", set: { text: "state.text.trim()" }, join: "each" },
  },
  edges: [
    { from: "start", to: "write" },
    { from: "write", to: "count" },
    { from: "count", to: "write", when: "state.rounds < 3 || size(state.text) > 9" },
    { from: "count", to: "publish", else: true },
  ],
  limits: { steps: 20 },
});
const PAGE = describeGraph(PLAN, nodeKinds);

const rowsOf = (section: string): readonly string[] =>
  (PAGE.split(`## ${section}\n`)[1]?.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("| `"));

describe("the page", () => {
  it("begins with what the graph is, its author's text as text", () => {
    expect(PAGE.split("\n").slice(0, 3)).toEqual([
      "# Write &amp; check",
      "",
      String.raw`Improves a &lt;b&gt;text&lt;/b&gt; until it is \[short\](javascript:alert(1)).`,
    ]);
  });

  it.each([
    ["- a list", String.raw`\- a list`],
    ["12) a number", String.raw`12\) a number`],
    ["# a heading", String.raw`\# a heading`],
    ["see https://a.b or www.a.b", String.raw`see https\://a.b or www\.a.b`],
    ["a *b* _c_ ~d~ a@b.c", String.raw`a \*b\* \_c\_ \~d\~ a\@b.c`],
    ["Dash - and 1. stay", "Dash - and 1. stay"],
  ])("shows %j as it is", (text, shown) => {
    expect(plain(text)).toBe(shown);
  });

  it("has its sections in order", () => {
    expect(PAGE.match(/^## .*$/gm)).toEqual(
      ["Drawing", "Input", "Output", "Channels", "Nodes", "Loops", "Limits", "Shape"].map((title) => `## ${title}`),
    );
  });

  it("says of channels how writes fold and who touches them", () => {
    expect(rowsOf("Channels")).toEqual([
      "| `text` | the last write | – | `string` | `write`, `publish` | `write`, `count`, `publish` |",
      "| `rounds` | `sum` | `0` | anything | `count` | `count` |",
    ]);
  });

  it("says of nodes what they wait for, read, write and lead to", () => {
    expect(rowsOf("Nodes")).toEqual([
      "| `write` | `model` | `start` | `text` | `text` | idempotent | `count` | Asks a language model. Up to 3 attempts. |",
      "| `count` | `transform` | `write` | `rounds`, `text` | `rounds` | pure | " +
        "`write` when `state.rounds < 3 \\|\\| size(state.text) > 9` (again); `publish` otherwise | Counts the \\| rounds. |",
      "| `publish` | `transform` | `count` | `text` | `text` | pure | – | Writes channels from expressions. Runs once for each arrival. |",
    ]);
  });

  it("names loops by their heads, and figures with what they count", () => {
    expect(PAGE).toContain("- A turn begins at `write`, goes through `count`.");
    expect(PAGE).toContain(
      "| Longest chain | 3 nodes: `write` → `count` → `publish` Each loop is gone through once here. |",
    );
  });

  it("has the variables, parameters, schemas, caches, targets and graphs inside", () => {
    const inner = { name: "Inner | one", nodes: { deep: { kind: "hop" } }, edges: [{ from: "start", to: "deep" }] };
    const result = compileGraph(
      {
        document: {
          edgewise: 1,
          id: "g",
          variables: { tone: "dry" },
          parameters: {
            who: { required: true, schema: { type: "string" }, description: "To <whom>" },
            n: { default: 1 },
          },
          config: { type: "object" },
          context: { title: "C" },
          nodes: {
            a: { kind: "frames", graph: "inner" },
            b: { kind: "hop", to: ["a"] },
            c: { kind: "transform", cache: { ttl: "90s", key: "vars.tone" } },
          },
          edges: [
            { from: "start", to: "a" },
            { from: "a", to: "b" },
            { from: "b", to: "c" },
          ],
          graphs: { inner },
        },
      },
      testKinds,
    );
    const page = result.ok ? describeGraph(result.plan, testKinds) : "";
    for (const line of [
      '| `vars.tone` | `"dry"` |',
      "| `params.who` | yes | – | `string` | To &lt;whom&gt; |",
      "| `params.n` | no | `1` | anything | – |",
      "## Config",
      '  "title": "C"',
      "pure; kept for 90 s by `vars.tone` |",
      "unsafe | `c`; `a` where it says so (again) |",
      "### `Inner \\| one`",
      "What `a` runs. Takes –, gives –.",
      "#### Nodes",
      "| `deep` | `hop` |",
    ])
      expect(page).toContain(line);
  });

  it("shows input and output as JSON Schema", () => {
    const [input] = PAGE.split("## Input\n")[1]?.match(/(?<=```json\n)[^`]*/) ?? [];
    expect(JSON.parse(input ?? "")).toEqual({ type: "object", properties: { text: { type: "string" } } });
  });
});

describe("whatever it is given", () => {
  it("a kind that nobody knows has no summary, and all the rest", () => {
    expect(describeGraph(PLAN, new Map())).toContain(
      "| `write` | `model` | `start` | `text` | `text` | idempotent | `count` | Up to 3 attempts. |",
    );
  });

  it("no text of a document becomes HTML, a heading, a row or the end of a block", () => {
    const parts = fc.constantFrom(
      "\n# x\n",
      "```",
      "````\n",
      "|",
      "<script>",
      "`",
      "\\",
      "[a](b)",
      "&lt;",
      "\ud800",
      " ",
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 8 }), (texts) => {
        const page = describeGraph(withTexts(PLAN, texts.join("")), nodeKinds);
        expect(page.match(/^#+ .*$/gm)?.slice(1)).toEqual(PAGE.match(/^## .*$/gm));
        const rows = page.split("\n").filter((line) => line.startsWith("|"));
        expect(rows).toHaveLength(PAGE.split("\n").filter((line) => line.startsWith("|")).length);
        expect(page.split("\n")[0]).not.toMatch(/<|(?<!\\)[`[]/);
        expect(page.isWellFormed()).toBe(true);
      }),
    );
  });

  it("every shape the engine is tested with, and the largest graph", () => {
    for (let seed = 0; seed < 100; seed += 1) expect(describeGraph(randomPlan(seed), nodeKinds)).toContain("## Shape");
    const page = describeGraph(longPlan(5000), nodeKinds);
    expect(page).toContain("5000 nodes: `n0` →");
    expect(page).not.toContain("## Drawing");
  });
});
