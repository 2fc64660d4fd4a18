import type { Json } from "./json.ts";

/** Stable machine-readable codes. Each has a line in docs/errors.md (a test holds that). */
export type ErrorCode =
  // requests
  | "invalid_request"
  | "invalid_json"
  | "invalid_namespace"
  | "payload_too_large"
  | "unsupported_media_type"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "thread_busy"
  | "idempotency_mismatch"
  | "unsupported"
  | "misconfigured"
  | "unavailable"
  | "internal"
  // graphs
  | "invalid_graph"
  | "unknown_graph"
  | "unknown_channel"
  | "expression_failed"
  | "condition_failed"
  | "conflicting_write"
  | "invalid_write"
  | "step_limit"
  | "invalid_output"
  | "failed_by_graph"
  | "http_failed"
  | "outcome_unknown"
  | "attempt_lost"
  | "wait_expired"
  | "value_too_large"
  | "node_failed"
  | "run_cancelled"
  | "run_paused"
  | "wait_over"
  | "invalid_answer"
  | "nothing_to_continue"
  | "budget_exceeded"
  | "state_too_large"
  | "migration_refused"
  | "compensation_failed"
  // models and outgoing calls
  | "unknown_model"
  | "model_unavailable"
  | "model_rate_limited"
  | "model_overloaded"
  | "model_refused"
  | "model_timeout"
  | "model_bad_reply"
  | "model_auth"
  | "context_too_long"
  | "egress_denied"
  | "egress_failed"
  | "egress_timeout"
  | "egress_too_large";

/** What crosses RPC, storage and the wire: those lose the class. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  /** Names the thing, what was wrong, and the way out. */
  readonly message: string;
  /** What the graph calls its own failure (`fail`); clients get it in place of the code. */
  readonly name?: string;
  /** Whether the same attempt may succeed later; the engine asks this, nobody reads the message. */
  readonly retryable: boolean;
  /** Earliest sensible moment of the next attempt, as a delay in milliseconds (from Retry-After). */
  readonly retryAfterMs?: number;
  /** JSON Pointer (RFC 6901) into the body or document that was wrong. */
  readonly pointer?: string;
  /** Node and attempt, once the error has passed through a task. */
  readonly node?: string;
  readonly attempt?: number;
  /** The provider's or platform's own words, shortened; never a secret. */
  readonly cause?: string;
  /** Further facts, such as the list of problems of a graph. */
  readonly details?: Json;
}

export class EdgewiseError extends Error {
  override readonly name: string = "EdgewiseError";
  readonly record: ErrorRecord;
  constructor(record: ErrorRecord) {
    super(record.message);
    this.record = record;
  }
  get code(): ErrorCode {
    return this.record.code;
  }
  get retryable(): boolean {
    return this.record.retryable;
  }
}

/** A final error (the same call would fail again). */
export function failure(code: ErrorCode, message: string, more: Partial<ErrorRecord> = {}): EdgewiseError {
  return new EdgewiseError({ code, message, retryable: false, ...more });
}

/** Anything thrown, as a record. What is not an {@link EdgewiseError} is a fault of ours: `internal`, final. Never throws. */
export function toErrorRecord(thrown: unknown): ErrorRecord {
  if (thrown instanceof EdgewiseError) return thrown.record;
  return { code: "internal", message: `Unexpected: ${textOf(thrown)}`, retryable: false };
}

/** What is thrown need not have a text: an object without a prototype has none, a getter may throw in its turn. */
function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message) : String(thrown);
  } catch {
    return "something that cannot be written as text";
  }
}

/** A reply that crosses RPC; errors as values, because a thrown error loses its class there. */
export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorRecord };

export function unwrap<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw new EdgewiseError(reply.error);
}
