import type { ChatCall, ChatEvent, ModelIo, ModelProvider } from "../contract.ts";
import { errorOfEvent } from "../in-stream-error.ts";
import { wholeCharacters } from "../whole-characters.ts";
import { openWire, SDK_TIMEOUT_MS } from "../wire.ts";
import { ReplyReader } from "./reply.ts";
import { toRequest } from "./request.ts";

export interface AnthropicOptions {
  readonly apiKey: string;
  readonly baseUrl?: string;
}

export const ANTHROPIC_URL = "https://api.anthropic.com";

export function createAnthropic(options: AnthropicOptions): ModelProvider {
  return { contract: 1, name: "anthropic", chat: (call, io) => wholeCharacters(chat(options, call, io)) };
}

async function* chat(options: AnthropicOptions, call: ChatCall, io: ModelIo): AsyncGenerator<ChatEvent> {
  io.signal.throwIfAborted();
  const model = `anthropic/${call.model}`;
  const secrets = [options.apiKey];
  const wire = openWire({ model, io, dialect: "server-sent-events", secrets });
  // Imported here, so that a Worker which never calls Anthropic does not run the SDK's start-up code.
  const { APIError, Anthropic } = await import("@anthropic-ai/sdk");
  const client = new Anthropic({
    apiKey: options.apiKey,
    authToken: null,
    baseURL: options.baseUrl ?? ANTHROPIC_URL,
    fetch: wire.fetch,
    maxRetries: 0,
    timeout: SDK_TIMEOUT_MS,
    logLevel: "off",
  });
  const reader = new ReplyReader(call);
  try {
    const stream = await client.messages.create(toRequest(call), {
      headers: { "Idempotency-Key": call.idempotencyKey },
    });
    for await (const event of stream) {
      const text = reader.read(event);
      if (text) yield { type: "text-delta", text };
    }
    // The SDK ends a stream quietly when it was aborted.
    io.signal.throwIfAborted();
    yield { type: "finished", reply: reader.finish() };
  } catch (thrown) {
    const isEvent = thrown instanceof APIError && thrown.status === undefined && thrown.error !== undefined;
    throw wire.judge(
      isEvent ? errorOfEvent({ model, names: [thrown.type], message: thrown.message, secrets }) : thrown,
    );
  }
}
