import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toDot } from "./dot.ts";
import { toDrawable } from "./drawable.ts";
import { toMermaid } from "./mermaid.ts";
import { toSvg } from "./svg.ts";
import { drawn, longPlan, planOf, randomPlan, withTexts } from "./testing/plans.ts";

const LOOP = drawn("start>write write>check check>write? check>publish! publish>end");

const HOSTILE = [
  `</text></svg><script>alert(1)</script>`,
  `"]; click n1 "javascript:alert(1)" %%{init: {"securityLevel": "loose"}}%%`,
  '"];\n  evil [label="x"];\n%%{init: {}}%%',
  '\\"; } digraph evil { a -> b; \\N \\G',
  '|"| --> n2\n```\nend\n#quot;#lt;b#gt; `x`',
  "&lt;img src=x onerror=alert(1)&gt; ]]> <!-- --> <?xml?> <![CDATA[",
  "\u0000\u0008\u001b[31m\ud800 \udfff \ufffe\u2028\u202eevil\u2066",
  "日本語 🦀 é",
  "",
];
const anyText = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 80 }));

describe("mermaid", () => {
  it("shows nodes, conditions and, dotted, what begins another turn", () => {
    expect(toMermaid(LOOP)).toBe(
      `flowchart TD
  n0(["start"])
  n1["write<br/>transform, begins a turn"]
  n2["check<br/>transform"]
  n3["publish<br/>transform"]
  n4(["end"])
  n0 --> n1
  n1 --> n2
  n2 -.->|"state.rounds #60; 3"| n1
  n2 -->|"else"| n3
  n3 --> n4
`.replace("#44;", ","),
    );
  });

  it("no text of a document leaves its label", () => {
    const text = String.raw`[^"\n<>{}\[\]|%\x60]*`;
    const line = new RegExp(
      String.raw`^(flowchart TD|  n\d+\(\["(start|end)"\]\)|  n\d+\["${text}<br/>${text}"\]|  n\d+ -(-|\.-)>(\|"${text}"\|)? n\d+)$`,
      "u",
    );
    fc.assert(
      fc.property(anyText, (hostile) => {
        for (const found of toMermaid(withTexts(LOOP, hostile)).trimEnd().split("\n")) expect(found).toMatch(line);
      }),
    );
  });
});

describe("dot", () => {
  it("shows nodes, conditions and, dashed, what begins another turn", () => {
    expect(toDot(LOOP).split("\n").slice(4, -2)).toEqual([
      '  n0 [label="start", shape=oval];',
      '  n1 [label="write\\ntransform", peripheries=2];',
      '  n2 [label="check\\ntransform"];',
      '  n3 [label="publish\\ntransform"];',
      '  n4 [label="end", shape=oval];',
      "  n0 -> n1;",
      "  n1 -> n2;",
      '  n2 -> n1 [label="state.rounds < 3", style=dashed, constraint=false];',
      '  n2 -> n3 [label="else"];',
      "  n3 -> n4;",
    ]);
  });

  it("no text of a document leaves its string", () => {
    const text = String.raw`"([^"\\\n]|\\\\|\\"|\\n)*"`;
    const line = new RegExp(
      String.raw`^(digraph ${text} \{|  rankdir=TB;|  (node|edge) \[.*\];|  n\d+ \[label=${text}(, \w+=\w+)?\];|  n\d+ -> n\d+( \[(label=${text})?(, )?(style=dashed, constraint=false)?\])?;|\})$`,
      "u",
    );
    fc.assert(
      fc.property(anyText, (hostile) => {
        for (const found of toDot(withTexts(LOOP, hostile)).trimEnd().split("\n")) expect(found).toMatch(line);
      }),
    );
  });
});

