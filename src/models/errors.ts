import { z } from "zod";
import { EdgewiseError, type ErrorCode, type ErrorRecord } from "../base/errors.ts";

/**
 * The one place where a provider's answer becomes one of our errors. The codes say what happens next:
 * everything retryable may be attempted again after `retryAfterMs`, everything else would fail again.
 */

/** A quota that renews daily is the longest wait a provider may sensibly ask for; anything above is capped to it. */
const LONGEST_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;
const LONGEST_CAUSE = 300;

/** Retry-After (RFC 9110, 10.2.3): whole seconds or an HTTP date. What is neither is ignored. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  const delayMs = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  if (!Number.isFinite(delayMs)) return undefined;
  return Math.min(Math.max(0, Math.ceil(delayMs)), LONGEST_RETRY_AFTER_MS);
}

/** The provider's own words: one line, short, without anything that looks like a credential. */
export function shortCause(text: string, secrets: readonly string[] = []): string {
  let line = text.slice(0, 10 * LONGEST_CAUSE);
  for (const secret of secrets) if (secret.length > 3) line = line.replaceAll(secret, "[secret]");
  line = line
    .replace(/\b(?:sk|pk|rk|key|org|proj)-[\w-]{6,}[\w*-]*/gi, "[secret]")
    .replace(/\bbearer\s+\S+/gi, "Bearer [secret]")
    .replace(/\b(?:AIza|ghp_|xox[a-z]-|eyJ)[\w.-]{10,}/g, "[secret]")
    // Control characters would let a provider write into our logs' layout.
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
  return line.length > LONGEST_CAUSE ? `${line.slice(0, LONGEST_CAUSE)}…` : line;
}

export function modelError(
  code: ErrorCode,
  retryable: boolean,
  message: string,
  more: Pick<ErrorRecord, "cause" | "retryAfterMs"> = {},
): EdgewiseError {
  return new EdgewiseError({ code, message, retryable, ...more });
}

export interface HttpFault {
  /** `provider/model` that was called. */
  readonly model: string;
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
  readonly secrets?: readonly string[];
  readonly nowMs: number;
}

const CONTEXT_TOO_LONG =
  /context_length_exceeded|request_too_large|prompt is too long|context (?:length|window|size)|too many (?:input )?tokens/i;
const QUOTA_USED_UP = /insufficient_quota|billing_hard_limit|credit balance/i;

/** The sentence in an error's body, where it has the usual form; else the body. */
function wordsOf(body: string): string {
  const parsed = ErrorBody.safeParse(body);
  if (!parsed.success) return body;
  const { error, message } = parsed.data;
  return (typeof error === "string" ? error : error?.message) ?? message ?? body;
}

const ErrorBody = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "not JSON" });
      return z.NEVER;
    }
  })
  .pipe(
    z.object({
      error: z.union([z.string(), z.object({ message: z.string().optional() })]).optional(),
      message: z.string().optional(),
    }),
  );

/** What an HTTP status outside 200–299 means. */
export function errorOfStatus(fault: HttpFault): EdgewiseError {
  const { model, status } = fault;
  const retryAfterMs = parseRetryAfter(fault.retryAfter, fault.nowMs);
  const cause = shortCause(wordsOf(fault.body), fault.secrets);
  const more = { ...(cause && { cause }), ...(retryAfterMs !== undefined && { retryAfterMs }) };
  if (status === 429) {
    if (QUOTA_USED_UP.test(fault.body))
      return modelError(
        "model_rate_limited",
        false,
        `The quota for ${model} is used up; raise it at the provider.`,
        more,
      );
    return modelError("model_rate_limited", true, `${model} is limiting the rate of calls (429).`, more);
  }
  if (status === 408) return modelError("model_timeout", true, `${model} gave up waiting (408).`, more);
  if (status >= 500)
    return modelError("model_overloaded", true, `${model} is failing or overloaded (${status}).`, more);
  if (status === 401 || status === 403)
    return modelError("model_auth", false, `${model} refused the API key (${status}); check the provider's key.`, more);
  if (status === 413 || CONTEXT_TOO_LONG.test(fault.body))
    return modelError(
      "context_too_long",
      false,
      `The input is too long for ${model}; shorten it or choose a model with a larger context.`,
      more,
    );
  if (status >= 400)
    return modelError(
      "model_refused",
      false,
      `${model} refused the request (${status}); see the cause for what it objects to.`,
      more,
    );
  return modelError("model_bad_reply", true, `${model} answered with the unexpected status ${status}.`, more);
}

/** A reply that cannot be taken for an answer: truncated, malformed, not in the provider's dialect. */
export function badReply(model: string, what: string, cause?: string): EdgewiseError {
  return modelError(
    "model_bad_reply",
    true,
    `${model} ${what}; nothing of this reply is kept.`,
    cause ? { cause } : {},
  );
}
