import { z } from "zod";
import { EdgewiseError } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { ReducerName } from "../graph/channels.ts";
import type { Expression, Template } from "../graph/plan.ts";
import type { ChatCall, ChatMessage, ChatReply } from "../models/contract.ts";
import type { AiMessage, NodeContext, NodeKind, NodeResult } from "./contract.ts";
import { toChatMessages } from "./messages.ts";

const schema = z
  .strictObject({
    model: z.string().min(1).max(200).default("default").describe("Which model: provider/name, or default"),
    system: z.string().optional().describe("Template of the system message"),
    prompt: z.string().optional().describe("Template of the user's message"),
    messages: z.string().optional().describe("CEL expression of a list of messages, instead of prompt"),
    temperature: z.number().min(0).max(10).optional(),
    max_tokens: z.number().int().min(1).max(10_000_000).optional(),
    stop: z.array(z.string().min(1)).max(16).optional().describe("Texts at which the model stops"),
    options: z.record(z.string(), z.unknown()).optional().describe("Handed to the provider as it is"),
    write: z.string().describe("Channel for the answer: its text, or the message where the reducer is messages"),
  })
  .refine((config) => (config.prompt === undefined) !== (config.messages === undefined), {
    message: "A model node has either prompt or messages: exactly one of them.",
  });

type Config = z.infer<typeof schema>;

interface Compiled {
  readonly model: string;
  readonly system: Template | undefined;
  readonly asked:
    | { readonly kind: "prompt"; readonly template: Template }
    | { readonly kind: "messages"; readonly expression: Expression };
  readonly settings: Pick<ChatCall, "temperature" | "maxTokens" | "stop" | "options">;
  readonly write: string;
  readonly reducer: ReducerName;
}

/** Asks a language model, streams what it says, and writes its answer. */
export const model: NodeKind<Config, Compiled> = {
  kind: "model",
  summary: "Asks a language model",
  schema,
  effect: "idempotent",
  defaults: { retry: { attempts: 3, delayMs: 500, maxDelayMs: 30_000 }, timeoutMs: 120_000 },
  compile(config, compiler) {
    const { system, prompt, messages } = config;
    return {
      model: config.model,
      system: system === undefined ? undefined : compiler.template(system, ["system"]),
      asked:
        messages === undefined
          ? { kind: "prompt", template: compiler.template(prompt ?? "", ["prompt"]) }
          : { kind: "messages", expression: compiler.expression(messages, ["messages"]) },
      settings: settingsOf(config),
      write: config.write,
      reducer: compiler.channel(config.write, ["write"])?.reducer ?? "last",
    };
  },
  run: ask,
};

function settingsOf(config: Config): Compiled["settings"] {
  return {
    ...(config.temperature === undefined ? {} : { temperature: config.temperature }),
    ...(config.max_tokens === undefined ? {} : { maxTokens: config.max_tokens }),
    ...(config.stop === undefined ? {} : { stop: config.stop }),
    ...(config.options === undefined ? {} : { options: config.options as JsonObject }),
  };
}

async function ask(compiled: Compiled, context: NodeContext): Promise<NodeResult> {
  const { idempotencyKey, attempt, fetch, signal } = context;
  const messages = messagesOf(compiled, context);
  const { provider, model: name } = context.models.resolve(compiled.model);
  let reply: ChatReply | undefined;
  for await (const event of provider.chat(
    { model: name, messages, ...compiled.settings, idempotencyKey, attempt },
    { fetch, signal },
  )) {
    if (event.type === "text-delta") context.say(event.text);
    else reply = event.reply;
  }
  if (reply === undefined) {
    const message = `The model ${provider.name}/${name} ended its answer before it was finished.`;
    throw new EdgewiseError({ code: "model_bad_reply", message, retryable: true });
  }
  const message = toAiMessage(reply, context.messageId);
  const value: Json = compiled.reducer === "messages" ? { ...message } : reply.text;
  return { writes: [{ channel: compiled.write, value }], usage: { ...reply.usage, model: reply.model }, message };
}

function messagesOf({ system, asked }: Compiled, { scope }: NodeContext): ChatMessage[] {
  const first: ChatMessage[] = system === undefined ? [] : [{ role: "system", content: system.render(scope) }];
  if (asked.kind === "prompt") return [...first, { role: "user", content: asked.template.render(scope) }];
  return [...first, ...toChatMessages(asked.expression.evaluate(scope), "messages")];
}

function toAiMessage(reply: ChatReply, id: string): AiMessage {
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
