import type { ChatRequest, Message, Tool } from "ollama/browser";
import { isJsonObject } from "../../base/json.ts";
import type { ChatCall, ChatMessage, ToolSpec } from "../contract.ts";
import { withSchemaInstruction } from "../schema-instruction.ts";

/** Fields of the request itself; every other option is a parameter of the model (docs.ollama.com, "Chat"). */
const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  "think",
  "format",
  "keep_alive",
  "tools",
  "logprobs",
  "top_logprobs",
]);

/** Ollama's smallest usual context. It cuts what does not fit without a word, so longer inputs ask for more. */
const USUAL_CONTEXT = 4_096;
const LARGEST_ASKED_CONTEXT = 131_072;

export function toRequest(call: ChatCall): ChatRequest & { stream: true } {
  const given = Object.entries(call.options ?? {});
  // `format` holds the model to the schema without telling it; Ollama's pages say to put it into the prompt as well.
  const messages = withSchemaInstruction(call);
  const parameters = {
    ...contextFor(messages, call.maxTokens),
    ...(call.temperature !== undefined && { temperature: call.temperature }),
    ...(call.maxTokens !== undefined && { num_predict: call.maxTokens }),
    ...(call.stop !== undefined && { stop: [...call.stop] }),
    ...Object.fromEntries(given.filter(([name]) => !REQUEST_FIELDS.has(name))),
  };
  return {
    ...Object.fromEntries(given.filter(([name]) => REQUEST_FIELDS.has(name))),
    model: call.model,
    messages: messages.map(toMessage),
    ...(call.tools !== undefined && call.tools.length > 0 && { tools: call.tools.map(toTool) }),
    ...(call.responseSchema && { format: call.responseSchema.schema }),
    options: parameters,
    stream: true,
  };
}

/** A context for the input and the answer, by a cautious three characters to a token, in powers of two. */
function contextFor(messages: readonly ChatMessage[], maxTokens = 1_024): { readonly num_ctx?: number } {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  const needed = characters / 3 + maxTokens;
  if (needed <= USUAL_CONTEXT) return {};
  return { num_ctx: Math.min(LARGEST_ASKED_CONTEXT, 2 ** Math.ceil(Math.log2(needed))) };
}

function toTool({ name, description, parameters }: ToolSpec): Tool {
  // its types know fewer keywords than the server hands on
  const schema = { ...parameters } as NonNullable<Tool["function"]["parameters"]>;
  return { type: "function", function: { name, description, parameters: schema } };
}

function toMessage(message: ChatMessage): Message {
  const toolCalls = (message.toolCalls ?? []).map(({ name, args }) => ({
    function: { name, arguments: isJsonObject(args) ? { ...args } : {} },
  }));
  return {
    role: message.role,
    content: message.content,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
}
