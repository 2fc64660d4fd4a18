import { failure } from "../../src/base/errors.ts";
import { isJsonObject, type Json } from "../../src/base/json.ts";
import { toPointer } from "../../src/base/pointer.ts";
import type { Write } from "../../src/engine/types.ts";
import type { Plan, Scope } from "../../src/graph/plan.ts";

/** The id that stands for every message before it. */
const ALL = "__remove_all__";

/**
 * Who deletes a message has seen it, or has written it before: else the id is wrong, as LangGraph's reducer says too.
 * @throws EdgewiseError `invalid_write`, with a pointer that begins with the channel
 */
export function checkDeletions(plan: Plan, writes: readonly Write[], scope: Pick<Scope, "read">): void {
  for (const { name, reducer } of plan.channels) {
    if (reducer !== "messages") continue;
    const own = writes.filter(({ channel }) => channel === name).map(({ value }) => messagesOf(value));
    // whoever deletes nothing asks for nothing: a conversation may be long
    if (own.some((messages) => messages.some(isDeletion))) checkConversation(name, own, scope.read(name));
  }
}

function checkConversation(channel: string, writes: readonly (readonly Json[])[], seen: Json | undefined): void {
  const known = new Set(messagesOf(seen ?? []).map(idOf));
  for (const messages of writes) {
    for (const [index, message] of messages.entries()) {
      const id = idOf(message);
      if (!isDeletion(message)) known.add(id);
      else if (id === ALL) known.clear();
      else if (!known.has(id)) {
        const text = `Message ${index} written to channel "${channel}" deletes ${JSON.stringify(id).slice(0, 80)}, and there is no message of that id.`;
        throw failure("invalid_write", text, { pointer: toPointer([channel, String(index)]) });
      }
    }
  }
}

function messagesOf(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [value];
}

function isDeletion(message: Json): boolean {
  return isJsonObject(message) && message["type"] === "remove";
}

function idOf(message: Json): Json | undefined {
  return isJsonObject(message) ? message["id"] : undefined;
}
