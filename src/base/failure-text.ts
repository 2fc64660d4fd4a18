import type { ErrorRecord } from "./errors.ts";
import type { JsonObject } from "./json.ts";

/** A failure in one line that names node, attempt and cause: what a waiting client and an `error` frame show. */
export function failureText(error: ErrorRecord): string {
  const place = [
    error.node === undefined ? [] : [`node "${error.node}"`],
    error.attempt === undefined ? [] : [`attempt ${error.attempt}`],
  ].flat();
  const cause = error.cause === undefined ? "" : ` Cause: ${error.cause}`;
  return `${error.message}${place.length > 0 ? ` (${place.join(", ")})` : ""}${cause}`;
}

/**
 * A run's failure as clients get it at the end of a wait or a stream: `error` is the stable code, the rest says all there is.
 * What the graph itself has named is shown as the graph says it, name and message.
 */
export function failureBody(error: ErrorRecord): JsonObject {
  const { name, code, message } = error;
  const shown = name === undefined ? { error: code, message: failureText(error) } : { error: name, message };
  return { ...(error as ErrorRecord & JsonObject), ...shown };
}
