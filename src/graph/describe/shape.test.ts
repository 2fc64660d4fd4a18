import { describe, expect, it } from "vitest";
import { outlineOf } from "../draw/outline.ts";
import type { Link } from "../draw/outline.ts";
import { drawn, longPlan, randomPlan } from "../draw/testing/plans.ts";
import { shapeOf } from "./shape.ts";

const DIAMOND = drawn("start>a a>b a>c b>d c>e e>d d>end");
const LOOP = drawn("start>a a>b b>c c>a? c>d! d>end");

describe("shape", () => {
  it("of a diamond with branches of different lengths", () => {
    expect(shapeOf(DIAMOND)).toEqual({
      nodes: 5,
      edges: 7,
      loops: 0,
      criticalPath: ["a", "c", "e", "d"],
      widest: ["b", "c"],
      cyclomatic: 2,
      bottlenecks: ["a", "d"],
    });
  });

  it("of a loop, which the longest chain goes through once", () => {
    expect(shapeOf(LOOP)).toEqual({
      nodes: 4,
      edges: 6,
      loops: 1,
      criticalPath: ["a", "b", "c", "d"],
      widest: ["a"],
      cyclomatic: 2,
      bottlenecks: ["a", "b", "c", "d"],
    });
  });

  it("what no way leads to is a node and nothing else", () => {
    expect(shapeOf(drawn("start>a x>y y>a"))).toMatchObject({ nodes: 3, criticalPath: ["a"], bottlenecks: ["a"] });
  });

  it("a bottleneck is what cuts every way to an end when it is taken away", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const plan = randomPlan(seed);
      const { links, vertices } = outlineOf(plan);
      const end = vertices.length - 1;
      const cuts = plan.nodes.filter(({ index }) => !leadsTo(end, links, index + 1)).map(({ id }) => id);
      const expected = leadsTo(end, links, -1) ? cuts : [];
      expect([seed, shapeOf(plan).bottlenecks.toSorted()]).toEqual([seed, expected.toSorted()]);
    }
  });

  it("the longest chain is a way through the graph", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const plan = randomPlan(seed);
      const path = shapeOf(plan).criticalPath.map((id) => plan.nodes.findIndex((node) => node.id === id));
      for (const [at, node] of path.entries()) {
        const next = path[at + 1];
        if (next !== undefined) expect(plan.structure.edges[node]).toContain(next);
      }
      expect(plan.structure.starts).toContain(path[0]);
    }
  });

  it("of the largest graph", () => {
    expect(shapeOf(longPlan(5000)).criticalPath).toHaveLength(5000);
  });
});

function leadsTo(end: number, links: readonly Link[], without: number): boolean {
  const reached = new Set([0]);
  for (const vertex of reached) {
    for (const { from, to } of links) if (from === vertex && to !== without) reached.add(to);
  }
  return reached.has(end);
}
