import { EdgewiseError } from "../base/errors.ts";
import type { ChatCall, ChatMessage, ChatReply } from "../models/contract.ts";
import type { NodeContext } from "./contract.ts";

/** What all calls of one task have in common. */
export interface ModelRequest {
  /** `provider/model`, or `default`. */
  readonly reference: string;
  readonly settings: Pick<ChatCall, "temperature" | "maxTokens" | "stop" | "options" | "responseSchema" | "tools">;
}

/**
 * One call of a model. The first round of a task streams what the model says; a later one asks for the same answer again, so
 * its text does not follow the first one's, and it has an idempotency key of its own, or it would get the first one's answer.
 * @throws EdgewiseError what the provider throws; `model_bad_reply` for half an answer, and for calls of tools nobody offered
 */
export async function callModel(
  { reference, settings }: ModelRequest,
  messages: readonly ChatMessage[],
  context: NodeContext,
  round = 0,
): Promise<ChatReply> {
  const { attempt, fetch, signal } = context;
  signal.throwIfAborted();
  const idempotencyKey = round === 0 ? context.idempotencyKey : `${context.idempotencyKey}:repair-${round}`;
  const { provider, model } = context.models.resolve(reference);
  let reply: ChatReply | undefined;
  for await (const event of provider.chat(
    { model, messages, ...settings, idempotencyKey, attempt },
    { fetch, signal },
  )) {
    if (event.type === "finished") reply = event.reply;
    else if (round === 0) context.say(event.text);
  }
  if (reply === undefined)
    throw badReply(`The model ${provider.name}/${model} ended its answer before it was finished.`);
  if (reply.toolCalls.length > 0 && !offersTools(settings)) {
    const names = reply.toolCalls.map(({ name }) => `"${name.slice(0, 60)}"`);
    throw badReply(`The model ${reply.model} called ${names.slice(0, 5).join(", ")}, but this node offers no tools.`);
  }
  return reply;
}

/** By `tools`, or in the provider's own form by `options`. */
function offersTools({ tools, options }: ModelRequest["settings"]): boolean {
  if (tools !== undefined && tools.length > 0) return true;
  return options?.["tools"] !== undefined || options?.["functions"] !== undefined;
}

/** The same question may be answered better the next time. */
function badReply(message: string): EdgewiseError {
  return new EdgewiseError({ code: "model_bad_reply", message, retryable: true });
}
