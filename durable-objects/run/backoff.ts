import type { RetryPolicy } from "../../src/graph/plan.ts";

/** A server may ask for patience, but not for ever: an absurd Retry-After is cut to this. */
export const MAX_RETRY_AFTER_MS = 10 * 60_000;

/**
 * Milliseconds until the attempt after `attempt` (1, 2 …): exponential back-off with equal jitter (half fixed, half
 * drawn), never sooner than the server asked for.
 * @param draw in [0, 1)
 */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  retryAfterMs: number | undefined,
  draw: number,
): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.delayMs * 2 ** Math.min(attempt - 1, 30));
  const delay = Math.round(ceiling / 2 + (ceiling / 2) * draw);
  const asked = Number.isFinite(retryAfterMs) ? Math.min(Math.max(retryAfterMs ?? 0, 0), MAX_RETRY_AFTER_MS) : 0;
  return Math.max(delay, asked);
}
