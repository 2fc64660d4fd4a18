import { createHash, timingSafeEqual } from "node:crypto";
import type { RandomBytes } from "../base/ids.ts";
import { decodePart, encodePart } from "./tenant.ts";

/**
 * API keys: `ewk_<encoded tenant>_<key id>_<secret>`. The tenant stands in the key, so that a lookup is by (tenant, key id) and
 * never across tenants; the secret has 256 bits, and only its SHA-256 is kept. A secret of full entropy needs no slow hash.
 */
const KEY_ID_BYTES = 10;
const SECRET_BYTES = 32;
const KEY = /^ewk_([a-z0-9~-]{1,2560})_([0-9a-f]{20})_([0-9a-f]{64})$/;

export interface KeyParts {
  readonly tenant: string;
  readonly keyId: string;
  readonly secret: string;
}

/** What D1 keeps of a key (`api_keys`); times are Unix milliseconds. */
export interface KeyRow {
  readonly tenant: string;
  readonly keyId: string;
  readonly name: string;
  /** SHA-256 (hex) of the secret. */
  readonly secretHash: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

/** A new key, to be shown once, and the row that will recognize it. */
export function mintKey(
  tenant: string,
  name: string,
  random: RandomBytes,
  nowMs: number = Date.now(),
): { readonly key: string; readonly row: KeyRow } {
  if (tenant === "") throw new TypeError("A key needs a tenant.");
  const keyId = hex(random(KEY_ID_BYTES));
  const secret = hex(random(SECRET_BYTES));
  const row = { tenant, keyId, name, secretHash: hashSecret(secret), createdAt: nowMs, revokedAt: null };
  return { key: `ewk_${encodePart(tenant)}_${keyId}_${secret}`, row };
}

export function parseKey(text: string): KeyParts | undefined {
  const [, encodedTenant, keyId, secret] = KEY.exec(text) ?? [];
  if (encodedTenant === undefined || keyId === undefined || secret === undefined) return undefined;
  const tenant = decodePart(encodedTenant);
  return tenant === undefined || tenant === "" ? undefined : { tenant, keyId, secret };
}

export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("hex");
}

/** Whether the key is the one the row was made for. Takes the same time wherever the two hashes differ. */
export function matchesRow(parts: KeyParts, row: KeyRow): boolean {
  const presented = Buffer.from(hashSecret(parts.secret), "hex");
  const kept = Buffer.from(row.secretHash, "hex");
  // Both are hashes of 32 bytes unless the row is damaged; timingSafeEqual throws on unequal lengths.
  if (kept.length !== presented.length) return false;
  return timingSafeEqual(presented, kept) && row.tenant === parts.tenant && row.revokedAt === null;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
