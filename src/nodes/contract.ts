import type { z } from "zod";
import type { Json } from "../base/json.ts";
import type { NodeCompiler, NodeDefaults } from "../graph/kinds.ts";
import type { Models, Usage } from "../models/contract.ts";
import type { Scope } from "../graph/plan.ts";
import type { Write } from "../engine/types.ts";

/** A message as LangGraph's clients know it (langgraph-protocol, section 3): flat, `type` says who speaks. */
export interface AiMessage {
  readonly type: "ai";
  readonly id: string;
  readonly content: string;
  readonly tool_calls: readonly Json[];
  readonly invalid_tool_calls: readonly Json[];
  readonly additional_kwargs: { readonly [key: string]: Json };
  readonly response_metadata: { readonly [key: string]: Json };
  readonly usage_metadata?: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly total_tokens: number;
  };
}

export interface NodeResult {
  readonly writes: readonly Write[];
  readonly usage?: Usage & { readonly model: string };
  /** What the node said, for the `messages` stream; its text has been streamed by `say` before. */
  readonly message?: AiMessage;
}

/** What a task may use while it runs. */
export interface NodeContext {
  readonly scope: Scope;
  readonly node: string;
  readonly attempt: number;
  /** Stable over attempts (G5). */
  readonly idempotencyKey: string;
  /** Id for the message this attempt streams; differs between attempts, so that followers never join two attempts' text. */
  readonly messageId: string;
  readonly signal: AbortSignal;
  readonly fetch: typeof fetch;
  readonly models: Models;
  /** Streams a piece of the message with id `messageId`. */
  say(text: string): void;
  /** Streams a custom event. */
  emit(value: Json): void;
}

/**
 * A kind of node: how its part of a document looks, and how it runs.
 * `run` may answer at once (pure kinds) or with a promise; it fails by throwing an EdgewiseError.
 */
export interface NodeKind<Config, Compiled> {
  readonly kind: string;
  readonly summary: string;
  /** Of the node's own fields, without the common ones (`kind`, `join`, `retry`, `timeout`, `description`). */
  readonly schema: z.ZodType<Config>;
  /** Retry and timeout where the document says nothing; else one attempt and 120 s. */
  readonly defaults?: NodeDefaults;
  readonly effect: "pure" | "idempotent" | "unsafe";
  /** Checks expressions, templates and channel names; problems go to the compiler, with their path. */
  compile(config: Config, compiler: NodeCompiler): Compiled;
  run(compiled: Compiled, context: NodeContext): NodeResult | Promise<NodeResult>;
}
