import { failure } from "../base/errors.ts";
import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { ChatMessage, ChatReply, ToolCall } from "../models/contract.ts";
import type { AiMessage } from "./contract.ts";

/** Who speaks, in the words of OpenAI (`role`) and of LangGraph (`type`). */
const ROLES: ReadonlyMap<string, ChatMessage["role"]> = new Map([
  ["user", "user"],
  ["human", "user"],
  ["assistant", "assistant"],
  ["ai", "assistant"],
  ["system", "system"],
  ["developer", "system"],
  ["tool", "tool"],
]);

/** Messages as an expression gives them: a list of `{role|type, content}`, a text (a user's), or one message. */
export function toChatMessages(value: Json, from: string): ChatMessage[] {
  const list: readonly Json[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw failure("node_failed", `There is nothing to ask: ${from} is an empty list.`);
  return list.map((item, index) => toChatMessage(item, `${from}[${index}]`));
}

/** A model's reply as the message that followers get and a `messages` channel keeps. */
export function toAiMessage(reply: ChatReply, id: string): AiMessage {
  const { inputTokens, outputTokens } = reply.usage;
  return {
    type: "ai",
    id,
    content: reply.text,
    tool_calls: reply.toolCalls.map(({ id: callId, name, args }) => ({ id: callId, name, args, type: "tool_call" })),
    invalid_tool_calls: [],
    additional_kwargs: {},
    response_metadata: { model: reply.model, finish_reason: reply.finish },
    usage_metadata: {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
    },
  };
}

function toChatMessage(value: Json, from: string): ChatMessage {
  if (typeof value === "string") return { role: "user", content: value };
  if (!isJsonObject(value)) throw wrong(from, "it is neither a text nor a message");
  const spoken = value["role"] ?? value["type"] ?? "user";
  const role = typeof spoken === "string" ? ROLES.get(spoken) : undefined;
  if (role === undefined)
    throw wrong(
      from,
      `its role ${JSON.stringify(spoken).slice(0, 60)} is unknown; use user, assistant, system or tool`,
    );
  const toolCalls = toToolCalls(value["tool_calls"]);
  const toolCallId = value["tool_call_id"];
  return {
    role,
    content: toText(value["content"], from),
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
    ...(typeof toolCallId === "string" ? { toolCallId } : {}),
  };
}

/** Content is a text, or a list of parts of which the texts count. */
function toText(content: Json | undefined, from: string): string {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return "";
  if (!Array.isArray(content)) throw wrong(from, "its content is neither a text nor a list of parts");
  return content.map((part: Json) => partText(part, from)).join("");
}

function partText(part: Json, from: string): string {
  if (typeof part === "string") return part;
  if (isJsonObject(part) && typeof part["text"] === "string") return part["text"];
  throw wrong(from, "a part of its content is not text; other parts are not supported");
}

function toToolCalls(value: Json | undefined): ToolCall[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter((call: Json): call is JsonObject => isJsonObject(call))
    .map((call: JsonObject) => ({
      id: textOr(call["id"]),
      name: textOr(call["name"]),
      args: call["args"] ?? {},
    }));
}

function textOr(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function wrong(from: string, what: string): Error {
  return failure("node_failed", `The message ${from} cannot be sent: ${what}.`);
}
