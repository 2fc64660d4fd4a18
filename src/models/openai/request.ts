import type OpenAI from "openai";
import type { ChatCall, ChatMessage, ToolSpec } from "../contract.ts";
import { withSchemaInstruction } from "../schema-instruction.ts";
import { toResponseFormat } from "./response-format.ts";

type Request = OpenAI.Chat.ChatCompletionCreateParamsStreaming;

/** A call in the dialect of chat completions (platform.openai.com, "Create chat completion"), always streamed with usage. */
export function toRequest(call: ChatCall): Request {
  const format = call.responseSchema && toResponseFormat(call.responseSchema);
  const messages = format ? call.messages : withSchemaInstruction(call);
  return {
    ...call.options,
    model: call.model,
    messages: messages.map(toMessage),
    ...(call.tools !== undefined && call.tools.length > 0 && { tools: call.tools.map(toTool) }),
    ...(format && { response_format: format }),
    ...(call.temperature !== undefined && { temperature: call.temperature }),
    ...(call.maxTokens !== undefined && { max_completion_tokens: call.maxTokens }),
    ...(call.stop !== undefined && { stop: [...call.stop] }),
    stream: true,
    stream_options: { include_usage: true },
  };
}

function toTool({ name, description, parameters }: ToolSpec): OpenAI.Chat.ChatCompletionTool {
  return { type: "function", function: { name, description, parameters: { ...parameters } } };
}

function toMessage(message: ChatMessage): OpenAI.Chat.ChatCompletionMessageParam {
  switch (message.role) {
    case "system":
    case "user":
      return { role: message.role, content: message.content };
    case "tool":
      return { role: "tool", content: message.content, tool_call_id: message.toolCallId ?? "" };
    case "assistant": {
      const toolCalls = (message.toolCalls ?? []).map(({ id, name, args }) => ({
        id,
        type: "function" as const,
        function: { name, arguments: JSON.stringify(args) },
      }));
      return { role: "assistant", content: message.content, ...(toolCalls.length > 0 && { tool_calls: toolCalls }) };
    }
    default:
      return message.role satisfies never;
  }
}
