import { DrizzleQueryError } from "drizzle-orm/errors";
import { failure } from "../base/errors.ts";

/**
 * What a failed query means; undefined if no query failed. The one place that reads D1's texts, which is all it gives.
 * The query's own text and parameters stay here: they hold what tenants sent.
 */
export function storageFailure(thrown: unknown): Error | undefined {
  if (!(thrown instanceof DrizzleQueryError)) return undefined;
  const text = thrown.cause?.message ?? "";
  if (/no such (?:table|column)/.test(text)) {
    const remedy = "Run `wrangler d1 migrations apply` for it";
    return failure("misconfigured", `The database lacks what this version needs. ${remedy}.`, { cause: text });
  }
  if (/overloaded|timed? ?out|reset|network|connection|too many requests|internal error/i.test(text)) {
    const message = "The database does not answer at the moment; ask again.";
    return failure("unavailable", message, { retryable: true, retryAfterMs: 1_000, cause: text });
  }
  return new Error(`A query failed: ${text}`);
}
