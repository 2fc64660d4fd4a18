import { describe, expect, it } from "vitest";
import { createTopology } from "./topology.ts";

function topology(edges: readonly (readonly number[])[], starts: readonly number[] = [0]) {
  return createTopology({ nodes: edges.length, edges, starts, each: new Set(), channels: [] });
}

const heads = (edges: readonly (readonly number[])[], starts?: readonly number[]) =>
  topology(edges, starts).places.flatMap(({ head }, node) => (head ? [node] : []));

describe("loops and their heads", () => {
  it("[R3] a graph without cycles has no heads", () => {
    expect(heads([[1, 2], [2], []])).toEqual([]);
  });

  it("[R3] heads are the nodes by which a cycle is entered, start edges included", () => {
    expect(heads([[1], [2], [3], [1]])).toEqual([1]);
    expect(heads([[1, 2], [2], [1]])).toEqual([1, 2]);
    expect(heads([[1], [0]], [1])).toEqual([1]);
  });

  it("[R3] a cycle that nothing enters begins with its first node in the document", () => {
    expect(heads([[], [2], [1]])).toEqual([1]);
  });

  it("[R3] a node with an edge to itself is a loop of one", () => {
    expect(heads([[0]])).toEqual([0]);
  });

  it("[R3] an inner loop has heads of its own", () => {
    const nested = topology([[1], [2], [3], [2, 1]]);
    expect(heads([[1], [2], [3], [2, 1]])).toEqual([1, 2]);
    expect(nested.places.map(({ region }) => region.depth)).toEqual([0, 1, 2, 2]);
    expect(nested.sharedLoops(1, 3)).toBe(1);
    expect(nested.sharedLoops(2, 3)).toBe(2);
  });

  it("[R3] loops nest as deep as they come", () => {
    const size = 2000;
    const ladder = Array.from({ length: size }, (_, node) => [node - 1, node + 1].filter((to) => to >= 0 && to < size));
    expect(topology(ladder).places.at(-1)?.region.depth).toBe(size - 1);
  });
});

describe("reach", () => {
  it("[R3] follows edges forward", () => {
    const { reaches } = bound(topology([[1], [2], [], [2]]));
    expect([reaches(0, 2), reaches(2, 0), reaches(3, 1), reaches(1, 1)]).toEqual([true, false, false, false]);
  });

  it("[R3] between two nodes of one loop does not lead through its head again", () => {
    const { reaches } = bound(topology([[1], [2, 3], [4], [4], [1]]));
    expect([reaches(2, 4), reaches(4, 2), reaches(2, 1), reaches(1, 3)]).toEqual([true, false, false, true]);
  });

  it("[R3] from a loop to what follows it leads from each of its nodes", () => {
    const { reaches } = bound(topology([[1], [2, 3], [1], []]));
    expect([reaches(2, 3), reaches(0, 2)]).toEqual([true, true]);
  });

  it("[R3] is found for a chain of many nodes", () => {
    const size = 5000;
    const chain = topology(Array.from({ length: size }, (_, node) => (node + 1 < size ? [node + 1] : [])));
    expect(chain.reaches(0, size - 1)).toBe(true);
    expect(chain.reaches(size - 1, 0)).toBe(false);
  });
});

function bound(of: ReturnType<typeof topology>) {
  return { reaches: (from: number, to: number) => of.reaches(from, to) };
}
