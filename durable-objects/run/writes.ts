import { EdgewiseError, failure } from "../../src/base/errors.ts";
import { isJson, type Json } from "../../src/base/json.ts";
import { normalizeMessages } from "../../src/base/messages.ts";
import { toPointer } from "../../src/base/pointer.ts";
import { checkWrite } from "../../src/engine/reducers.ts";
import type { Write } from "../../src/engine/types.ts";
import type { Channel } from "../../src/graph/channels.ts";
import type { Plan } from "../../src/graph/plan.ts";
import { schemaOfWrites } from "./write-schema.ts";

/** Longest JSON text of one written value, in UTF-16 units. */
export const MAX_VALUE = 16 * 1024 * 1024;

/**
 * A value as it enters a channel, from a node or from outside: messages in their one form, and only what the reducer folds
 * and the channel's schema takes.
 * @param idOf for the messages that have no id of their own
 * @throws EdgewiseError `invalid_write`, with a pointer that begins with the channel
 */
export function toWrite(plan: Plan, channel: Channel, value: Json, idOf: (index: number) => string): Write {
  const kept = channel.reducer === "messages" ? normalizeMessages(channel.name, value, idOf) : value;
  const wrong = checkWrite(channel, kept);
  if (wrong) throw new EdgewiseError(wrong);
  checkSchema(plan, channel, kept);
  return { channel: channel.name, value: kept };
}

/** What a node wrote, each checked; `who` is the node. @throws EdgewiseError `unknown_channel`, `invalid_write`, `value_too_large`. */
export function toWrites(
  plan: Plan,
  writes: readonly Write[],
  who: string,
  idOf: (index: number) => string,
): readonly Write[] {
  // Counted through: several writes may be of one channel, and two messages of one id would be taken for one.
  let unnamed = 0;
  return writes.map(({ channel: name, value }) => {
    const channel = plan.channels.find((candidate) => candidate.name === name);
    if (!channel)
      throw failure("unknown_channel", `Node "${who}" wrote to "${name}", which the graph does not declare.`);
    if (!isJson(value)) throw notJson(who, `wrote to channel "${name}" a value`);
    const kept = toWrite(plan, channel, value, () => idOf(unnamed++));
    if (isTooLarge(kept.value))
      throw failure("value_too_large", `Node "${who}" wrote more than ${MAX_VALUE} characters to channel "${name}".`);
    return kept;
  });
}

/** The log would give back something else than it was given, or could not be written at all. */
export function notJson(node: string, did: string): EdgewiseError {
  return failure("invalid_write", `Node "${node}" ${did} that is not JSON.`);
}

export function isTooLarge(value: Json): boolean {
  if (typeof value === "string") return value.length > MAX_VALUE;
  return typeof value === "object" && value !== null && JSON.stringify(value).length > MAX_VALUE;
}

function checkSchema(plan: Plan, channel: Channel, value: Json): void {
  const fault = schemaOfWrites(plan, channel)?.check(value);
  if (fault === undefined) return;
  const message = `The channel "${channel.name}" does not take this: ${fault.message}.`;
  throw failure("invalid_write", message, { pointer: toPointer([channel.name, ...fault.path]) });
}
