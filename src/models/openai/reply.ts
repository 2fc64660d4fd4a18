import { z } from "zod";
import type { ChatCall, ChatReply, Usage } from "../contract.ts";
import { badReply } from "../errors.ts";
import { costUsd } from "../prices.ts";
import { toToolCall } from "../tool-calls.ts";
import { wordUsage } from "../usage.ts";

/** What is read of a chunk of a streamed chat completion; the rest is ignored. */
const Chunk = z.object({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.string().nullish(),
            refusal: z.string().nullish(),
            tool_calls: z
              .array(
                z.object({
                  index: z.int().min(0).max(1_000).optional(),
                  id: z.string().nullish(),
                  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
                }),
              )
              .nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .max(16),
  usage: z
    .object({
      prompt_tokens: z.int().min(0),
      completion_tokens: z.int().min(0),
      prompt_tokens_details: z
        .object({ cached_tokens: z.int().min(0).nullish(), cache_write_tokens: z.int().min(0).nullish() })
        .nullish(),
    })
    .nullish(),
});
type Chunk = z.infer<typeof Chunk>;

const FINISH: Readonly<Record<string, ChatReply["finish"]>> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter",
};

/** Folds the chunks of one streamed completion into a reply. */
export class ReplyReader {
  readonly #call: ChatCall;
  #model: string;
  #text = "";
  #finishReason = "";
  #isRefusal = false;
  #usage: Chunk["usage"];
  readonly #toolCalls = new Map<number, { id: string; name: string; args: string }>();

  constructor(call: ChatCall) {
    this.#call = call;
    this.#model = call.model;
  }

  /** The text a chunk adds, which may be none. @throws EdgewiseError `model_bad_reply` for what is not a chunk. */
  read(event: unknown): string {
    const parsed = Chunk.safeParse(event);
    if (!parsed.success)
      throw badReply(`openai/${this.#call.model}`, "sent an event that is not a chat completion chunk");
    const { model, choices, usage } = parsed.data;
    this.#model = model || this.#model;
    this.#usage = usage ?? this.#usage;
    const choice = choices[0];
    if (!choice) return "";
    this.#finishReason = choice.finish_reason ?? this.#finishReason;
    this.#readToolCalls(choice.delta?.tool_calls ?? []);
    this.#isRefusal ||= Boolean(choice.delta?.refusal);
    const text = `${choice.delta?.content ?? ""}${choice.delta?.refusal ?? ""}`;
    this.#text += text;
    return text;
  }

  /** @throws EdgewiseError `model_bad_reply` when the stream ended before the answer did. */
  finish(): ChatReply {
    if (!this.#finishReason)
      throw badReply(`openai/${this.#call.model}`, "ended its stream before the end of the answer");
    const model = `openai/${this.#model}`;
    return {
      text: this.#text,
      toolCalls: [...this.#toolCalls.values()].map((toolCall) => toToolCall(model, toolCall)),
      // A refusal comes as text of its own and ends like any answer.
      finish: this.#isRefusal ? "content-filter" : (FINISH[this.#finishReason] ?? "stop"),
      usage: this.#usage ? toUsage(model, this.#usage) : wordUsage(this.#call, this.#text),
      model,
    };
  }

  #readToolCalls(deltas: NonNullable<NonNullable<Chunk["choices"][number]["delta"]>["tool_calls"]>): void {
    for (const [position, delta] of deltas.entries()) {
      const index = delta.index ?? position;
      const known = this.#toolCalls.get(index) ?? { id: "", name: "", args: "" };
      this.#toolCalls.set(index, {
        id: delta.id || known.id,
        name: delta.function?.name || known.name,
        args: known.args + (delta.function?.arguments ?? ""),
      });
    }
  }
}

function toUsage(model: string, usage: NonNullable<Chunk["usage"]>): Usage {
  const { prompt_tokens: input, completion_tokens: output, prompt_tokens_details: details } = usage;
  const cachedInput = Math.min(details?.cached_tokens ?? 0, input);
  const cacheWrite = Math.min(details?.cache_write_tokens ?? 0, input - cachedInput);
  const billed = { freshInput: input - cachedInput - cacheWrite, cachedInput, cacheWrite, output };
  return { inputTokens: input, outputTokens: output, unit: "tokens", costUsd: costUsd(model, billed) };
}
