import type { Structure } from "../../graph/structure.ts";

/** A loop by its definition (R3). */
export interface NaiveLoop {
  readonly members: ReadonlySet<number>;
  readonly heads: ReadonlySet<number>;
}

/** Loops and reach, found by walking; written apart from the topology that the engine uses. */
export class NaiveLoops {
  readonly #edges: readonly (readonly number[])[];
  readonly #starts: readonly number[];
  /** Outer loops before the ones inside them. */
  readonly #loops: NaiveLoop[] = [];
  readonly #reach = new Map<string, boolean>();

  constructor(structure: Structure) {
    this.#edges = structure.edges;
    this.#starts = structure.starts;
    const all = new Set(structure.edges.keys());
    this.#find({ members: all, heads: new Set() });
  }

  /** The loops around a node, outermost first. */
  around(node: number): readonly NaiveLoop[] {
    return this.#loops.filter(({ members }) => members.has(node));
  }

  /** The loop whose turns begin with the node. */
  headOf(node: number): NaiveLoop | undefined {
    const loop = this.around(node).at(-1);
    return loop?.heads.has(node) === true ? loop : undefined;
  }

  /** R3: between two nodes of one loop, without re-entering its head. */
  reaches(from: number, to: number): boolean {
    const key = `${from} ${to}`;
    let known = this.#reach.get(key);
    if (known === undefined) {
      const shared = this.around(from).findLast(({ members }) => members.has(to));
      const within = shared ?? { members: new Set(this.#edges.keys()), heads: new Set<number>() };
      known = from !== to && this.#walk(from, within).has(to);
      this.#reach.set(key, known);
    }
    return known;
  }

  #find(region: NaiveLoop): void {
    const walks = new Map([...region.members].map((node) => [node, this.#walk(node, region)]));
    const placed = new Set<number>();
    for (const [node, walk] of walks) {
      if (placed.has(node) || !walk.has(node)) continue;
      const members = new Set([...walk].filter((other) => walks.get(other)?.has(node)));
      for (const member of members) placed.add(member);
      const entered = [...members].filter((member) => this.#isEntered(member, members, region));
      const loop = { members, heads: new Set(entered.length > 0 ? entered : [Math.min(...members)]) };
      this.#loops.push(loop);
      this.#find(loop);
    }
  }

  #isEntered(node: number, members: ReadonlySet<number>, region: NaiveLoop): boolean {
    if (this.#starts.includes(node)) return true;
    return [...region.members].some((from) => !members.has(from) && this.#edges[from]?.includes(node));
  }

  /** What is reached from a node by at least one edge. */
  #walk(from: number, { members, heads }: NaiveLoop): Set<number> {
    const found = new Set<number>();
    const open = [from];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const to of this.#edges[node] ?? []) {
        if (!members.has(to) || heads.has(to) || found.has(to)) continue;
        found.add(to);
        open.push(to);
      }
    }
    return found;
  }
}
