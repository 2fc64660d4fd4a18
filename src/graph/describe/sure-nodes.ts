import { addBits, emptyBits, hasBit, setBit } from "../bits.ts";
import type { Bits } from "../bits.ts";
import { stronglyConnected } from "../components.ts";
import type { Outline } from "../draw/outline.ts";

/**
 * The vertices that every run passes which comes to its end, whatever the conditions say: what surely follows a vertex is
 * what follows its unconditional links, and what all its choices have in common where one of them must be taken (else).
 */
export function sureVertices({ vertices, links }: Outline): ReadonlySet<number> {
  const certain: number[][] = vertices.map(() => []);
  const choices: number[][] = vertices.map(() => []);
  const closed = new Set<number>();
  const open = new Set<number>();
  for (const { from, to, taken, items } of links) {
    const isCertain = items === undefined && (taken === "always" || taken === "implied");
    (isCertain ? certain : choices)[from]?.push(to);
    if (taken === "else") closed.add(from);
    // a list may be empty, and then nothing follows though the edge is chosen
    if (items !== undefined && taken !== "always") open.add(from);
  }
  for (const vertex of open) closed.delete(vertex);
  const follows: Bits[] = vertices.map(() => everything(vertices.length));
  const renew = (vertex: number): boolean => {
    const row = emptyBits(vertices.length);
    setBit(row, vertex);
    for (const to of certain[vertex] ?? []) addBits(row, follows[to] ?? row);
    if (closed.has(vertex)) addBits(row, inAll((choices[vertex] ?? []).map((to) => follows[to] ?? row)) ?? row);
    const changed = row.some((word, at) => word !== follows[vertex]?.[at]);
    follows[vertex] = row;
    return changed;
  };
  const successors = vertices.map((_, vertex) => [...(certain[vertex] ?? []), ...(choices[vertex] ?? [])]);
  for (const members of stronglyConnected(successors).reverse()) {
    if (!settles(members, renew)) for (const vertex of members) follows[vertex] = only(vertex, vertices.length);
  }
  const [fromStart] = follows;
  return new Set([...vertices.keys()].filter((vertex) => fromStart !== undefined && hasBit(fromStart, vertex)));
}

/** A loop is gone through again until nothing changes; one that takes longer is given up, and nothing is sure of it. */
const MOST_ROUNDS = 50;

function settles(members: readonly number[], renew: (vertex: number) => boolean): boolean {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    let changed = false;
    for (const vertex of members) changed = renew(vertex) || changed;
    if (!changed) return true;
  }
  return false;
}

function everything(size: number): Bits {
  return emptyBits(size).fill(0xffffffff);
}

function only(vertex: number, size: number): Bits {
  const row = emptyBits(size);
  setBit(row, vertex);
  return row;
}

function inAll(rows: readonly Bits[]): Bits | undefined {
  const [first, ...others] = rows;
  const common = first?.slice();
  for (const row of others) common?.forEach((word, at) => (common[at] = word & (row[at] ?? 0)));
  return common;
}
