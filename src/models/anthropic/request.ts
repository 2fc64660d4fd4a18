import type Anthropic from "@anthropic-ai/sdk";
import { isJsonObject } from "../../base/json.ts";
import type { JsonObject } from "../../base/json.ts";
import type { ChatCall, ChatMessage, ToolSpec } from "../contract.ts";
import { USUAL_LONGEST_ANSWER } from "../prices.ts";
import { withSchemaInstruction } from "../schema-instruction.ts";
import { toOutputFormat } from "./output-format.ts";

/** The Messages API demands a limit; this one leaves room for the thinking that counts towards it. */
const USUAL_MAX_TOKENS = USUAL_LONGEST_ANSWER;

/** A call in the dialect of the Messages API, always streamed. System messages are a field of their own there. */
export function toRequest(call: ChatCall): Anthropic.MessageCreateParamsStreaming {
  const format = call.responseSchema && toOutputFormat(call.responseSchema.schema);
  const messages = format ? call.messages : withSchemaInstruction(call);
  const system = messages
    .filter(({ role }) => role === "system")
    .map(({ content }) => content)
    .join("\n\n");
  return {
    ...call.options,
    model: call.model,
    max_tokens: call.maxTokens ?? USUAL_MAX_TOKENS,
    messages: messages.flatMap(toMessage),
    ...(call.tools !== undefined && call.tools.length > 0 && { tools: call.tools.map(toTool) }),
    ...(format && { output_config: { ...outputConfigOf(call), format } }),
    ...(system && { system }),
    ...(call.temperature !== undefined && { temperature: call.temperature }),
    ...(call.stop !== undefined && { stop_sequences: [...call.stop] }),
    stream: true,
  };
}

/** What the document says of the output beside its form, such as the effort. */
function outputConfigOf({ options }: ChatCall): JsonObject {
  const given = options?.["output_config"];
  return given !== undefined && isJsonObject(given) ? given : {};
}

function toTool({ name, description, parameters }: ToolSpec): Anthropic.Tool {
  // the API wants an object's schema, and says so by this field
  return { name, description, input_schema: { ...parameters, type: "object" } };
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
