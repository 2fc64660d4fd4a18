import { failure } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";

/**
 * Longest JSON text of what shares a row with others (metadata, config, context), in UTF-16 units. Three of them fit a row of
 * the object; the index keeps a thread's metadata in a row of its own, and would refuse a longer one for ever.
 */
const LONGEST_FIELD = 150_000;

/** @throws EdgewiseError `value_too_large`, with a pointer, before anything is written. */
export function refuseTooLarge(fields: Readonly<Record<string, JsonObject>>): void {
  for (const [name, value] of Object.entries(fields)) {
    const { length } = JSON.stringify(value);
    if (length <= LONGEST_FIELD) continue;
    const message = `\`${name}\` has ${length} characters of JSON; ${LONGEST_FIELD} are allowed. Large values belong into channels.`;
    throw failure("value_too_large", message, { pointer: `/${name}` });
  }
}
