/** A graph of W4: delays in milliseconds by node, and edges between nodes. */
export interface Shape {
  readonly id: string;
  readonly delays: readonly number[];
  readonly edges: readonly (readonly [number, number])[];
}

/** A 0 → B1 20 → B2 20 → B3 20 → J 0; A → C 60 → J; A → D1 50 → D2 10 → J. */
export function uneven(): Shape {
  return {
    id: "uneven",
    delays: [0, 20, 20, 20, 60, 50, 10, 0],
    edges: [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 7],
      [0, 4],
      [4, 7],
      [0, 5],
      [5, 6],
      [6, 7],
    ],
  };
}

/**
 * 30 nodes by a fixed linear congruential generator (in doubles, as its published critical path of 352 ms implies), and an
 * end after all sinks. How many predecessors a node has is drawn again for each.
 */
export function random(): Shape {
  let seed = 7;
  const draw = (): number => (seed = (1103515245 * seed + 12345) % 2 ** 31) / 2 ** 31;
  const delays: number[] = [];
  const edges: [number, number][] = [];
  for (let node = 0; node < 30; node++) {
    if (node > 0) {
      const predecessors = new Set<number>();
      for (let count = 0; count < 1 + Math.floor(2 * draw()); count++) {
        predecessors.add(Math.max(0, node - 1 - Math.floor(6 * draw())));
      }
      for (const from of predecessors) edges.push([from, node]);
    }
    delays.push(5 + Math.floor(46 * draw()));
  }
  const sinks = delays.flatMap((_, node) => (edges.some(([from]) => from === node) ? [] : [node]));
  for (const sink of sinks) edges.push([sink, 30]);
  return { id: "random", delays: [...delays, 0], edges };
}

/** Milliseconds that no schedule can undercut. */
export function criticalPath({ delays, edges }: Shape): number {
  const ends: number[] = [];
  for (const [node, delay] of delays.entries()) {
    const before = edges.filter(([, to]) => to === node).map(([from]) => ends[from] ?? 0);
    ends.push(Math.max(0, ...before) + delay);
  }
  return Math.max(...ends);
}
