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
}

/** A compiled CEL expression. Evaluation is pure, under fuel, and throws `expression_failed`. */
export interface Expression {
  readonly source: string;
  evaluate(scope: Scope): Json;
}

/** Text with `{{ expression }}` holes. Strings go in as they are, everything else as JSON. */
export interface Template {
  readonly source: string;
  render(scope: Scope): string;
}

/** Retry of retryable failures: attempts in all (1 = none), and the first delay, doubled each time. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly delayMs: number;
  readonly maxDelayMs: number;
}

export interface PlanNode {
  /** Position in the document, from 0 (R5). */
  readonly index: number;
  readonly id: string;
  readonly kind: string;
  /** What the node's kind made of its configuration; only that kind knows its type. */
  readonly compiled: unknown;
  readonly join: "all" | "each";
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly edges: readonly PlanEdge[];
}

/** `to` is a node index, or "end" (takes no task). */
export interface PlanEdge {
  readonly to: number | "end";
  readonly condition:
    | { readonly kind: "always" }
    | { readonly kind: "when"; readonly expression: Expression }
    | { readonly kind: "else" };
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
  readonly limits: { readonly steps: number; readonly concurrency: number };
  /** What the engine needs of all this. */
  readonly structure: Structure;
  /** Loops, heads and reach, computed from it (R3). */
  readonly topology: Topology;
}
