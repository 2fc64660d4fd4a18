import type { ChatCall, ChatMessage } from "./contract.ts";
import { mostCostUsd, mostOutputTokens } from "./prices.ts";

/** What a call, or several about one answer, may use at most. */
export interface CallEstimate {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** 0 where no price is known. */
  readonly costUsd: number;
}

/**
 * There is no tokenizer in the Worker: its tables are larger than the Worker may be. Prose in common scripts and code have
 * 2.2 bytes of UTF-8 to a token or more, compact JSON and tables of numbers 1.5 or more (estimate.test.ts has what two
 * published tokenizers make of samples). UUIDs, base64, emoji and rare scripts have down to one: a prompt that is full of
 * those uses more than this says, and is settled by what it used.
 */
const BYTES_PER_TOKEN = 1.5;
/** What a provider writes around a message: its role, its ends. */
const TOKENS_PER_MESSAGE = 16;
/** The instructions that a provider adds where tools are offered. */
const TOKENS_FOR_OPTIONS = 600;
/** What a repair adds to the conversation beside the answer and the schema: the fault, and the words around it. */
const TOKENS_PER_REPAIR = 600;

/**
 * An upper bound of what a call may use, made of its texts and of the longest answer that it allows.
 * @param model `provider/model`
 * @param repairs how often the answer may be asked for again, with all answers before in the conversation
 */
export function estimateCall(
  model: string,
  call: Pick<ChatCall, "messages" | "maxTokens" | "responseSchema" | "tools" | "options">,
  repairs = 0,
): CallEstimate {
  const { messages, responseSchema, tools, options } = call;
  const schema = responseSchema === undefined ? 0 : tokensOf(JSON.stringify(responseSchema.schema));
  const added = options === undefined ? 0 : TOKENS_FOR_OPTIONS + tokensOf(JSON.stringify(options));
  const offered = tools === undefined ? 0 : TOKENS_FOR_OPTIONS + tokensOf(JSON.stringify(tools));
  const asked = messages.reduce((sum, message) => sum + tokensIn(message), 0) + schema + added + offered;
  const answer = longestAnswer(model, call, asked);
  let [inputTokens, outputTokens, costUsd] = [0, 0, 0];
  for (let round = 0; round <= repairs; round += 1) {
    const input = asked + round * (answer + schema + TOKENS_PER_REPAIR);
    inputTokens += input;
    outputTokens += answer;
    costUsd += mostCostUsd(model, { input, output: answer }) ?? 0;
  }
  return { inputTokens, outputTokens, costUsd };
}

function tokensIn({ content, toolCalls, toolCallId }: ChatMessage): number {
  const calls = toolCalls === undefined ? "" : JSON.stringify(toolCalls);
  return TOKENS_PER_MESSAGE + tokensOf(content) + tokensOf(calls) + tokensOf(toolCallId ?? "");
}

function tokensOf(text: string): number {
  return Math.ceil(byteLength(text) / BYTES_PER_TOKEN);
}

/** Of the text as UTF-8, without making it: prompts may be megabytes. */
function byteLength(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // Each half of a surrogate pair is two of its four bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

const BUILTIN_WORDS = 100;

/** Fields of `options` by which the providers take the limit, where the node's `max_tokens` does not say it. */
const OUTPUT_OPTIONS = ["max_completion_tokens", "max_tokens", "num_predict"] as const;

function longestAnswer(model: string, { maxTokens, options }: Pick<ChatCall, "maxTokens" | "options">, asked: number) {
  const optional = OUTPUT_OPTIONS.map((name) => options?.[name]).find((value) => isCount(value));
  const limit = maxTokens ?? optional ?? mostOutputTokens(model);
  // Several answers at once, as OpenAI's dialect offers.
  const answers = isCount(options?.["n"]) ? options["n"] : 1;
  // The built-in models say what they were given, or in a few words that they were given nothing.
  return (model.startsWith("builtin/") && maxTokens === undefined ? asked + BUILTIN_WORDS : limit) * answers;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}
