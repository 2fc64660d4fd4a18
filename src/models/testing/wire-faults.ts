import { EdgewiseError } from "../../base/errors.ts";
import type { ChatCall } from "../contract.ts";
import type { Fault } from "./provider-suite.ts";
import type { WireReply } from "./scripted-fetch.ts";

/** How a provider's answers look on the wire, as far as faults are concerned. */
export interface Dialect {
  readonly contentType: string;
  /** A whole answer. */
  readonly text: string;
  /** The body of an error with this message, as this provider writes it. */
  error(message: string, type: string): string;
}

const JSON_HEADERS = { "content-type": "application/json" };
const HTML = "<!doctype html><html><title>Bad gateway</title></html>";

/** The faults that any service behind HTTP may show (reliability, F9–F11). */
export function wireFaults(call: ChatCall, dialect: Dialect, secret: string): readonly Fault[] {
  const fault = (title: string, wire: WireReply | Error, expected: Fault["expected"]): Fault => ({
    title,
    call,
    wire,
    expected,
  });
  return [
    ...statusFaults(dialect, secret).map(({ title, wire, expected }) => fault(title, wire, expected)),
    ...streamFaults(dialect).map(({ title, wire }) => fault(title, wire, { code: "model_bad_reply", retryable: true })),
    fault("a network that fails", new TypeError("fetch failed"), { code: "egress_failed", retryable: true }),
    fault("a refusal of the outgoing function", egressError("egress_denied", false), {
      code: "egress_denied",
      retryable: false,
    }),
    fault("a deadline of the outgoing function", egressError("egress_timeout", true), {
      code: "egress_timeout",
      retryable: true,
    }),
  ];
}

type Expected = Fault["expected"];

function statusFaults(
  dialect: Dialect,
  secret: string,
): readonly { title: string; wire: WireReply; expected: Expected }[] {
  const status = (code: number, type: string, expected: Expected, headers = {}) => ({
    title: `status ${code} (${type})`,
    wire: {
      status: code,
      headers: { ...JSON_HEADERS, ...headers },
      body: dialect.error(`No: ${secret} is wrong.`, type),
    },
    expected,
  });
  const overloaded: Expected = { code: "model_overloaded", retryable: true };
  const limited: Expected = { code: "model_rate_limited", retryable: true };
  return [
    status(429, "rate_limit_error", { ...limited, retryAfterMs: 7_000 }, { "retry-after": "7" }),
    status(
      429,
      "with a date in the past",
      { ...limited, retryAfterMs: 0 },
      { "retry-after": "Fri, 20 Nov 2020 10:00:00 GMT" },
    ),
    status(429, "with an absurd delay", { ...limited, retryAfterMs: 86_400_000 }, { "retry-after": "99999999999" }),
    status(429, "with nonsense", limited, { "retry-after": "soon" }),
    status(429, "insufficient_quota", { code: "model_rate_limited", retryable: false }),
    ...[500, 502, 503, 504, 529].map((code) => status(code, "api_error", overloaded)),
    status(503, "come back later", { ...overloaded, retryAfterMs: 2_000 }, { "retry-after": "2" }),
    status(408, "timeout_error", { code: "model_timeout", retryable: true }),
    status(401, "authentication_error", { code: "model_auth", retryable: false }),
    status(403, "permission_error", { code: "model_auth", retryable: false }),
    status(400, "invalid_request_error", { code: "model_refused", retryable: false }),
    status(404, "not_found_error", { code: "model_refused", retryable: false }),
    status(422, "unprocessable", { code: "model_refused", retryable: false }),
    status(400, "context_length_exceeded", { code: "context_too_long", retryable: false }),
    status(413, "request_too_large", { code: "context_too_long", retryable: false }),
  ];
}

function streamFaults({ contentType, text }: Dialect): readonly { title: string; wire: WireReply }[] {
  const headers = { "content-type": contentType };
  const half = text.slice(0, Math.floor(text.length / 2));
  return [
    { title: "an HTML page with status 200", wire: { headers: { "content-type": "text/html" }, body: HTML } },
    { title: "an HTML page that calls itself a stream", wire: { headers, body: HTML } },
    { title: "a stream without content type", wire: { body: text } },
    { title: "an empty stream", wire: { headers, body: "" } },
    { title: "a stream that is cut in the middle", wire: { headers, body: half } },
    { title: "a stream that breaks off", wire: { headers, body: half, ending: "failure" } },
    { title: "malformed JSON in the middle", wire: { headers, body: text.replace("documents", 'docu"ments') } },
    {
      title: "events of a foreign shape",
      wire: { headers, body: text.replace(/("choices"|"content_block"|"done"): /g, '"foreign": ') },
    },
  ];
}

function egressError(code: "egress_denied" | "egress_timeout", retryable: boolean): EdgewiseError {
  return new EdgewiseError({ code, retryable, message: "As the outgoing function says." });
}
