import type { Json, JsonObject } from "../base/json.ts";
import type { Channel } from "./channels.ts";
import type { Structure } from "./structure.ts";
import type { Topology } from "./topology.ts";

/** What an expression may read. `read` throws an EdgewiseError for a channel in conflict (R6). */
export interface Scope {
  /** The channel's folded value, or undefined while it is absent. */
  read(channel: string): Json | undefined;
  /** The payload of the send that activated the task, if there was one. */
  readonly payload?: Json;
  /** What else has a name: see {@link GlobalName}. One that is not here is absent. */
  readonly globals?: Globals;
}

/**
 * `vars`: the graph's variables. `params`: the run's parameters, defaults filled in. `config`, `context`: what the run was
 * started with (`config.configurable`, `context`). `run`: `{id, thread_id, started_at}`, the time as RFC 3339 text. Within
 * the graph of a `map`: `item` and `index`. Where a gate judges one: `answer`; where it asks several: `answers`.
 */
export type GlobalName = "vars" | "params" | "config" | "context" | "run" | "item" | "index" | "answer" | "answers";
export type Globals = Readonly<Partial<Record<GlobalName, Json>>>;

/** A compiled CEL expression. Evaluation is pure, under fuel, and throws `expression_failed`. */
export interface Expression {
  readonly source: string;
  evaluate(scope: Scope): Json;
}

/** Text with `{{ expression }}` holes. Strings go in as they are, everything else as JSON, or each value as `write` says. */
export interface Template {
  readonly source: string;
  render(scope: Scope, write?: (value: Json) => string): string;
}

/** A JSON value whose texts are templates. A text that is one hole and nothing else becomes the hole's value, type and all. */
export interface ValueTemplate {
  evaluate(scope: Scope): Json;
}

/** What repeating a node may do to the world outside (design, section 3). */
export type Effect = "pure" | "idempotent" | "unsafe";

/** Results that are kept and used again for the same key: what `key` gives, or else all that the node reads. */
export interface CachePolicy {
  readonly ttlMs: number;
  readonly key?: Expression;
}

/** What follows a final failure: a declared target, or else the node's own edges; and where the error is written. */
export interface ErrorPolicy {
  readonly to?: number | "end";
  readonly write?: string;
}

/** Retry of retryable failures: attempts in all (1 = none), and the first delay, doubled each time. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly delayMs: number;
  readonly maxDelayMs: number;
}

/** Channels of one name inside and outside of a composite that are one (R10). */
export interface SharedChannels {
  /** Those that a frame begins with as its task sees them. */
  readonly begin: readonly string[];
  /** Those whose writes leave the frame as writes. */
  readonly leave: readonly string[];
}

export interface PlanNode {
  /** Position in the document, from 0 (R5). */
  readonly index: number;
  readonly id: string;
  /** What streams and states call it, where that is not its id; see `shownName`. It reads no channel. */
  readonly shownAs?: Template;
  readonly kind: string;
  /** What the node's kind made of its configuration; only that kind knows its type. */
  readonly compiled: unknown;
  readonly join: "all" | "each";
  readonly retry: RetryPolicy;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** Until it streams something, and between two pieces of that. */
  readonly firstMs?: number;
  readonly idleMs?: number;
  readonly effect: Effect;
  /** Of an unsafe node whose attempt died without an outcome: it waits for somebody who knows, or is made again. */
  readonly onUnknown?: "ask" | "retry";
  readonly cache?: CachePolicy;
  readonly onError?: ErrorPolicy;
  /** Channels that its own expressions read (those of its edges' conditions not included), and those it may write. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Of a composite kind (R10): the graph that each of its frames runs. */
  readonly inside?: Plan;
  readonly shares?: SharedChannels;
  /** It has a frame for each of several items. */
  readonly many?: boolean;
  /** A frame begins with the state that the one before it left. */
  readonly carries?: boolean;
  /** A saga: when its graph has failed, what was done in it is undone, and what fails then holds it. */
  readonly holds?: boolean;
  /** Within a saga: the node that undoes what this one did. */
  readonly undo?: number;
  readonly edges: readonly PlanEdge[];
}

