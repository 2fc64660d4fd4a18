/** A way from one vertex to another, and how much longer it makes a chain. */
export interface ChainStep {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

export interface Chains {
  /** Of the longest chain to each vertex. */
  readonly length: readonly number[];
  /** Its last vertex but one; -1 where a chain begins. */
  readonly before: readonly number[];
}

/** The longest chain to each vertex, where the steps close no circle; `begin` is what each vertex has by itself. */
export function longestChains(begin: readonly number[], steps: readonly ChainStep[]): Chains {
  const length = [...begin];
  const before = begin.map(() => -1);
  const waiting = begin.map(() => 0);
  const leaving: ChainStep[][] = begin.map(() => []);
  for (const step of steps) {
    leaving[step.from]?.push(step);
    waiting[step.to] = (waiting[step.to] ?? 0) + 1;
  }
  const ready = [...waiting.keys()].filter((vertex) => waiting[vertex] === 0);
  for (let vertex = ready.pop(); vertex !== undefined; vertex = ready.pop()) {
    for (const step of leaving[vertex] ?? []) {
      const along = (length[vertex] ?? 0) + step.length;
      if (along > (length[step.to] ?? 0)) {
        length[step.to] = along;
        before[step.to] = vertex;
      }
      waiting[step.to] = (waiting[step.to] ?? 0) - 1;
      if (waiting[step.to] === 0) ready.push(step.to);
    }
  }
  return { length, before };
}
