import { roomOf, neighboursOf } from "./layers.ts";
import type { Layering } from "./layers.ts";

/** Where everything is: centres of spots, and the size of the whole. */
export interface Positions {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly width: number;
  readonly height: number;
}

const GAP = { x: 26, y: 38 };
const MARGIN = 24;
const SWEEPS = 24;
/** How much more a bend wants to stay in line with its neighbours than a node: long links are straight. */
const STIFFNESS = 6;

/**
 * Every spot as near to the mean of its neighbours as the order of its layer allows. One layer at a time this is a
 * least-squares problem with an order, which pooling adjacent violators solves exactly.
 */
export function position(layering: Layering, layers: readonly (readonly number[])[]): Positions {
  const { spots } = layering;
  const x = spots.map(() => 0);
  const { above, below } = neighboursOf(layering);
  const rooms = spots.map(roomOf);
  const weights = spots.map(({ content }) => (content.kind === "bend" ? STIFFNESS : 1));
  for (const layer of layers)
    place(
      layer,
      layer.map(() => 0),
      layer.map(() => 1),
      rooms,
      x,
    );
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const [rows, neighbours] = sweep % 2 === 0 ? [layers, above] : [layers.toReversed(), below];
    // the last sweeps look both ways, so that a node stands between what leads to it and what it leads to
    const both = sweep >= SWEEPS - 6;
    for (const row of rows) {
      const wanted = row.map((spot) =>
        mean(
          [...(neighbours[spot] ?? []), ...(both ? ((neighbours === above ? below : above)[spot] ?? []) : [])],
          x,
          x[spot] ?? 0,
        ),
      );
      place(
        row,
        wanted,
        row.map((spot) => weights[spot] ?? 1),
        rooms,
        x,
      );
    }
  }
  return finish(layering, layers, x, rooms);
}

function mean(neighbours: readonly number[], x: readonly number[], otherwise: number): number {
  if (neighbours.length === 0) return otherwise;
  return neighbours.reduce((sum, neighbour) => sum + (x[neighbour] ?? 0), 0) / neighbours.length;
}

interface Block {
  sum: number;
  weight: number;
  count: number;
}

/** Sets the `x` of one layer: as near to what is wanted as order and room allow. */
function place(
  layer: readonly number[],
  wanted: readonly number[],
  weights: readonly number[],
  rooms: readonly number[],
  x: number[],
): void {
  const offsets: number[] = [];
  for (const [index, spot] of layer.entries()) {
    const before = layer[index - 1];
    const apart = before === undefined ? 0 : ((rooms[before] ?? 0) + (rooms[spot] ?? 0)) / 2 + GAP.x;
    offsets.push((offsets[index - 1] ?? 0) + apart);
  }
  const blocks: Block[] = [];
  for (const index of layer.keys()) {
    const weight = weights[index] ?? 1;
    blocks.push({ sum: ((wanted[index] ?? 0) - (offsets[index] ?? 0)) * weight, weight, count: 1 });
    for (let last = blocks.at(-1), before = blocks.at(-2); last !== undefined && before !== undefined; ) {
      if (before.sum / before.weight <= last.sum / last.weight) break;
      before.sum += last.sum;
      before.weight += last.weight;
      before.count += last.count;
      blocks.pop();
      [last, before] = [blocks.at(-1), blocks.at(-2)];
    }
  }
  let index = 0;
  for (const { sum, weight, count } of blocks) {
    for (let left = count; left > 0; left -= 1, index += 1) x[layer[index] ?? 0] = sum / weight + (offsets[index] ?? 0);
  }
}

function finish(
  { spots }: Layering,
  layers: readonly (readonly number[])[],
  x: readonly number[],
  rooms: readonly number[],
): Positions {
  let [left, right] = [Infinity, -Infinity];
  for (const spot of layers.flat()) {
    const [centre, half] = [x[spot] ?? 0, (spots[spot]?.width ?? 0) / 2];
    left = Math.min(left, centre - half);
    // what stands beside a node that follows itself is on its right
    right = Math.max(right, centre + (rooms[spot] ?? 0) / 2);
  }
  const y = spots.map(() => 0);
  let top = MARGIN;
  for (const layer of layers) {
    const height = layer.reduce((most, spot) => Math.max(most, spots[spot]?.height ?? 0), 0);
    for (const spot of layer) y[spot] = top + height / 2;
    top += height + GAP.y;
  }
  return {
    x: x.map((at) => Math.round((at - left + MARGIN) * 10) / 10),
    y,
    width: Math.ceil(right - left + 2 * MARGIN),
    height: top - GAP.y + MARGIN,
  };
}
