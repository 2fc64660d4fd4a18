import { isJsonObject } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";
import { entryOf } from "./same.ts";

export interface KeyedEdge {
  readonly index: number;
  readonly value: Json;
}

/**
 * Edges by what they connect, which is what they are: a graph has one edge from here to there, and its condition may
 * change. In a document with mistakes a pair may come twice, or an edge lack an end; a number tells those apart.
 */
export function keyedEdges(edges: readonly Json[]): Map<string, KeyedEdge> {
  const seen = new Map<string, number>();
  const keyed = new Map<string, KeyedEdge>();
  for (const [index, value] of edges.entries()) {
    const ends = isJsonObject(value) ? [textAt(value, "from"), textAt(value, "to")] : [];
    const pair = JSON.stringify(ends);
    const count = seen.get(pair) ?? 0;
    seen.set(pair, count + 1);
    keyed.set(`${pair}${count === 0 ? "" : count}`, { index, value });
  }
  return keyed;
}

function textAt(edge: Json, end: "from" | "to"): string | null {
  const value = entryOf(edge, end);
  return typeof value === "string" ? value : null;
}

/** `a → b`, for people. */
export function edgeName(edge: Json): string {
  return `${shown(textAt(edge, "from"))} → ${shown(textAt(edge, "to"))}`;
}

function shown(end: string | null): string {
  return end === null ? "?" : end.slice(0, 80);
}

export function conditionName(edge: Json): string {
  const [when, send] = [entryOf(edge, "when"), entryOf(edge, "send")];
  const each = send === undefined ? "" : ` for each of ${JSON.stringify(send).slice(0, 120)}`;
  if (when !== undefined) return `when ${JSON.stringify(when).slice(0, 120)}${each}`;
  return `${entryOf(edge, "else") === true ? "else" : "always"}${each}`;
}
