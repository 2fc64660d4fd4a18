import { z } from "zod";
import type { ChatCall, ChatReply, Usage } from "../contract.ts";
import { badReply } from "../errors.ts";
import { costUsd } from "../prices.ts";
import { toToolCall } from "../tool-calls.ts";

const Count = z.int().min(0).nullish();
const UsageCounts = z.object({
  input_tokens: Count,
  output_tokens: Count,
  cache_read_input_tokens: Count,
  cache_creation_input_tokens: Count,
});

/** The events of a streamed message that are read; those of other types are ignored, as the API asks of its clients. */
const StreamEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("message_start"), message: z.object({ model: z.string(), usage: UsageCounts }) }),
  z.object({
    type: z.literal("content_block_start"),
    index: z.int(),
    content_block: z.object({
      type: z.string(),
      text: z.string().optional(),
      id: z.string().optional(),
      name: z.string().optional(),
    }),
  }),
  z.object({
    type: z.literal("content_block_delta"),
    index: z.int(),
    delta: z.object({ type: z.string(), text: z.string().optional(), partial_json: z.string().optional() }),
  }),
  z.object({
    type: z.literal("message_delta"),
    delta: z.object({ stop_reason: z.string().nullish() }),
    usage: UsageCounts.nullish(),
  }),
  z.object({ type: z.literal("message_stop") }),
]);
type StreamEvent = z.infer<typeof StreamEvent>;
const TYPES: ReadonlySet<unknown> = new Set(StreamEvent.options.map((option) => option.shape.type.value));

const FINISH: Readonly<Record<string, ChatReply["finish"]>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool-calls",
  refusal: "content-filter",
};

/** Folds the events of one streamed message into a reply. */
export class ReplyReader {
  readonly #name: string;
  #model: string;
  #text = "";
  #stopReason = "";
  #isComplete = false;
  #usage: z.infer<typeof UsageCounts> = {};
  readonly #toolCalls = new Map<number, { readonly id: string; readonly name: string; args: string }>();

  constructor(call: ChatCall) {
    this.#name = `anthropic/${call.model}`;
    this.#model = this.#name;
  }

  /** The text an event adds, which may be none. @throws EdgewiseError `model_bad_reply` for what is not an event. */
  read(event: unknown): string {
    const type: unknown = typeof event === "object" && event !== null && "type" in event ? event.type : undefined;
    if (typeof type === "string" && !TYPES.has(type)) return "";
    const parsed = StreamEvent.safeParse(event);
    if (!parsed.success) throw badReply(this.#name, "sent an event that is not one of a message's stream");
    const text = this.#apply(parsed.data);
    this.#text += text;
    return text;
  }

  /** @throws EdgewiseError `model_bad_reply` when the stream ended before the answer did. */
  finish(): ChatReply {
    if (!this.#isComplete) throw badReply(this.#name, "ended its stream before the end of the answer");
    return {
      text: this.#text,
      toolCalls: [...this.#toolCalls.values()].map((toolCall) => toToolCall(this.#name, toolCall)),
      finish: FINISH[this.#stopReason] ?? "stop",
      usage: toUsage(this.#model, this.#usage),
      model: this.#model,
    };
  }

  #apply(event: StreamEvent): string {
    switch (event.type) {
      case "message_start":
        this.#model = `anthropic/${event.message.model}`;
        this.#usage = event.message.usage;
        return "";
      case "content_block_start": {
        const { type, id = "", name = "", text = "" } = event.content_block;
        if (type === "tool_use") this.#toolCalls.set(event.index, { id, name, args: "" });
        return type === "text" ? text : "";
      }
      case "content_block_delta": {
        const toolCall = this.#toolCalls.get(event.index);
        if (toolCall) toolCall.args += event.delta.partial_json ?? "";
        return event.delta.type === "text_delta" ? (event.delta.text ?? "") : "";
      }
      case "message_delta":
        this.#stopReason = event.delta.stop_reason ?? this.#stopReason;
        // Counts in later events are cumulative; those left out stand as they were.
        this.#usage = { ...this.#usage, ...withoutNulls(event.usage ?? {}) };
        return "";
      case "message_stop":
        this.#isComplete = true;
        return "";
      default:
        return event satisfies never;
    }
  }
}

function withoutNulls(counts: z.infer<typeof UsageCounts>): z.infer<typeof UsageCounts> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => typeof count === "number"));
}

function toUsage(model: string, counts: z.infer<typeof UsageCounts>): Usage {
  const freshInput = counts.input_tokens ?? 0;
  const cachedInput = counts.cache_read_input_tokens ?? 0;
  const cacheWrite = counts.cache_creation_input_tokens ?? 0;
  const output = counts.output_tokens ?? 0;
  return {
    inputTokens: freshInput + cachedInput + cacheWrite,
    outputTokens: output,
    unit: "tokens",
    costUsd: costUsd(model, { freshInput, cachedInput, cacheWrite, output }),
  };
}
