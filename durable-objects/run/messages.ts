import { failure } from "../../src/base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";

/**
 * Messages as LangGraph's clients write them (`role` or `type`, a bare string, a `[role, content]` pair) in the one
 * form that is stored: flat, with `type` and an id (langgraph-protocol, section 3). Ids that are there stay.
 */

const TYPES: Readonly<Record<string, string>> = {
  human: "human",
  user: "human",
  ai: "ai",
  assistant: "ai",
  system: "system",
  developer: "system",
  tool: "tool",
  remove: "remove",
};

/** @throws EdgewiseError `invalid_write` for what is no message, naming its place. */
export function normalizeMessages(channel: string, value: Json, idOf: (index: number) => string): Json {
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return list.map((item, index) => normalizeMessage(channel, item, index, idOf));
}

function normalizeMessage(channel: string, item: Json, index: number, idOf: (index: number) => string): JsonObject {
  if (typeof item === "string") return complete("human", { content: item }, idOf(index));
  if (Array.isArray(item) && item.length === 2 && typeof item[0] === "string") {
    return complete(typeOf(channel, item[0], index), { content: item[1] ?? "" }, idOf(index));
  }
  if (!isJsonObject(item)) throw notAMessage(channel, index, "is neither a text, a [role, content] pair nor an object");
  const { role, type, id, ...rest } = item;
  const named = typeof type === "string" && type in TYPES ? type : role;
  if (typeof named !== "string") throw notAMessage(channel, index, "has neither a known `type` nor a `role`");
  return complete(typeOf(channel, named, index), rest, typeof id === "string" && id !== "" ? id : idOf(index));
}

function complete(type: string, fields: JsonObject, id: string): JsonObject {
  if (type === "remove") return { type, id };
  const common = { content: "", additional_kwargs: {}, response_metadata: {}, ...fields, type, id };
  return type === "ai" ? { tool_calls: [], invalid_tool_calls: [], ...common } : common;
}

function typeOf(channel: string, role: string, index: number): string {
  const type = Object.hasOwn(TYPES, role) ? TYPES[role] : undefined;
  if (type === undefined) throw notAMessage(channel, index, `has the unknown role "${role}"`);
  return type;
}

function notAMessage(channel: string, index: number, why: string): Error {
  return failure("invalid_write", `Message ${index} written to channel "${channel}" ${why}.`, {
    pointer: `/${channel}/${index}`,
  });
}
