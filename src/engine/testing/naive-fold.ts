import { failure } from "../../base/errors.ts";
import { type Json, sameJson } from "../../base/json.ts";
import type { Channel } from "../../graph/channels.ts";
import { openFold } from "../reducers.ts";
import type { Commit } from "./naive-order.ts";

/** R5 and R6 over commits in canonical order, from the beginning each time. */
export function naiveFold(
  name: string,
  channel: Channel | undefined,
  base: Json | undefined,
  input: readonly Json[],
  order: readonly Commit[],
  reader: number | undefined,
  conflictByLevel: boolean,
): Json | undefined {
  if (channel === undefined) throw failure("unknown_channel", `There is no channel "${name}".`);
  const written = order.map((commit) => ({
    commit,
    values: commit.writes.filter((write) => write.channel === name).map(({ value }) => value),
  }));
  const writes = written.filter(({ values }) => values.length > 0);
  const all = [...input, ...writes.flatMap(({ values }) => values)];
  if (channel.reducer !== "last" || channel.conflict === "last" || writes.length === 0) {
    return openFold(channel, base).with(all).value();
  }
  const highest = writes.at(-1)?.commit.level;
  const unseen = writes.filter(({ commit }) => {
    if (conflictByLevel) return commit.level === highest;
    return !writes.some((other) => other.commit.seen.has(commit));
  });
  const top = unseen.at(-1);
  const value = top?.values.at(-1) ?? null;
  const loser = unseen.findLast(({ values }) => !sameJson(values.at(-1) ?? null, value));
  if (top === undefined || loser === undefined) return value;
  const writers = [loser.commit.node, top.commit.node].map((node) => (node < 0 ? null : `#${node}`));
  const details = { channel: name, writers, reader: reader === undefined ? null : `#${reader}` };
  throw failure("conflicting_write", "two writers have not seen each other", { details });
}
