import { type Layering, neighboursOf } from "./layers.ts";

/** Sweeps down and up; more change nothing in graphs of a size that is drawn. */
const SWEEPS = 12;

/**
 * The order of every layer, with few crossings: each spot goes to the mean place of its neighbours (the barycentre), in
 * sweeps down and up, and the best order seen is kept. The same graph has the same order everywhere.
 */
export function order(layering: Layering): readonly (readonly number[])[] {
  const { layers } = layering;
  const { above, below } = neighboursOf(layering);
  let current: readonly (readonly number[])[] = layers;
  let best = current;
  let fewest = crossings(current, below);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    current = sweep % 2 === 0 ? sweepDown(current, above) : sweepDown(current.toReversed(), below).toReversed();
    const found = crossings(current, below);
    if (found < fewest) [best, fewest] = [current, found];
  }
  return best;
}

type Neighbours = readonly (readonly number[])[];

/** Every layer by the one before it. */
function sweepDown(layers: readonly (readonly number[])[], neighbours: Neighbours): (readonly number[])[] {
  const sorted: (readonly number[])[] = [];
  let places = new Map<number, number>();
  for (const spots of layers) {
    const keys = new Map(spots.map((spot, index) => [spot, meanPlace(neighbours[spot] ?? [], places) ?? index]));
    const row = spots.toSorted((one, other) => (keys.get(one) ?? 0) - (keys.get(other) ?? 0));
    sorted.push(row);
    places = placesOf(row);
  }
  return sorted;
}

function meanPlace(neighbours: readonly number[], places: ReadonlyMap<number, number>): number | undefined {
  if (neighbours.length === 0 || places.size === 0) return undefined;
  return neighbours.reduce((sum, neighbour) => sum + (places.get(neighbour) ?? 0), 0) / neighbours.length;
}

/** Pairs of links between neighbouring layers that cross, counted by inversions in a Fenwick tree. */
function crossings(layers: readonly (readonly number[])[], below: Neighbours): number {
  let count = 0;
  for (const [index, spots] of layers.entries()) {
    const places = placesOf(layers[index + 1] ?? []);
    const ends = spots.flatMap((spot) =>
      (below[spot] ?? []).map((next) => places.get(next) ?? 0).sort((one, other) => one - other),
    );
    count += inversions(ends, places.size);
  }
  return count;
}

function inversions(values: readonly number[], size: number): number {
  const tree = new Int32Array(size + 1);
  let count = 0;
  for (const [seen, value] of values.entries()) {
    let notGreater = 0;
    for (let at = value + 1; at > 0; at -= at & -at) notGreater += tree[at] ?? 0;
    count += seen - notGreater;
    for (let at = value + 1; at <= size; at += at & -at) tree[at] = (tree[at] ?? 0) + 1;
  }
  return count;
}

function placesOf(spots: readonly number[]): Map<number, number> {
  return new Map(spots.map((spot, index) => [spot, index]));
}
