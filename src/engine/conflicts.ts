import type { EdgewiseError } from "../base/errors.ts";
import { failure } from "../base/errors.ts";
import { type Json, sameJson } from "../base/json.ts";
import type { Topology } from "../graph/topology.ts";
import { compareStamps, type Stamp } from "./order.ts";
import { hasSeen } from "./seen.ts";
import type { Entry } from "./versions.ts";

/**
 * R6 for a channel without a reducer: the write whose task has seen all the others wins. Of several that have not seen
 * each other, equal ones do not conflict; unequal ones do, unless the channel says `conflict: last`.
 */
export function winner(
  entries: readonly Entry[],
  conflict: "error" | "last",
  topology: Topology,
): { readonly value: Json | undefined; readonly loser?: Entry; readonly top: Entry | undefined } {
  // The last in canonical order is unseen by all the others: whoever saw it would have a higher level (R5).
  const sorted =
    entries.length > 1 ? [...entries].sort((one, other) => compareStamps(other.stamp, one.stamp)) : entries;
  const [top, ...others] = sorted;
  const value = top?.values.at(-1);
  if (conflict === "last" || value === undefined) return { value, top };
  const loser = others.find((entry) => !sameJson(entry.values.at(-1) ?? null, value) && !isOverwritten(entry));
  return loser === undefined ? { value, top } : { value, top, loser };

  function isOverwritten(entry: Entry): boolean {
    return sorted.some((by) => by !== entry && hasSeen(topology, by.stamp, entry.stamp));
  }
}

/** How people call the nodes of a graph. */
export type NodeName = (node: number) => string;

export function conflictingWrite(
  channel: string,
  writers: readonly [Stamp, Stamp],
  reader: number | undefined,
  nameOf: NodeName,
): EdgewiseError {
  const [one, other] = writers.map((stamp) => (stamp.node < 0 ? "a state update" : `node "${nameOf(stamp.node)}"`));
  const who = reader === undefined ? "the result" : `node "${nameOf(reader)}"`;
  const message =
    `Channel "${channel}" was written by ${one} and by ${other} without either having seen the other, and ${who} reads ` +
    "it; give the channel a reducer or `conflict: last`, or add an edge that lets one writer wait for the other.";
  const details = {
    channel,
    writers: writers.map((stamp) => (stamp.node < 0 ? null : nameOf(stamp.node))),
    reader: reader === undefined ? null : nameOf(reader),
  };
  return failure("conflicting_write", message, { details });
}

export function unknownChannel(channel: string): EdgewiseError {
  return failure("unknown_channel", `There is no channel "${channel}" in this graph; declare it, or correct the name.`);
}
