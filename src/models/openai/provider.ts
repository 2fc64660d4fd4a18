import type { ChatCall, ChatEvent, ModelIo, ModelProvider } from "../contract.ts";
import { errorOfEvent } from "../in-stream-error.ts";
import { wholeCharacters } from "../whole-characters.ts";
import { openWire, SDK_TIMEOUT_MS } from "../wire.ts";
import { ReplyReader } from "./reply.ts";
import { toRequest } from "./request.ts";

export interface OpenAiOptions {
  readonly apiKey: string;
  /** Where an OpenAI-compatible server listens, with its version: `https://api.openai.com/v1`. */
  readonly baseUrl?: string;
}

export const OPENAI_URL = "https://api.openai.com/v1";

export function createOpenAi(options: OpenAiOptions): ModelProvider {
  return { contract: 1, name: "openai", chat: (call, io) => wholeCharacters(chat(options, call, io)) };
}

async function* chat(options: OpenAiOptions, call: ChatCall, io: ModelIo): AsyncGenerator<ChatEvent> {
  io.signal.throwIfAborted();
  const model = `openai/${call.model}`;
  const secrets = [options.apiKey];
  const wire = openWire({ model, io, dialect: "server-sent-events", secrets });
  // Imported here, so that a Worker which never calls OpenAI does not run the SDK's start-up code.
  const { APIError, OpenAI } = await import("openai");
  const client = new OpenAI({
    apiKey: options.apiKey,
    baseURL: options.baseUrl ?? OPENAI_URL,
    organization: null,
    project: null,
    fetch: wire.fetch,
    maxRetries: 0,
    timeout: SDK_TIMEOUT_MS,
    logLevel: "off",
  });
  const reader = new ReplyReader(call);
  try {
    const stream = await client.chat.completions.create(toRequest(call), {
      headers: { "Idempotency-Key": call.idempotencyKey },
    });
    for await (const chunk of stream) {
      const text = reader.read(chunk);
      if (text) yield { type: "text-delta", text };
    }
    // The SDK ends a stream quietly when it was aborted.
    io.signal.throwIfAborted();
    yield { type: "finished", reply: reader.finish() };
  } catch (thrown) {
    const isEvent = thrown instanceof APIError && thrown.status === undefined && thrown.error !== undefined;
    throw wire.judge(
      isEvent ? errorOfEvent({ model, names: [thrown.code, thrown.type], message: thrown.message, secrets }) : thrown,
    );
  }
}
