import { and, eq, gt, lt } from "drizzle-orm";
import type { Json } from "../base/json.ts";
import type { ResultCache } from "../cache/contract.ts";
import type { Database } from "./database.ts";
import { nodeResults } from "./schema.ts";

/** Longer JSON texts (in UTF-16 units) are not kept: a row of D1 holds 2 MB. */
const LONGEST_VALUE = 500_000;

/** A database that takes longer counts as one that does not answer: looking must not cost more than making anew. */
const DEADLINE_MS = 2_000;

/** A tenant's kept results in D1: exact keys, one row each. A database that does not answer is an empty cache. */
export function createResultCache(database: Database, tenant: string, now: () => number = Date.now): ResultCache {
  return {
    async get(key) {
      const isIt = and(eq(nodeResults.tenant, tenant), eq(nodeResults.key, key), gt(nodeResults.expiresAt, now()));
      const [row] = await orNothing(database.select().from(nodeResults).where(isIt).limit(1), []);
      return row === undefined ? undefined : (JSON.parse(row.value) as Json);
    },
    async put(key, value, ttlMs) {
      const text = JSON.stringify(value);
      if (text.length > LONGEST_VALUE) return;
      const row = { value: text, expiresAt: now() + ttlMs };
      const target = [nodeResults.tenant, nodeResults.key];
      const kept = database
        .insert(nodeResults)
        .values({ tenant, key, ...row })
        .onConflictDoUpdate({ target, set: row });
      await orNothing(kept, undefined);
    },
  };
}

/** The sweep's broom: one indexed statement over all tenants. */
export async function removeExpiredResults(database: Database, nowMs: number): Promise<void> {
  await database.delete(nodeResults).where(lt(nodeResults.expiresAt, nowMs));
}

async function orNothing<T, Nothing>(asked: PromiseLike<T>, nothing: Nothing): Promise<T | Nothing> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    return await Promise.race([asked, late]);
  } catch (thrown) {
    console.warn(`The cache of node results was not reached: ${String(thrown)}`);
    return nothing;
  } finally {
    clearTimeout(timer);
  }
}
