import { describe, expect, it } from "vitest";
import { createEngine } from "../../engine/engine.ts";
import { randomScenario } from "../../engine/testing/graphs.ts";
import type { Outcome } from "../../engine/types.ts";
import { Random } from "../../engine/testing/random.ts";
import { outlineOf } from "../draw/outline.ts";
import type { Link } from "../draw/outline.ts";
import { drawn, longPlan, randomPlan } from "../draw/testing/plans.ts";
import type { Plan } from "../plan.ts";
import { sentTo } from "../sends.ts";
import type { Structure } from "../structure.ts";
import { createTopology } from "../topology.ts";
import { mostCalls } from "./most-calls.ts";
import { sureVertices } from "./sure-nodes.ts";

const mostOf = (plan: Plan): (number | null)[] =>
  mostCalls(plan.structure, plan.topology, plan.limits.steps, sentTo(plan).any).map(({ calls }) => calls);

describe("at most", () => {
  const rows: readonly (readonly [string, string, readonly (number | null)[]])[] = [
    ["outside of loops once, however many branches lead there", "start>a a>b a>c b>d c>d", [1, 1, 1, 1]],
    ["a loop of two nodes: a turn takes two of the twelve steps", "start>a a>b b>a? b>end!", [6, 6]],
    ["a node that follows itself: every step", "start>a a>b b>b? b>c!", [1, 11, 1]],
    ["a loop that is reached later has fewer turns", "start>a a>b b>c c>b? c>d!", [1, 6, 6, 1]],
    ["what no way leads to: never", "start>a b>a", [1, 0]],
    ["what is sent items: nobody knows; what comes after all of them: once", "start>a a>b* b>c", [1, null, 1]],
  ];
  it.each(rows)("%s", (_, text, expected) => {
    expect(mostOf(drawn(text, { limits: { steps: 12 } }))).toEqual(expected);
  });

  it("the engine never runs a node more often, whatever is taken and in whatever order tasks end", () => {
    let reached = 0;
    for (let seed = 0; seed < 400; seed += 1) {
      const { structure } = randomScenario(seed);
      const steps = 4 + (seed % 9);
      const topology = createTopology(structure);
      // every third graph has a node that is sent two items each time
      const sent = new Set(seed % 3 === 0 ? [seed % structure.nodes] : []);
      const most = mostCalls(structure, topology, steps, sent);
      for (const eager of [0.6, 1]) {
        const runs = played(structure, steps, new Random(seed, eager), { eager, sent });
        for (const [node, count] of runs.entries()) {
          const calls = most[node]?.calls ?? Infinity;
          expect(count, `seed ${seed}, node ${node}`).toBeLessThanOrEqual(calls);
          if (count === calls && calls > 1) reached += 1;
        }
      }
    }
    expect(reached, "bounds above 1 are met, too").toBeGreaterThan(50);
  });
});

/** How often each node runs where each edge is taken by chance. */
function played(
  structure: Structure,
  steps: number,
  random: Random,
  { eager, sent }: { readonly eager: number; readonly sent: ReadonlySet<number> },
): number[] {
  const runs = Array.from({ length: structure.nodes }, () => 0);
  const engine = createEngine(structure, createTopology(structure), { steps, concurrency: 3 }, new Map());
  const outcome = (taken: readonly number[]): Outcome => ({
    writes: [],
    takes: taken.filter((to) => !sent.has(to)),
    sends: taken.flatMap((to) => (sent.has(to) ? [0, 1].map((payload) => ({ to, payload })) : [])),
  });
  const running = [...engine.apply({ type: "started", outcome: outcome(structure.starts) }).start];
  for (let count = 0; running.length > 0 && count < 300; count += 1) {
    const [task] = running.splice(random.below(running.length), 1);
    if (task === undefined) break;
    runs[task.node] = (runs[task.node] ?? 0) + 1;
    const taken = (structure.edges[task.node] ?? []).filter(() => eager === 1 || random.chance(eager));
    running.push(...engine.apply({ type: "task-succeeded", task: task.id, outcome: outcome(taken) }).start);
  }
  return runs;
}

describe("at least", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["what follows unconditionally", "start>a a>b b>end", "a b"],
    ["not what a condition leads to", "start>a a>b? b>end", "a"],
    ["where two ways meet again, the meeting", "start>a a>b? a>c! b>d c>d", "a d"],
    ["not the meeting, where no way need be taken", "start>a a>b? a>c? b>d c>d", "a"],
    ["behind a loop that must be left, what it is left to", "start>a a>b b>a? b>c!", "a b c"],
    ["every branch that is taken anyway", "start>a a>b a>c? c>d", "a b"],
    ["not what a list leads to, which may be empty", "start>a a>b* b>c", "a"],
    ["not the meeting, where a way that must be taken may have no items", "start>a a>b? a>c!* b>d c>d", "a"],
  ];
  it.each(rows)("%s", (_, text, expected) => {
    expect(sureIds(drawn(text)).join(" ")).toBe(expected);
  });

  it("whoever chooses at every node, and comes to an end, passes them: nobody can do without", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const plan = randomPlan(seed);
      const { vertices, links } = outlineOf(plan);
      const sure = sureVertices({ vertices, links });
      for (const vertex of vertices.keys()) {
        expect([seed, vertex, sure.has(vertex)]).toEqual([seed, vertex, !canAvoid(vertex, links, vertices.length)]);
      }
    }
  });
});

function sureIds(plan: Plan): string[] {
  const outline = outlineOf(plan);
  return [...sureVertices(outline)].flatMap((vertex) => {
    const found = outline.vertices[vertex];
    return found?.kind === "node" ? [found.id] : [];
  });
}

/** The naive way: who can come to an end without a vertex, found from the ends backwards. */
function canAvoid(avoided: number, links: readonly Link[], size: number): boolean {
  const able = new Set<number>();
  for (let changed = true; changed; ) {
    changed = false;
    for (let vertex = 0; vertex < size; vertex += 1) {
      const leaving = links.filter(({ from }) => from === vertex);
      const certain = leaving.filter(
        ({ taken, items }) => (taken === "always" || taken === "implied") && items === undefined,
      );
      const choices = leaving.filter((link) => !certain.includes(link));
      const mayEnd = choices.some(({ taken, items }) => taken !== "always" && items !== undefined);
      const must = !mayEnd && choices.some(({ taken }) => taken === "else");
      const free = !must || choices.some(({ to }) => able.has(to));
      if (able.has(vertex) || vertex === avoided || !free || !certain.every(({ to }) => able.has(to))) continue;
      able.add(vertex);
      changed = true;
    }
  }
  return able.has(0);
}

it("the largest graph is counted", () => {
  const plan = longPlan(5000);
  expect(mostOf(plan).every((calls) => calls === 1)).toBe(true);
  expect(sureVertices(outlineOf(plan)).size).toBe(5002);
});
