import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { secureRandom } from "../../src/base/ids.ts";
import { mintKey } from "../../src/security/keys.ts";
import type { MigrationDatabase } from "./migrate.ts";
import { Stop } from "./stop.ts";

/** Tenant of everything made on this machine. */
export const LOCAL_TENANT = "local";

export interface LocalKey {
  readonly key: string;
  readonly path: string;
  readonly isNew: boolean;
}

/** The key of this state folder; made, and its hash put into the database, on the first start. */
export async function localKey(state: string, database: MigrationDatabase): Promise<LocalKey> {
  const path = join(state, "key");
  if (existsSync(path)) {
    const key = readFileSync(path, "utf8").trim();
    if (key !== "") return { key, path, isNew: false };
  }
  const { key, row } = mintKey(LOCAL_TENANT, "made by npm start", secureRandom);
  await database
    .prepare(
      "INSERT INTO api_keys (tenant, key_id, name, secret_hash, created_at, revoked_at) VALUES (?, ?, ?, ?, ?, NULL)",
    )
    .bind(row.tenant, row.keyId, row.name, row.secretHash, row.createdAt)
    .run();
  writeFileSync(path, `${key}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
  return { key, path, isNew: true };
}

/** For a key that was revoked, changed by hand, or comes from another state folder. */
export function refusedKey(path: string): Stop {
  return new Stop(
    `The key in ${path} is not, or no longer, one of this server. Delete that file and start again: a new key is made.`,
  );
}
