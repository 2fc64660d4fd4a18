import { failure } from "../base/errors.ts";

const MOST_PARTS = 10;
const LONGEST_PART = 200;
const LONGEST_KEY = 500;

/** Why this can be no namespace; undefined for one. */
export function namespaceFault(namespace: readonly string[]): string | undefined {
  if (namespace.length === 0) return "A namespace has at least one part.";
  if (namespace.length > MOST_PARTS) return `A namespace has at most ${MOST_PARTS} parts, not ${namespace.length}.`;
  for (const [index, part] of namespace.entries()) {
    const fault = partFault(part);
    if (fault !== undefined) return `Part ${index + 1} of the namespace ${fault}.`;
  }
  return undefined;
}

function partFault(part: string): string | undefined {
  if (part.includes(".")) return 'has a ".", which separates parts elsewhere; make two parts of it or leave it out';
  return textFault(part, LONGEST_PART);
}

/** Why this can be no key; undefined for one. */
export function keyFault(key: string): string | undefined {
  const fault = textFault(key, LONGEST_KEY);
  return fault === undefined ? undefined : `The key ${fault}.`;
}

/** Half a surrogate pair has no bytes of its own: two keys that differ in one would be one in the database. */
function textFault(text: string, longest: number): string | undefined {
  if (text === "") return "is empty";
  if (text.length > longest) return `has ${text.length} characters; at most ${longest} are allowed`;
  if (/\p{Cc}/u.test(text)) return "has a control character";
  return text.isWellFormed() ? undefined : "has half a surrogate pair, which is no character";
}

/** @throws EdgewiseError `invalid_request` for what names no item. */
export function checkPlace(namespace: readonly string[], key: string): void {
  const fault = namespaceFault(namespace) ?? keyFault(key);
  if (fault !== undefined) throw failure("invalid_request", fault);
}
