import { type KeyParts, type KeyRow, matchesRow } from "./keys.ts";
import { cacheKey } from "./tenant.ts";

/** How long another isolate may still accept a key after its revocation. */
const REMEMBER_MS = 30_000;
const MAX_REMEMBERED = 1_000;

export type FindKey = (tenant: string, keyId: string) => Promise<KeyRow | undefined>;

/**
 * Recognizes keys, asking the database at most once in 30 s for each that was good. Refusals are never remembered, so a key
 * works from the moment it exists. A revocation holds at once in the isolate that did it, and within 30 s everywhere.
 */
export class KeyRing {
  readonly #rows = new Map<string, { readonly row: KeyRow; readonly untilMs: number }>();

  async recognizes(parts: KeyParts, find: FindKey, nowMs: number): Promise<boolean> {
    const name = cacheKey(parts.tenant, "key", parts.keyId);
    const remembered = this.#rows.get(name);
    if (remembered !== undefined && nowMs < remembered.untilMs) return matchesRow(parts, remembered.row);
    const row = await find(parts.tenant, parts.keyId);
    if (row === undefined || !matchesRow(parts, row)) return false;
    this.#remember(name, row, nowMs);
    return true;
  }

  forget(tenant: string, keyId: string): void {
    this.#rows.delete(cacheKey(tenant, "key", keyId));
  }

  #remember(name: string, row: KeyRow, nowMs: number): void {
    this.#rows.delete(name);
    // A Map keeps the order of insertion: the first entry is the oldest.
    const oldest = this.#rows.size >= MAX_REMEMBERED ? this.#rows.keys().next().value : undefined;
    if (oldest !== undefined) this.#rows.delete(oldest);
    this.#rows.set(name, { row, untilMs: nowMs + REMEMBER_MS });
  }
}
