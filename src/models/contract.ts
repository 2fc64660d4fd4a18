import type { Json, JsonObject } from "../base/json.ts";

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** Parsed arguments. */
  readonly args: Json;
}

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string;
  readonly toolCalls?: readonly ToolCall[];
  /** For role "tool": which call it answers. */
  readonly toolCallId?: string;
}

/** What an answer is to be: one JSON value. `name` has letters, digits, `_` and `-`, 64 at most. */
export interface ResponseSchema {
  readonly name: string;
  /** JSON Schema (2020-12), not larger or deeper than a graph's document may be. */
  readonly schema: JsonObject;
}

/** A tool that a model may call. */
export interface ToolSpec {
  /** Letters, digits, `_` and `-`, 64 at most. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema (2020-12) of its arguments. */
  readonly parameters: JsonObject;
}

export interface ChatCall {
  /** The model's name at its provider, without the provider's. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly temperature?: number;
  /** In the provider's tokens. */
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  /**
   * The answer's text is to be JSON that fits this, and nothing else. A provider asks for it by the best means it has, or
   * refuses (`model_refused`); what comes is for the caller to check.
   */
  readonly responseSchema?: ResponseSchema;
  /** What the model may call; a provider tells it in its own form. */
  readonly tools?: readonly ToolSpec[];
  /** What only this provider understands, as the document's `options` say it. */
  readonly options?: JsonObject;
  /** Stable over all attempts of one task (G5); handed to providers that take one. */
  readonly idempotencyKey: string;
  readonly attempt: number;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** What is counted: a provider's tokens, or words for the built-in models. */
  readonly unit: "tokens" | "words";
  /** US dollars; null where no price is known. */
  readonly costUsd: number | null;
}

export interface ChatReply {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly finish: "stop" | "length" | "tool-calls" | "content-filter";
  readonly usage: Usage;
  /** `provider/model` as it answered. */
  readonly model: string;
}

export type ChatEvent =
  | { readonly type: "text-delta"; readonly text: string }
  /** Exactly once, last; a stream that ends without it was truncated (`model_bad_reply`, retryable). */
  | { readonly type: "finished"; readonly reply: ChatReply };

/** Handed in, never global. */
export interface ModelIo {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/**
 * A service that answers model calls. Every failure is an EdgewiseError with a `model_*`, `egress_*` or
 * `context_too_long` code, whose `retryable` says what to do; providers never retry by themselves.
 */
export interface ModelProvider {
  readonly contract: 1;
  readonly name: string;
  chat(call: ChatCall, io: ModelIo): AsyncIterable<ChatEvent>;
}

/** Finds the provider of a reference such as `openai/gpt-5-mini`, `builtin/extractive` or `default`. */
export interface Models {
  /** @throws EdgewiseError `unknown_model`, `model_unavailable` (no key configured), naming the way out. */
  resolve(reference: string): { readonly provider: ModelProvider; readonly model: string };
}
