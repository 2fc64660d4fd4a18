import { failure } from "../../../base/errors.ts";
import type { ChatCall, ChatEvent, ModelIo } from "../../contract.ts";
import { countWords } from "../../words.ts";
import { answer } from "./answer.ts";

/**
 * Extractive summary and question answering without weights: it quotes, it never writes. Deterministic, offline, free.
 * Rules of the input: see `readTask`; of the wording: see `readWish`.
 */
export async function* chatExtractive(call: ChatCall, io: ModelIo): AsyncGenerator<ChatEvent> {
  io.signal.throwIfAborted();
  if (call.responseSchema !== undefined) throw cannotStructure();
  const whole = answer(call.messages, call.maxTokens ?? Number.POSITIVE_INFINITY);
  const text = beforeStop(whole.text, call.stop ?? []);
  // A word at a time: what follows a stream sees it the way a model that writes would send it.
  for (const [piece] of text.matchAll(/\s*\S+\s*$|\s*\S+/g)) {
    io.signal.throwIfAborted();
    yield { type: "text-delta", text: piece };
  }
  const inputTokens = call.messages.reduce((sum, { content }) => sum + countWords(content), 0);
  yield {
    type: "finished",
    reply: {
      text,
      toolCalls: [],
      finish: whole.isCut && text === whole.text ? "length" : "stop",
      usage: { inputTokens, outputTokens: countWords(text), unit: "words", costUsd: 0 },
      model: "builtin/extractive",
    },
  };
}

/** Whose sentence belongs in which field is a judgement, and this model has none. */
function cannotStructure(): Error {
  return failure(
    "model_refused",
    "builtin/extractive quotes sentences and cannot answer in JSON; use another model for a node with `output`.",
  );
}

function beforeStop(text: string, stops: readonly string[]): string {
  const ends = stops
    .filter((stop) => stop !== "")
    .map((stop) => text.indexOf(stop))
    .filter((index) => index !== -1);
  return text.slice(0, Math.min(text.length, ...ends));
}
