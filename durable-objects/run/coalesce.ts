import { failure } from "../../src/base/errors.ts";
import { isJsonObject, type Json, sameJson } from "../../src/base/json.ts";
import { openFold } from "../../src/engine/reducers.ts";
import type { Write } from "../../src/engine/types.ts";
import type { Channel } from "../../src/graph/channels.ts";
import type { Plan, PlanNode } from "../../src/graph/plan.ts";

/**
 * The same writes, one for each channel: what folds to the same is written as one. An outcome is one row of the log, and one
 * update to followers: a composite over many items must not make it one value an item.
 * @throws EdgewiseError `conflicting_write` (R6): items are parallel, none has seen what another wrote; turns of a loop have
 */
export function coalesced(
  plan: Plan,
  writes: readonly Write[],
  node: Pick<PlanNode, "id" | "carries">,
): readonly Write[] {
  const values = new Map<string, Json[]>();
  for (const { channel, value } of writes) {
    const known = values.get(channel);
    if (known === undefined) values.set(channel, [value]);
    else known.push(value);
  }
  return [...values].flatMap(([name, list]): Write[] => {
    const channel = plan.channels.find((candidate) => candidate.name === name);
    const value = channel === undefined || list.length === 1 ? undefined : together(channel, list, node);
    return value === undefined ? list.map((each) => ({ channel: name, value: each })) : [{ channel: name, value }];
  });
}

/** One value that folds as all of them do; undefined where there is none. */
function together(
  channel: Channel,
  values: readonly Json[],
  { id, carries = false }: Pick<PlanNode, "id" | "carries">,
): Json | undefined {
  if (!carries && channel.reducer === "last" && channel.conflict === "error") refuseConflict(channel, values, id);
  // A message may take another one away that is not among these; what one write deletes and writes again keeps its place.
  if (channel.reducer === "messages") return values.some(deletes) ? undefined : (values.flat(1) as Json[]);
  const { default: _, ...empty } = channel;
  return openFold(empty, undefined).with(values).value();
}

function deletes(value: Json): boolean {
  const messages: readonly Json[] = Array.isArray(value) ? value : [value];
  return messages.some((message) => isJsonObject(message) && message["type"] === "remove");
}

function refuseConflict({ name }: Channel, values: readonly Json[], node: string): void {
  const last = values.at(-1) ?? null;
  if (values.every((value) => sameJson(value, last))) return;
  const message =
    `Items of "${node}" wrote different values to the channel "${name}", and none has seen another's; name it under ` +
    "`output` to get the list of them, or give it a reducer or `conflict: last`.";
  throw failure("conflicting_write", message, { details: { channel: name, writers: [node, node], reader: null } });
}
