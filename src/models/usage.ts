import type { ChatCall, Usage } from "./contract.ts";
import { countWords } from "./words.ts";

/** For a provider that says nothing of usage: words, named as such, and no price, because none is quoted for words. */
export function wordUsage(call: ChatCall, text: string): Usage {
  const inputTokens = call.messages.reduce((sum, { content }) => sum + countWords(content), 0);
  return { inputTokens, outputTokens: countWords(text), unit: "words", costUsd: null };
}
