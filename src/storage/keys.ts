import { and, desc, eq, isNull, lt, or } from "drizzle-orm";
import type { KeyRow } from "../security/keys.ts";
import type { Database } from "./database.ts";
import { apiKeys } from "./schema.ts";

export async function insertKey(database: Database, tenant: string, row: KeyRow): Promise<void> {
  await database.insert(apiKeys).values({ ...row, tenant });
}

export async function findKey(database: Database, tenant: string, keyId: string): Promise<KeyRow | undefined> {
  const rows = await database.select().from(apiKeys).where(sameKey(tenant, keyId)).limit(1);
  return rows[0];
}

/** Newest first; `after` is the last row of the page before. */
export function listKeys(
  database: Database,
  tenant: string,
  page: { readonly limit: number; readonly after?: { readonly createdAt: number; readonly keyId: string } },
): Promise<readonly KeyRow[]> {
  const { after } = page;
  const older =
    after === undefined
      ? undefined
      : or(
          lt(apiKeys.createdAt, after.createdAt),
          and(eq(apiKeys.createdAt, after.createdAt), lt(apiKeys.keyId, after.keyId)),
        );
  return database
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.tenant, tenant), older))
    .orderBy(desc(apiKeys.createdAt), desc(apiKeys.keyId))
    .limit(page.limit);
}

/** Whether there is such a key. A second revocation keeps the moment of the first. */
export async function revokeKey(database: Database, tenant: string, keyId: string, nowMs: number): Promise<boolean> {
  await database
    .update(apiKeys)
    .set({ revokedAt: nowMs })
    .where(and(sameKey(tenant, keyId), isNull(apiKeys.revokedAt)));
  return (await findKey(database, tenant, keyId)) !== undefined;
}

function sameKey(tenant: string, keyId: string) {
  return and(eq(apiKeys.tenant, tenant), eq(apiKeys.keyId, keyId));
}