/** `to` is a node index, or "end" (takes no task). */
export interface PlanEdge {
  readonly to: number | "end";
  /** It sends (R1): one activation of its target for each item of the list, with the item as payload. */
  readonly send?: { readonly expression: Expression; readonly reads: readonly string[] };
  readonly condition:
    | { readonly kind: "always" }
    /** `reads`: the channels it may read. */
    | { readonly kind: "when"; readonly expression: Expression; readonly reads: readonly string[] }
    | { readonly kind: "else" }
    /** Declared by the node's own configuration; taken when its result names the target. `label`: when, for drawings; `sends`: the result may send there too. */
    | { readonly kind: "goto"; readonly label?: string; readonly sends?: true };
}

/** What a run may be given beside its input, in `context` or in `config.configurable`; the former wins. */
export interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly default?: Json;
  readonly schema?: ValueSchema;
}

/** A checked JSON Schema (2020-12), ready to judge values. */
export interface ValueSchema {
  readonly document: JsonObject;
  /** The first way in which a value breaks it, `path` into the value; undefined when it does not. Never throws; bounded work. */
  check(value: Json): { readonly path: readonly (string | number)[]; readonly message: string } | undefined;
}

/** Absent: without limit. */
export interface Limits {
  /** Longest chain of tasks. */
  readonly steps: number;
  /** Tasks running at once. */
  readonly concurrency: number;
  /** Tokens of models, in and out together, and US dollars, of the whole run. */
  readonly tokens?: number;
  readonly costUsd?: number;
  /** From a run's start to its end, milliseconds. */
  readonly timeMs?: number;
  /** UTF-16 units of the whole state as JSON. */
  readonly state?: number;
  /** Composites in composites. */
  readonly depth?: number;
}

/** Nodes, by their ids, before and after which a run stops; "*": all of them. */
export interface Breakpoints {
  readonly before: readonly string[] | "*";
  readonly after: readonly string[] | "*";
}

export interface Defaults {
  readonly config: JsonObject;
  readonly context: JsonObject;
}

/** An immutable, checked graph: what a run is pinned to. */
export interface Plan {
  readonly id: string;
  readonly name: string;
  /** SHA-256 (hex) of the canonical JSON of the document; equal documents, equal hash. */
  readonly hash: string;
  readonly document: JsonObject;
  readonly channels: readonly Channel[];
  readonly nodes: readonly PlanNode[];
  readonly starts: readonly PlanEdge[];
  /** Channels that an input may set, and those a result shows. */
  readonly input: readonly string[];
  readonly output: readonly string[];
  /** Of the whole input and the whole result, where the document gives `input` or `output` as a JSON Schema. */
  readonly inputSchema?: ValueSchema;
  readonly outputSchema?: ValueSchema;
  /** What the document says clients are told of the state; no value is judged by it. */
  readonly stateSchema?: ValueSchema;
  /** By channel, where the channel has a schema. */
  readonly channelSchemas: ReadonlyMap<string, ValueSchema>;
  readonly variables: JsonObject;
  readonly parameters: readonly Parameter[];
  readonly configSchema?: ValueSchema;
  readonly contextSchema?: ValueSchema;
  readonly limits: Limits;
  readonly breakpoints?: Breakpoints;
  /** Of `config.configurable` and of `context`: what holds where assistant, thread and run say nothing. */
  readonly defaults?: Defaults;
  /** What a task's final failure without an `on_error` does to the rest: it goes on (R9), or the run stops. */
  readonly onFailure: "continue" | "stop";
  /** What the engine needs of all this. */
  readonly structure: Structure;
  /** Loops, heads and reach, computed from it (R3). */
  readonly topology: Topology;
}
