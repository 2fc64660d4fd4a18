import type { Json } from "../../base/json.ts";
import type { Write } from "../types.ts";

/** A task, or a write from outside (node -1), with everything it has seen. */
export interface Commit {
  readonly id: string;
  readonly node: number;
  level: number;
  readonly ordinal: number;
  readonly arrival: Arrival;
  readonly each: boolean;
  seen: ReadonlySet<Commit>;
  /** Per loop around the node: which turn it was made ready in. */
  readonly turns: ReadonlyMap<object, number>;
  state: "ready" | "running" | "waiting" | "failed";
  hasWaited: boolean;
  writes: readonly Write[];
  /** How much had been committed when it was made ready. */
  readonly born?: number;
}

export const MADE_READY = { state: "ready", hasWaited: false, writes: [] } as const;

export interface Arrival {
  readonly node: number;
  readonly sender: Commit | undefined;
  readonly index: number;
  readonly send?: { readonly payload: Json };
}

/** R5: the canonical order. */
export function compareCommits(one: Commit, other: Commit): number {
  const place = one.level - other.level || one.node - other.node;
  if (place !== 0 || one === other) return place;
  return one.each ? arrivalOrder(true)(one.arrival, other.arrival) : one.ordinal - other.ordinal;
}

/** @param each of a `join: each` node, whose sends stand among its other arrivals (R11) */
export function arrivalOrder(each: boolean): (one: Arrival, other: Arrival) => number {
  return (one, other) => {
    if ((one.send === undefined) !== (other.send === undefined) && !each) return one.send === undefined ? -1 : 1;
    if (one.sender === other.sender) return one.index - other.index;
    if (one.sender === undefined || other.sender === undefined) return one.sender === undefined ? -1 : 1;
    return compareCommits(one.sender, other.sender);
  };
}

/** Some commits with all that they have seen. */
export function closure(causes: ReadonlySet<Commit>): Set<Commit> {
  return new Set([...causes].flatMap((cause) => [...cause.seen, cause]));
}
