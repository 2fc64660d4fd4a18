import { type EdgewiseError, failure } from "./errors.ts";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { toPointer } from "./pointer.ts";

/**
 * Messages as LangGraph's clients write them (`role` or `type`, a bare string, a `[role, content]` pair, what their classes
 * give as JSON) in the one form that is stored: flat, with `type` and an id (langgraph-protocol, section 3). Content, ids and
 * fields beside them stay as they are given.
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

/** The classes of LangChain's messages, and of their pieces while they are streamed. */
const CLASS = /^(Human|AI|System|Tool|Remove)Message(?:Chunk)?$/;

/** @throws EdgewiseError `invalid_write` for what is no message, naming its place. */
export function normalizeMessages(channel: string, value: Json, idOf: (index: number) => string): Json {
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value];
  return list.map((item, index) => normalizeMessage({ channel, index }, item, idOf));
}

interface Place {
  readonly channel: string;
  readonly index: number;
}

function normalizeMessage(place: Place, item: Json, idOf: (index: number) => string): JsonObject {
  if (typeof item === "string") return complete(place, "human", { content: item }, idOf);
  if (Array.isArray(item) && item.length === 2 && typeof item[0] === "string") {
    return complete(place, item[0], { content: (item[1] as Json | undefined) ?? null }, idOf);
  }
  if (!isJsonObject(item)) throw notAMessage(place, "is neither a text, a [role, content] pair nor an object");
  const { role, type, ...rest } = fieldsOf(item);
  const named = typeof role === "string" ? role : type;
  if (typeof named !== "string") throw notAMessage(place, "has neither a `type` nor a `role`");
  return complete(place, named, rest, idOf);
}

/** What JSON makes of LangChain's classes, and its older stored form, as flat fields. */
function fieldsOf(item: JsonObject): JsonObject {
  const { lc, type, id, kwargs, data, content } = item;
  if (lc !== undefined && type === "constructor" && Array.isArray(id) && isJsonObject(kwargs ?? null)) {
    return { ...(kwargs as JsonObject), type: (id as readonly Json[]).at(-1) ?? null };
  }
  return content === undefined && isJsonObject(data ?? null) ? { ...(data as JsonObject), type: type ?? null } : item;
}

function complete(place: Place, said: string, fields: JsonObject, idOf: (index: number) => string): JsonObject {
  const type = typeOf(place, said);
  const { id: given, content, tool_call_chunks: _, ...rest } = fields;
  const isNamed = given !== undefined && given !== null && given !== "";
  if (isNamed && typeof given !== "string") throw notAMessage(place, "has an `id` that is no text");
  if (type === "remove") {
    if (!isNamed) throw notAMessage(place, "removes nothing: it names no `id`");
    return { type, id: given };
  }
  const id = isNamed ? given : idOf(place.index);
  // In this order the log packs them (durable-objects/log/packing.ts).
  const common = { content: content ?? [], additional_kwargs: {}, response_metadata: {}, ...rest, type, id };
  if (said === "developer") return { ...common, additional_kwargs: asDeveloper(common.additional_kwargs) };
  if (type !== "ai") return common;
  return { ...NO_CALLS, ...common, ...callsOf(place, rest) };
}

const NO_CALLS: JsonObject = { tool_calls: [], invalid_tool_calls: [] };

/** How LangChain tells a developer's message from a system's. */
function asDeveloper(kwargs: Json): JsonObject {
  return { ...(isJsonObject(kwargs) ? kwargs : {}), __openai_role__: "developer" };
}

/** Calls in LangChain's form, or as OpenAI writes them. */
function callsOf(place: Place, { tool_calls: calls }: JsonObject): { readonly tool_calls: Json } {
  return { tool_calls: Array.isArray(calls) ? (calls as readonly Json[]).map((call) => callOf(place, call)) : [] };
}

function callOf(place: Place, call: Json): Json {
  if (!isJsonObject(call) || call["type"] !== "function" || !isJsonObject(call["function"] ?? null)) return call;
  const { name, arguments: text } = call["function"] as JsonObject;
  if (typeof name !== "string" || typeof text !== "string") return call;
  try {
    return { id: call["id"] ?? null, name, args: JSON.parse(text === "" ? "{}" : text) as Json, type: "tool_call" };
  } catch {
    throw notAMessage(place, `calls the tool "${name.slice(0, 80)}" with arguments that are not JSON`);
  }
}

function typeOf(place: Place, said: string): string {
  const [, named = said] = CLASS.exec(said) ?? [];
  const name = named === said ? said : named.toLowerCase();
  const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (type === undefined) throw notAMessage(place, `has the unknown role "${said.slice(0, 80)}"`);
  return type;
}

function notAMessage({ channel, index }: Place, why: string): EdgewiseError {
  return failure("invalid_write", `Message ${index} written to channel "${channel}" ${why}.`, {
    pointer: toPointer([channel, String(index)]),
  });
}
