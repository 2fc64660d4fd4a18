import { EdgewiseError } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import { checkWrite } from "../../src/engine/reducers.ts";
import type { Write } from "../../src/engine/types.ts";
import type { Channel } from "../../src/graph/channels.ts";
import { normalizeMessages } from "./messages.ts";

/**
 * A value as it enters a channel, from a node or from outside: messages in their one form, and only what the reducer folds.
 * @param idOf for the messages that have no id of their own
 * @throws EdgewiseError `invalid_write`
 */
export function toWrite(channel: Channel, value: Json, idOf: (index: number) => string): Write {
  const kept = channel.reducer === "messages" ? normalizeMessages(channel.name, value, idOf) : value;
  const wrong = checkWrite(channel, kept);
  if (wrong) throw new EdgewiseError(wrong);
  return { channel: channel.name, value: kept };
}
