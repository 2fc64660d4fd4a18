import type { z } from "zod";
import type { Expression, RetryPolicy, Template } from "./plan.ts";
import type { ReducerName } from "./channels.ts";

/** Handed to a node kind so that it can check its configuration without knowing documents. Paths are relative to the node. */
export interface NodeCompiler {
  /** Parses and type-checks; a mistake becomes a problem at that path, and the returned expression is never evaluated. */
  expression(source: string, path: readonly (string | number)[]): Expression;
  template(source: string, path: readonly (string | number)[]): Template;
  /** Checks that a channel exists and says how it folds; undefined (and a problem) where it does not. */
  channel(name: string, path: readonly (string | number)[]): { readonly reducer: ReducerName } | undefined;
  problem(code: string, message: string, path: readonly (string | number)[]): void;
}

/** What the graph language needs to know of a node kind; `src/nodes` supplies them. */
export interface NodeKindSpec {
  readonly kind: string;
  readonly schema: z.ZodType<unknown>;
  /** What a node of this kind has where its document says nothing. */
  readonly defaults?: NodeDefaults;
  compile(config: never, compiler: NodeCompiler): unknown;
}

export interface NodeDefaults {
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
}

/** One attempt; a kind whose failures may pass with time says more. */
export const NODE_DEFAULTS: NodeDefaults = {
  retry: { attempts: 1, delayMs: 500, maxDelayMs: 30_000 },
  timeoutMs: 120_000,
};

export type NodeKindSpecs = ReadonlyMap<string, NodeKindSpec>;
