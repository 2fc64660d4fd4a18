import { failure } from "../base/errors.ts";
import { decodeParts, encodeParts } from "../security/tenant.ts";

/** Where a page of a list ended. Opaque to clients; it names the last row, so rows that come and go shift nothing. */
export function toCursor(...parts: readonly string[]): string {
  return encodeParts(parts);
}

/** @throws EdgewiseError `invalid_request` for what {@link toCursor} never made. */
export function fromCursor(cursor: string, parts: number): readonly string[] {
  const decoded = decodeParts(cursor);
  if (decoded?.length === parts) return decoded;
  throw badCursor();
}

export function badCursor() {
  return failure("invalid_request", "This cursor is not one that a list of this kind gave.", {
    pointer: "/cursor",
    details: [{ in: "query", pointer: "/cursor", path: ["cursor"], code: "custom", message: "is no cursor" }],
  });
}

/** A page out of `limit + 1` rows: whether there is more is known without counting. */
export function toPage<Row>(rows: readonly Row[], limit: number, cursorOf: (row: Row) => string) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
