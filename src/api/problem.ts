import { HTTPException } from "hono/http-exception";
import { type ErrorCode, type ErrorRecord, toErrorRecord } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";

/** Code → HTTP status, for the whole API. `thread_busy` is 422 where a run is started: LangGraph's clients expect that. */
export const STATUS: Record<ErrorCode, number> = {
  invalid_request: 400,
  invalid_json: 400,
  invalid_namespace: 422,
  payload_too_large: 413,
  unsupported_media_type: 415,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  thread_busy: 409,
  idempotency_mismatch: 422,
  unsupported: 422,
  misconfigured: 503,
  unavailable: 503,
  internal: 500,
  invalid_graph: 400,
  unknown_graph: 404,
  unknown_channel: 422,
  expression_failed: 422,
  condition_failed: 422,
  conflicting_write: 422,
  invalid_write: 422,
  step_limit: 422,
  invalid_output: 422,
  failed_by_graph: 422,
  http_failed: 502,
  outcome_unknown: 409,
  attempt_lost: 500,
  wait_expired: 504,
  value_too_large: 413,
  node_failed: 422,
  run_cancelled: 409,
  run_paused: 409,
  wait_over: 409,
  invalid_answer: 422,
  nothing_to_continue: 409,
  budget_exceeded: 402,
  state_too_large: 413,
  migration_refused: 409,
  compensation_failed: 500,
  unknown_model: 422,
  model_unavailable: 503,
  model_rate_limited: 429,
  model_overloaded: 503,
  model_refused: 422,
  model_timeout: 504,
  model_bad_reply: 502,
  model_auth: 502,
  context_too_long: 422,
  egress_denied: 403,
  egress_failed: 502,
  egress_timeout: 504,
  egress_too_large: 502,
};

const HTTP_CODES: Record<number, ErrorCode> = {
  400: "invalid_request",
  404: "not_found",
  405: "method_not_allowed",
  413: "payload_too_large",
  415: "unsupported_media_type",
};

/** Where LangGraph's clients knock: there a 400 also has the shape of the reference server. */
const LANGGRAPH_PATH = /^\/(?:threads|runs|assistants|store|internal)(?:\/|$)/;
const STARTS_RUN = /^(?:\/threads\/[^/]+)?\/runs(?:\/(?:wait|stream|batch))?$/;

export interface ProblemPlace {
  readonly method: string;
  readonly path: string;
}

/** Anything thrown while a request was handled, as a record. Only what is a fault of ours stays `internal`. */
export function recordOf(thrown: unknown): ErrorRecord {
  if (!(thrown instanceof HTTPException)) return toErrorRecord(thrown);
  const code = HTTP_CODES[thrown.status] ?? (thrown.status < 500 ? "invalid_request" : "internal");
  return { code, message: thrown.message, retryable: false };
}

export function statusOf(record: ErrorRecord, place: ProblemPlace): number {
  const starts = place.method === "POST" && STARTS_RUN.test(place.path);
  return record.code === "thread_busy" && starts ? 422 : STATUS[record.code];
}

/** RFC 9457. `detail` says what was wrong and the way out; `pointer` where, in the body or document. */
export function problemResponse(record: ErrorRecord, place: ProblemPlace): Response {
  const status = statusOf(record, place);
  const body = JSON.stringify(problemBody(forStrangers(record), status, place));
  const headers = new Headers({ "content-type": "application/problem+json" });
  if (status === 401) headers.set("www-authenticate", 'Bearer realm="edgewise"');
  if (record.retryAfterMs !== undefined) headers.set("retry-after", String(Math.ceil(record.retryAfterMs / 1000)));
  return new Response(body, { status, headers });
}

/** What failed inside us is in our log; whoever asked gets no inner text. */
export function forStrangers(record: ErrorRecord): ErrorRecord {
  if (record.code !== "internal") return record;
  const message = "Something failed inside the server; the request id names it in its log.";
  return { code: "internal", message, retryable: record.retryable };
}

function problemBody(record: ErrorRecord, status: number, place: ProblemPlace): JsonObject {
  const { code, message: detail, retryable, pointer, node, attempt, cause, details } = record;
  const problem = { type: `urn:edgewise:error:${code}`, title: titleOf(code), status, detail, code, retryable };
  // Absent members are left out by JSON.stringify.
  const extensions = { pointer, node, attempt, cause, details } as JsonObject;
  const zod = status === 400 && LANGGRAPH_PATH.test(place.path) ? zodShape(record) : {};
  return { ...problem, ...extensions, ...zod };
}

function titleOf(code: ErrorCode): string {
  const words = code.replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

/** What the reference server answers to a body that its schema refuses; clients of its type read `error.issues`. */
function zodShape(record: ErrorRecord): JsonObject {
  const issues: Json = Array.isArray(record.details)
    ? record.details
    : [{ code: "custom", path: [], message: record.message }];
  return { success: false, error: { issues, name: "ZodError" } };
}
