import type Anthropic from "@anthropic-ai/sdk";
import type { ChatCall, ChatMessage } from "../contract.ts";

/** The Messages API demands a limit; this one leaves room for the thinking that counts towards it. */
const USUAL_MAX_TOKENS = 16_000;

/** A call in the dialect of the Messages API, always streamed. System messages are a field of their own there. */
export function toRequest(call: ChatCall): Anthropic.MessageCreateParamsStreaming {
  const system = call.messages
    .filter(({ role }) => role === "system")
    .map(({ content }) => content)
    .join("\n\n");
  return {
    ...call.options,
    model: call.model,
    max_tokens: call.maxTokens ?? USUAL_MAX_TOKENS,
    messages: call.messages.flatMap(toMessage),
    ...(system && { system }),
    ...(call.temperature !== undefined && { temperature: call.temperature }),
    ...(call.stop !== undefined && { stop_sequences: [...call.stop] }),
    stream: true,
  };
}

function toMessage(message: ChatMessage): readonly Anthropic.MessageParam[] {
  switch (message.role) {
    case "system":
      return [];
    case "user":
      return [{ role: "user", content: message.content }];
    case "tool":
      return [
        {
          role: "user",
          content: [{ type: "tool_result", tool_use_id: message.toolCallId ?? "", content: message.content }],
        },
      ];
    case "assistant":
      return [{ role: "assistant", content: toBlocks(message) }];
    default:
      return message.role satisfies never;
  }
}

function toBlocks(message: ChatMessage): string | Anthropic.ContentBlockParam[] {
  const toolCalls = message.toolCalls ?? [];
  if (toolCalls.length === 0) return message.content;
  const uses = toolCalls.map(({ id, name, args }) => ({ type: "tool_use" as const, id, name, input: args }));
  // An empty text block is refused by the API.
  return message.content ? [{ type: "text", text: message.content }, ...uses] : uses;
}