it("an edge that sends says of what, and when [R1], in every format", () => {
  const plan = drawn("start>a a>b* a>c?* a>d!*");
  const labels = ["each of [state.rounds]", "state.rounds < 3: each of [state.rounds]", "else: each of [state.rounds]"];
  const said = toDrawable(plan).edges.slice(1, 4);
  expect(said.map(({ data, conditional }) => [data, conditional])).toEqual(labels.map((label) => [label, true]));
  expect(toDot(plan)).toContain('label="else: each of [state.rounds]"');
  expect(toMermaid(plan)).toContain("else");
  const told = "a to b for each of [state.rounds]; a to c for each of [state.rounds] when state.rounds &lt; 3;";
  expect(toSvg(plan)).toContain(`${told} a to d for each of [state.rounds] otherwise`);
});

describe("svg", () => {
  it("says what it is to those who do not see it", () => {
    const svg = toSvg(planOf({ ...LOOP.document, name: "Write & check" }));
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="(\S+) (\S+)"/);
    expect(svg).toContain(">Write &amp; check</title>");
    expect(svg).toContain(
      "check to write when state.rounds &lt; 3, again; check to publish otherwise; publish to end.",
    );
  });

  it("no text of a document becomes markup, and the picture stays well-formed", () => {
    const known = new Set(tagsOf(toSvg(LOOP)));
    fc.assert(
      fc.property(anyText, (hostile) => {
        expect(tagsOf(toSvg(withTexts(LOOP, hostile))).filter((tag) => !known.has(tag))).toEqual([]);
      }),
    );
  });

  it("draws every shape the engine is tested with, the same each time, without a number that is none", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const svg = toSvg(randomPlan(seed));
      tagsOf(svg);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
      if (seed % 20 === 0) expect(toSvg(randomPlan(seed))).toBe(svg);
    }
  });

  it("draws 500 nodes, and refuses more than can be looked at with a code", () => {
    expect(toSvg(longPlan(500))).toContain("</svg>");
    expect(() => toSvg(longPlan(2000))).toThrow(expect.objectContaining({ code: "unsupported" }));
  });
});

describe("drawable", () => {
  it("is what LangGraph's clients draw", () => {
    const text = { type: "string" };
    const plan = planOf({ ...LOOP.document, input: ["text"], output: ["text", "rounds"] });
    expect(toDrawable(plan)).toEqual({
      nodes: [
        { id: "__start__", type: "schema", data: { title: "__start__", type: "object", properties: { text } } },
        ...["write", "check", "publish"].map((name) => ({
          id: name,
          type: "runnable",
          data: { id: ["edgewise", "nodes", "transform"], name },
        })),
        {
          id: "__end__",
          type: "schema",
          data: { title: "__end__", type: "object", properties: { text, rounds: { default: 0 } } },
        },
      ],
      edges: [
        { source: "__start__", target: "write" },
        { source: "write", target: "check" },
        { source: "check", target: "write", data: "state.rounds < 3", conditional: true },
        { source: "check", target: "publish", data: "else", conditional: true },
        { source: "publish", target: "__end__" },
      ],
    });
  });
});

it("the largest graph that compiles is drawn in text", () => {
  const plan = longPlan(5000);
  expect(toMermaid(plan).split("\n").length).toBeGreaterThan(10_000);
  expect(toDot(plan).split("\n").length).toBeGreaterThan(10_000);
  expect(toDrawable(plan).nodes).toHaveLength(5002);
});

/** The names of the tags, all of which are closed in their order; fails on anything an XML parser would refuse. */
function tagsOf(xml: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  let text = xml;
  for (const [whole, close, name = "", attributes = "", self] of xml.matchAll(
    /<(\/?)([a-z]+)((?: [a-z:A-Z-]+="[^"<]*")*)(\/?)>/g,
  )) {
    text = text.replace(whole, "");
    expect(attributes).not.toMatch(/ on|javascript:|href/);
    found.push(`${close ?? ""}${name}`);
    if (close === "/") expect(open.pop()).toBe(name);
    else if (self !== "/") open.push(name);
  }
  expect(open).toEqual([]);
  expect(text).not.toMatch(/<|&(?!amp;|lt;|gt;|quot;|#39;)/);
  expect(text.isWellFormed()).toBe(true);
  expect(text).not.toMatch(/[^\P{Cc}\n]|[\ufffe\uffff]/u);
  return found;
}
