/** What the gateway refuses with, and what it tells of failed hosts. The vocabulary is closed: metrics count by it. */
export const PROBLEMS = {
  unauthorized: { status: 401, type: "authentication_error" },
  model_not_allowed: { status: 403, type: "permission_error" },
  not_found: { status: 404, type: "not_found_error" },
  model_not_found: { status: 404, type: "not_found_error" },
  method_not_allowed: { status: 405, type: "invalid_request_error" },
  invalid_request: { status: 400, type: "invalid_request_error" },
  body_too_large: { status: 413, type: "invalid_request_error" },
  unsupported_media_type: { status: 415, type: "invalid_request_error" },
  queue_full: { status: 429, type: "rate_limit_error" },
  wait_too_long: { status: 429, type: "rate_limit_error" },
  no_host: { status: 503, type: "service_unavailable_error" },
  draining: { status: 503, type: "service_unavailable_error" },
  host_failed: { status: 502, type: "upstream_error" },
  host_timeout: { status: 504, type: "upstream_error" },
  host_broke_off: { status: 502, type: "upstream_error" },
  load_failed: { status: 503, type: "upstream_error" },
} as const satisfies Record<string, { readonly status: number; readonly type: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Ends a request with a typed error, in the shape of its dialect (fronts/dialect.ts). */
export class Problem extends Error {
  readonly code: ProblemCode;
  /** Seconds after which it may go better. */
  readonly retryAfter: number | undefined;

  constructor(code: ProblemCode, message: string, retryAfterMs?: number) {
    super(message);
    this.name = "Problem";
    this.code = code;
    this.retryAfter = retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1_000));
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}
