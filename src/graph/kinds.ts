import type { z } from "zod";
import type { Json, JsonObject } from "../base/json.ts";
import type {
  Effect,
  Expression,
  Plan,
  RetryPolicy,
  SharedChannels,
  Template,
  ValueSchema,
  ValueTemplate,
} from "./plan.ts";
import type { ReducerName } from "./channels.ts";
import type { Local } from "./expression/globals.ts";

/** Handed to a node kind so that it can check its configuration without knowing documents. Paths are relative to the node. */
export interface NodeCompiler {
  /** Parses and type-checks, `locals` being known besides; a mistake becomes a problem at that path, and the returned expression is never evaluated. */
  expression(source: string, path: readonly (string | number)[], locals?: readonly Local[]): Expression;
  template(source: string, path: readonly (string | number)[]): Template;
  /** A value whose texts, at any depth, are templates, `locals` being known besides. */
  value(value: Json, path: readonly (string | number)[], locals?: readonly Local[]): ValueTemplate;
  /** Checks a JSON Schema; one that is none, or too large, is a problem, and the returned one takes everything. */
  schema(schema: Json, path: readonly (string | number)[]): ValueSchema;
  /** Declares an edge that the node's result may take by naming `to`, a node's id or "end"; an unknown one is a problem. `label` tells in drawings when. */
  target(to: string, path: readonly (string | number)[], label?: string): void;
  /**
   * The graph that a composite's frames run (R10): a name under the document's `graphs`, or a graph in place. Undefined
   * (and problems) where it is broken. Called once at most by a kind.
   */
  inside(source: Json, path: readonly (string | number)[], locals: readonly ("item" | "index")[]): Inside | undefined;
  /** Checks that a channel exists and says what it is; undefined (and a problem) where it does not. `use`: "writes" if left out. */
  channel(
    name: string,
    path: readonly (string | number)[],
    use?: "writes" | "reads" | "both",
  ): KnownChannel | undefined;
  /** Another node of the graph, as the document has it; undefined (and a problem) where there is none. */
  node(id: string, path: readonly (string | number)[]): JsonObject | undefined;
  /** An error, unless `more` says that it is less. */
  problem(code: string, message: string, path: readonly (string | number)[], more?: ProblemMore): void;
}

export interface KnownChannel {
  readonly reducer: ReducerName;
  readonly default?: Json;
  readonly schema?: ValueSchema;
}

export interface ProblemMore {
  readonly severity?: "warning" | "hint";
  /** The way out. */
  readonly hint?: string;
  /** What is meant is the key, not its value. */
  readonly atKey?: boolean;
}

export interface Inside {
  readonly plan: Plan;
  /** Channels of one name inside and outside. */
  readonly common: readonly { readonly name: string; readonly sameReducer: boolean }[];
  /** Compile what is evaluated on the state of the inner graph when a frame is over, such as outputs. */
  expression(source: string, path: readonly (string | number)[]): Expression;
  /** Checks a channel of the inner graph. */
  channel(name: string, path: readonly (string | number)[]): { readonly reducer: ReducerName } | undefined;
}

/** What the graph language needs to know of a node kind; `src/nodes` supplies them. */
export interface NodeKindSpec {
  readonly kind: string;
  readonly schema: z.ZodType<unknown>;
  /** What an attempt may do outside, where neither the document nor `effectOf` says it. */
  readonly effect: Effect;
  /** Its results may send (R1) to the targets that its nodes declare. */
  readonly sends?: boolean;
  /** What a node of this kind has where its document says nothing. */
  readonly defaults?: NodeDefaults;
  compile(config: never, compiler: NodeCompiler): unknown;
  /** For a kind whose nodes differ: what an attempt at this one may do. */
  effectOf?(compiled: never): Effect;
  /** Of a composite kind: what its frames share with the outside. */
  shares?(compiled: never): SharedChannels;
  /** Of a composite kind: an activation has a frame for each of several items. */
  readonly many?: boolean;
  /** Of a composite kind: a frame begins with the state that the one before it left. */
  readonly carries?: boolean;
  /** Of a composite kind: its frames begin at nodes that no edge leads to, which `begins` names, and not at its start. */
  readonly calls?: boolean;
  /** Of a composite kind, a saga: when its graph has failed, what was done in it is undone (`undo` of its nodes). */
  readonly holds?: boolean;
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
