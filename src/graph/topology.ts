import { addBits, type Bits, emptyBits, hasBit, setBit } from "./bits.ts";
import { stronglyConnected } from "./components.ts";
import type { Structure } from "./structure.ts";

/**
 * What the execution rules ask about a graph, answered once, when it is compiled (R3).
 *
 * A *region* is the graph itself or the inside of one loop. Inside a loop the edges into its own heads are taken away,
 * so the *units* of a region (nodes, and whole nested loops) form no cycle; they stand here in an order in which every
 * unit comes after all that lead to it.
 */
export interface Region {
  readonly index: number;
  /** 0 for the graph itself, one more for each loop around. */
  readonly depth: number;
  readonly parent: Region | undefined;
  /** Which unit of `parent` this loop is. */
  readonly unitInParent: number;
  readonly units: readonly Unit[];
  /** Per unit: the units of this region that lead to it, itself not among them. */
  readonly upstream: readonly Bits[];
}

export type Unit =
  | { readonly kind: "node"; readonly node: number; readonly head: boolean }
  /** `region` is the loop's inside, by its place in {@link Topology.regions}. */
  | { readonly kind: "loop"; readonly region: number };

export interface Topology {
  /** The graph itself first; every loop after the region around it. */
  readonly regions: readonly Region[];
  /** Per node: the innermost region that contains it, and which of that region's units it is. */
  readonly places: readonly Place[];
  /** R3: is there a path that re-enters no head of a loop around both? A node does not reach itself in this sense. */
  reaches(from: number, to: number): boolean;
  /** How many loops are around both nodes: the outermost so many of the loops around either. */
  sharedLoops(one: number, other: number): number;
}

export interface Place {
  readonly region: Region;
  readonly unit: number;
  /** A turn of the innermost loop around the node begins with it. */
  readonly head: boolean;
}

export function createTopology(structure: Structure): Topology {
  const starts = new Set(structure.starts);
  const regions: Region[] = [];
  const places: Place[] = [];
  const everything = Array.from({ length: structure.nodes }, (_, node) => node);
  // A queue, not recursion: 1⇄2⇄3⇄… nests as deep as it is long. What is queued here will be regions[its place].
  const outlines: Outline[] = [{ members: everything, heads: new Set(), parent: undefined, unitInParent: -1 }];
  for (let index = 0; index < outlines.length; index += 1) {
    const outline = outlines[index];
    if (outline === undefined) break;
    const region = buildRegion(index, outline, structure, starts, outlines);
    regions.push(region);
    for (const [at, unit] of region.units.entries()) {
      if (unit.kind === "node") places[unit.node] = { region, unit: at, head: unit.head };
    }
  }
  return new NestedRegions(regions, places);
}

/** A region before its inside is known. */
interface Outline {
  readonly members: readonly number[];
  readonly heads: ReadonlySet<number>;
  readonly parent: Region | undefined;
  readonly unitInParent: number;
}

function buildRegion(
  index: number,
  outline: Outline,
  structure: Structure,
  starts: ReadonlySet<number>,
  outlines: Outline[],
): Region {
  const { members, heads, parent, unitInParent } = outline;
  const local = new Map(members.map((node, at) => [node, at]));
  const successors = members.map((node) => {
    const inside = (structure.edges[node] ?? []).filter((to) => local.has(to) && !heads.has(to));
    return inside.map((to) => local.get(to) ?? 0);
  });
  const components = stronglyConnected(successors);
  const unitOf = new Int32Array(members.length);
  for (const [at, component] of components.entries()) for (const member of component) unitOf[member] = at;
  const predecessors = unitPredecessors(successors, unitOf, components.length);

  const units: Unit[] = [];
  const depth = parent === undefined ? 0 : parent.depth + 1;
  const region: Region = { index, depth, parent, unitInParent, units, upstream: closure(predecessors) };
  const enteredAt = entries(successors, unitOf);
  for (const [at, component] of components.entries()) {
    const nodes = component.map((member) => members[member] ?? 0);
    const [first = 0] = nodes;
    if (isCycle(component, successors)) {
      const entered = nodes.filter((node, member) => starts.has(node) || enteredAt.has(component[member] ?? 0));
      units.push({ kind: "loop", region: outlines.length });
      const loopHeads = new Set(entered.length > 0 ? entered : [first]);
      outlines.push({ members: nodes, heads: loopHeads, parent: region, unitInParent: at });
    } else {
      units.push({ kind: "node", node: first, head: heads.has(first) });
    }
  }
  return region;
}

function isCycle(component: readonly number[], successors: readonly (readonly number[])[]): boolean {
  const [first = 0] = component;
  return component.length > 1 || (successors[first]?.includes(first) ?? false);
}

/** The members with an edge into them from another unit of the region. */
function entries(successors: readonly (readonly number[])[], unitOf: Int32Array): Set<number> {
  const entered = new Set<number>();
  for (const [from, targets] of successors.entries()) {
    for (const to of targets) if (unitOf[from] !== unitOf[to]) entered.add(to);
  }
  return entered;
}

function unitPredecessors(
  successors: readonly (readonly number[])[],
  unitOf: Int32Array,
  units: number,
): readonly ReadonlySet<number>[] {
  const predecessors = Array.from({ length: units }, () => new Set<number>());
  for (const [from, targets] of successors.entries()) {
    const fromUnit = unitOf[from] ?? 0;
    for (const to of targets) if (fromUnit !== unitOf[to]) predecessors[unitOf[to] ?? 0]?.add(fromUnit);
  }
  return predecessors;
}

/** Transitive closure; every unit comes after its predecessors, so one pass is enough. */
function closure(predecessors: readonly ReadonlySet<number>[]): Bits[] {
  const upstream: Bits[] = [];
  for (const direct of predecessors) {
    const row = emptyBits(predecessors.length);
    for (const before of direct) {
      setBit(row, before);
      addBits(row, upstream[before] ?? row);
    }
    upstream.push(row);
  }
  return upstream;
}

class NestedRegions implements Topology {
  readonly regions: readonly Region[];
  readonly places: readonly Place[];

  constructor(regions: readonly Region[], places: readonly Place[]) {
    this.regions = regions;
    this.places = places;
  }

  reaches(from: number, to: number): boolean {
    const meeting = this.#meet(from, to);
    if (meeting === undefined || meeting.one === meeting.other) return false;
    const row = meeting.region.upstream[meeting.other];
    return row !== undefined && hasBit(row, meeting.one);
  }

  sharedLoops(one: number, other: number): number {
    return this.#meet(one, other)?.region.depth ?? 0;
  }

  /** The innermost region around both nodes, and the unit of it that each belongs to. */
  #meet(from: number, to: number): { region: Region; one: number; other: number } | undefined {
    const [one, other] = [this.places[from], this.places[to]];
    if (one === undefined || other === undefined) return undefined;
    let [a, b] = [one.region, other.region];
    let [unitA, unitB] = [one.unit, other.unit];
    while (a !== b) {
      if (a.depth >= b.depth && a.parent !== undefined) [unitA, a] = [a.unitInParent, a.parent];
      else if (b.parent !== undefined) [unitB, b] = [b.unitInParent, b.parent];
    }
    return { region: a, one: unitA, other: unitB };
  }
}
