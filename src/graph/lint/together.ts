import { addBits, emptyBits, setBit, word } from "../bits.ts";
import type { Bits } from "../bits.ts";
import type { Plan } from "../plan.ts";

/** Which nodes may run in one turn side by side, as far as the structure tells. */
export interface Together {
  /**
   * For two nodes neither of which reaches the other: does something lead to one of them without any condition, and to
   * the other at all? False for the arms of a choice, of which only one is taken.
   */
  mayBoth(one: number, other: number): boolean;
}

/** One pass over the edges, sets of nodes as bits; edges that begin another turn of a loop are left out. */
export function createTogether(plan: Plan): Together {
  const start = plan.nodes.length;
  const always: number[][] = plan.nodes.map(() => []);
  const any: number[][] = plan.nodes.map(() => []);
  for (const { to, condition } of plan.starts) {
    // what undoes something runs when nothing else does
    if (to === "end" || condition.kind === "goto") continue;
    any[to]?.push(start);
    if (condition.kind === "always") always[to]?.push(start);
  }
  for (const { index, edges } of plan.nodes) {
    for (const { to, condition } of edges) {
      if (to === "end" || !plan.topology.reaches(index, to)) continue;
      any[to]?.push(index);
      if (condition.kind === "always") always[to]?.push(index);
    }
  }
  const order = inOrder(any, start);
  const [surely, possibly] = [ancestors(always, order, start), ancestors(any, order, start)];
  const meet = (one: number, other: number): boolean => intersects(surely[one], possibly[other]);
  return { mayBoth: (one, other) => meet(one, other) || meet(other, one) };
}

/** Nodes, each after all that lead to it. */
function inOrder(before: readonly (readonly number[])[], start: number): readonly number[] {
  const after: number[][] = Array.from({ length: start + 1 }, () => []);
  const waiting = before.map((sources) => sources.length);
  for (const [node, sources] of before.entries()) for (const source of sources) after[source]?.push(node);
  const order = [start, ...[...before.keys()].filter((node) => waiting[node] === 0)];
  for (const node of order) {
    for (const next of after[node] ?? []) {
      waiting[next] = (waiting[next] ?? 0) - 1;
      if (waiting[next] === 0) order.push(next);
    }
  }
  return order;
}

/** Each node with all that lead to it. */
function ancestors(before: readonly (readonly number[])[], order: readonly number[], start: number): readonly Bits[] {
  const rows: Bits[] = [];
  for (const node of order) {
    const row = emptyBits(start + 1);
    setBit(row, node);
    for (const source of before[node] ?? []) addBits(row, rows[source] ?? row);
    rows[node] = row;
  }
  return rows;
}

function intersects(one: Bits | undefined, other: Bits | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  for (let at = 0; at < one.length; at += 1) if ((word(one, at) & word(other, at)) !== 0) return true;
  return false;
}
