import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../base/json.ts";
import { compileGraph } from "../compile.ts";
import type { Plan } from "../plan.ts";
import { testKinds } from "../testing/kinds.ts";
import { toDot } from "./dot.ts";
import { toDrawable } from "./drawable.ts";
import { toMermaid } from "./mermaid.ts";
import { toSvg } from "./svg.ts";

function planOf(document: JsonObject): Plan {
  const result = compileGraph({ document: { edgewise: 1, id: "g", ...document } }, testKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

const start = (to: string): JsonObject => ({ from: "start", to });
const INNER: JsonObject = { name: "Inner", nodes: { one: { kind: "hop" } }, edges: [start("one")] };
const PLAN = planOf({
  nodes: { each: { kind: "frames", graph: INNER }, pick: { kind: "hop", to: ["each", "end"] } },
  edges: [start("each"), { from: "each", to: "pick" }],
});

describe("a node with a graph inside", () => {
  it("is a subgraph in Mermaid", () => {
    expect(toMermaid(PLAN).trimEnd().split("\n")).toEqual([
      "flowchart TD",
      '  n0(["start"])',
      '  subgraph n1["each<br/>frames, Inner#58; 1 node, begins a turn"]',
      '    n1_0(["start"])',
      '    n1_1["one<br/>hop"]',
      '    n1_2(["end"])',
      "    n1_0 --> n1_1",
      "    n1_1 --> n1_2",
      "  end",
      '  n2["pick<br/>hop"]',
      '  n3(["end"])',
      "  n0 --> n1",
      "  n1 --> n2",
      '  n2 -.->|"goto"| n1',
      '  n2 -->|"goto"| n3',
    ]);
  });

  it("is a cluster in DOT, which links lead to and come from", () => {
    const dot = toDot(PLAN);
    expect(dot).toContain("  compound=true;\n");
    expect(dot).toContain(
      '  subgraph cluster_n1 {\n    label="each\\nframes, Inner: 1 node";\n    n1_0 [label="start"',
    );
    expect(dot).toContain("  n0 -> n1_0 [lhead=cluster_n1];\n");
    expect(dot).toContain("  n1_2 -> n2 [ltail=cluster_n1];\n");
    expect(dot).toContain('  n2 -> n3 [label="goto", style=dashed];\n');
    expect(dot.match(/\{/g)).toHaveLength(dot.match(/\}/g)?.length ?? 0);
  });

  it("is a box within a box in SVG, with the name and size of its graph", () => {
    const svg = toSvg(PLAN);
    expect(svg).toContain(">↻ frames, Inner: 1 node</text>");
    expect(svg.match(/rx="6"/g)).toHaveLength(1);
    expect(svg).toContain("pick to end where it says so");
  });

  it("says so in the drawable JSON, and what is taken by the node's own word is conditional", () => {
    const { nodes, edges } = toDrawable(PLAN);
    expect(nodes[1]?.metadata).toEqual({ graph: "each", nodes: 1 });
    expect(edges.at(-1)).toEqual({ source: "pick", target: "__end__", data: "goto", conditional: true });
  });
});

describe("graphs that run each other many times", () => {
  const running = (graph: Json, count: number): JsonObject => ({
    nodes: Object.fromEntries(Array.from({ length: count }, (_, at) => [`n${at}`, { kind: "frames", graph }])),
    edges: Array.from({ length: count }, (_, at) => start(`n${at}`)),
  });
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  const graphs = Object.fromEntries(
    names.map((name, at): [string, JsonObject] => [name, at === 6 ? INNER : running(names[at + 1] ?? "", 8)]),
  );
  const plan = planOf({ ...running("a", 8), graphs });

  it("are drawn as far as there is room", () => {
    expect(toMermaid(plan).split("\n").length).toBeLessThan(2000);
    expect(toMermaid(plan)).toContain('[["n7<br/>frames, c#58; 8 nodes"]]');
    expect(toDot(plan).split("\n").length).toBeLessThan(2000);
    expect(toSvg(plan)).toContain("frames, a: 8 nodes");
  });
});
