import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";

/**
 * The calls of a conversation's last assistant message that no tool message answers yet, as `{id, name, args}`: some may have
 * been answered from outside.
 */
export function callsToRun(messages: Json | undefined): JsonObject[] {
  const list: readonly Json[] = Array.isArray(messages) ? messages : [];
  const last = list.findLastIndex((message) => isJsonObject(message) && message["type"] === "ai");
  const message = list[last];
  const calls = isJsonObject(message) ? message["tool_calls"] : undefined;
  if (!Array.isArray(calls)) return [];
  const answered = new Set(list.slice(last + 1).map((each) => (isJsonObject(each) ? each["tool_call_id"] : undefined)));
  return (calls as readonly Json[]).flatMap((call): JsonObject[] => {
    if (!isJsonObject(call) || answered.has(call["id"] ?? null)) return [];
    const { id = null, name = "", args = {} } = call;
    return [{ id, name, args }];
  });
}

/** What answers a call. A text is said as it is, anything else as JSON. */
export function toolMessage(call: Json, content: Json, status: "success" | "error"): JsonObject {
  const { id = null, name = "" } = isJsonObject(call) ? call : {};
  return {
    type: "tool",
    content: typeof content === "string" ? content : JSON.stringify(content),
    tool_call_id: id,
    name,
    status,
  };
}
