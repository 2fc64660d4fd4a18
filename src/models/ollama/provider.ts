import type { ChatCall, ChatEvent, ModelIo, ModelProvider } from "../contract.ts";
import { badReply, shortCause } from "../errors.ts";
import { wholeCharacters } from "../whole-characters.ts";
import { openWire } from "../wire.ts";
import { ReplyReader } from "./reply.ts";
import { toRequest } from "./request.ts";

export interface OllamaOptions {
  /** Where Ollama listens: usually `http://127.0.0.1:11434`. */
  readonly baseUrl: string;
}

export function createOllama(options: OllamaOptions): ModelProvider {
  return { contract: 1, name: "ollama", chat: (call, io) => wholeCharacters(chat(options, call, io)) };
}

async function* chat(options: OllamaOptions, call: ChatCall, io: ModelIo): AsyncGenerator<ChatEvent> {
  io.signal.throwIfAborted();
  const model = `ollama/${call.model}`;
  const wire = openWire({ model, io, dialect: "json-lines", secrets: [] });
  // Imported here, so that a Worker which never calls Ollama does not run the client's start-up code.
  const { Ollama } = await import("ollama/browser");
  const client = new Ollama({ host: options.baseUrl, fetch: wire.fetch });
  const reader = new ReplyReader(call);
  let isFinished = false;
  try {
    const stream = await client.chat(toRequest(call));
    try {
      for await (const line of stream) {
        const text = reader.read(line);
        if (text) yield { type: "text-delta", text };
      }
      isFinished = true;
    } finally {
      // The client does not end the request by itself when its reader stops early.
      if (!isFinished) stream.abort();
    }
    yield { type: "finished", reply: reader.finish() };
  } catch (thrown) {
    throw wire.judge(thrown instanceof Error ? named(thrown, model) : thrown);
  }
}

/** The client reports both an `error` line and a missing last line as a plain Error. */
function named(thrown: Error, model: string): Error {
  if (thrown.constructor !== Error) return thrown;
  return badReply(model, "broke its answer off", shortCause(thrown.message));
}
