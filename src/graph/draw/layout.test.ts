import { describe, expect, it } from "vitest";
import { layer, roomOf } from "./layers.ts";
import { order } from "./ordering.ts";
import { outlineOf } from "./outline.ts";
import { position } from "./positions.ts";
import { drawn, longPlan, randomPlan } from "./testing/plans.ts";

const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

describe("outline", () => {
  it("[R3] without the links that begin another turn there is no cycle", () => {
    for (const seed of SEEDS) {
      const { vertices, links } = outlineOf(randomPlan(seed));
      const left = new Set(vertices.keys());
      const forward = links.filter(({ again }) => !again);
      for (let changed = true; changed; ) {
        const free = [...left].filter((vertex) => !forward.some(({ from, to }) => to === vertex && left.has(from)));
        for (const vertex of free) left.delete(vertex);
        changed = free.length > 0;
      }
      expect([seed, [...left]]).toEqual([seed, []]);
    }
  });

  it("[R3] only what comes from inside a loop begins another turn of it, not what enters it", () => {
    const { links, vertices } = outlineOf(drawn("start>a a>b b>c c>d d>c? d>b! d>a?"));
    const again = links.filter((link) => link.again).map(({ from, to }) => [vertices[from]?.id, vertices[to]?.id]);
    expect(again).toEqual([
      ["d", "c"],
      ["d", "b"],
      ["d", "a"],
    ]);
  });

  it("a node without edges ends its branch", () => {
    const { links, vertices } = outlineOf(drawn("start>a a>b"));
    expect(links.at(-1)).toEqual({
      from: 2,
      to: vertices.length - 1,
      taken: "implied",
      condition: "",
      label: "",
      again: false,
    });
  });
});

describe("layers", () => {
  it("every route runs strictly down, layer by layer, and shows its label once", () => {
    for (const seed of SEEDS) {
      const { layers, routes, spots } = layer(outlineOf(randomPlan(seed)));
      const levels = new Map(layers.flatMap((row, level) => row.map((spot) => [spot, level] as const)));
      for (const { link, spots: passed } of routes) {
        const rows = passed.map((spot) => levels.get(spot) ?? -1);
        expect(rows.map((row) => row - (rows[0] ?? 0))).toEqual([...rows.keys()]);
        const labels = passed.filter((spot) => {
          const content = spots[spot]?.content;
          return content?.kind === "bend" && content.label !== "";
        });
        expect(labels).toHaveLength(link.from === link.to || link.label === "" ? 0 : 1);
      }
    }
  });

  it("many branches that end do not all draw a line to the end", () => {
    const { spots, routes } = layer(outlineOf(drawn("start>a a>b a>c")));
    expect(routes.some(({ link }) => link.taken === "implied")).toBe(false);
    expect(spots.filter(({ content }) => content.kind === "vertex" && content.ends)).toHaveLength(2);
  });

  it("refuses what nobody could look at, and says what to take instead", () => {
    expect(() => layer(outlineOf(longPlan(700)))).toThrow(/take DOT or Mermaid/);
  });
});

describe("order and positions", () => {
  it("crossed links are uncrossed", () => {
    const layering = layer(outlineOf(drawn("start>a start>b b>c a>d c>end d>end")));
    const [, above, below] = order(layering);
    expect([above, below]).toEqual([
      [1, 2],
      [4, 3],
    ]);
  });

  it("nothing stands on anything else", () => {
    for (const seed of SEEDS) {
      const layering = layer(outlineOf(randomPlan(seed)));
      const layers = order(layering);
      const { x, width } = position(layering, layers);
      for (const row of layers) {
        for (const [index, spot] of row.entries()) {
          const half = (layering.spots[spot]?.width ?? 0) / 2;
          expect((x[spot] ?? 0) - half).toBeGreaterThanOrEqual(0);
          expect((x[spot] ?? 0) + half).toBeLessThanOrEqual(width);
          const next = row[index + 1];
          const [one, other] = [layering.spots[spot], next === undefined ? undefined : layering.spots[next]];
          if (next === undefined || one === undefined || other === undefined) continue;
          expect((x[next] ?? 0) - (x[spot] ?? 0)).toBeGreaterThan((roomOf(one) + roomOf(other)) / 2);
        }
      }
    }
  });
});
