import { z } from "zod";
import type { ChatCall, ChatReply } from "../contract.ts";
import { badReply } from "../errors.ts";
import { costUsd } from "../prices.ts";
import { wordUsage } from "../usage.ts";

/** What is read of a line of a streamed chat; the rest is ignored. */
const Line = z.object({
  model: z.string().optional(),
  message: z
    .object({
      content: z.string().nullish(),
      tool_calls: z
        .array(
          z.object({
            id: z.string().optional(),
            function: z.object({ name: z.string(), arguments: z.json().optional() }),
          }),
        )
        .nullish(),
    })
    .optional(),
  done: z.boolean(),
  done_reason: z.string().nullish(),
  prompt_eval_count: z.int().min(0).nullish(),
  eval_count: z.int().min(0).nullish(),
});
type Line = z.infer<typeof Line>;

/** Folds the lines of one streamed chat into a reply. */
export class ReplyReader {
  readonly #call: ChatCall;
  readonly #name: string;
  #text = "";
  #last: Line | undefined;
  readonly #toolCalls: ChatReply["toolCalls"][number][] = [];

  constructor(call: ChatCall) {
    this.#call = call;
    this.#name = `ollama/${call.model}`;
  }

  /** The text a line adds, which may be none. @throws EdgewiseError `model_bad_reply` for what is not such a line. */
  read(line: unknown): string {
    const parsed = Line.safeParse(line);
    if (!parsed.success) throw badReply(this.#name, "sent a line that is not part of a chat");
    const { message, done } = parsed.data;
    if (done) this.#last = parsed.data;
    for (const { id, function: called } of message?.tool_calls ?? []) {
      // Not every version numbers its calls; the place in the answer is as good a name.
      const toolCall = { id: id ?? `call_${this.#toolCalls.length}`, name: called.name, args: called.arguments ?? {} };
      this.#toolCalls.push(toolCall);
    }
    const text = message?.content ?? "";
    this.#text += text;
    return text;
  }

  /** @throws EdgewiseError `model_bad_reply` when the stream ended before the answer did. */
  finish(): ChatReply {
    if (!this.#last) throw badReply(this.#name, "ended its stream before the end of the answer");
    const { model, done_reason: reason, prompt_eval_count: input, eval_count: output } = this.#last;
    const answered = `ollama/${model ?? this.#call.model}`;
    const isCounted = typeof output === "number";
    // A prompt that was still in memory is not evaluated again and not counted.
    const tokens = { freshInput: input ?? 0, cachedInput: 0, cacheWrite: 0, output: output ?? 0 };
    return {
      text: this.#text,
      toolCalls: this.#toolCalls,
      finish: this.#toolCalls.length > 0 ? "tool-calls" : reason === "length" ? "length" : "stop",
      usage: isCounted
        ? { inputTokens: input ?? 0, outputTokens: output, unit: "tokens", costUsd: costUsd(answered, tokens) }
        : wordUsage(this.#call, this.#text),
      model: answered,
    };
  }
}
