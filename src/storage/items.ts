import { and, eq, ne, sql } from "drizzle-orm";
import { failure } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { MemoryStore } from "../memory/contract.ts";
import { checkPlace } from "./item-place.ts";
import type { Database } from "./database.ts";
import { storageFailure } from "./failure.ts";
import { items } from "./schema.ts";

/** A row of D1 holds 2 MB; half of it leaves room for what else the row has. */
const MOST_BYTES = 1024 * 1024;

/**
 * A tenant's items in D1. An update keeps `createdAt`, and `updatedAt` grows with each, however fast they follow one
 * another; putting what is there already changes nothing. Fails with an EdgewiseError: `invalid_request`, `value_too_large`,
 * `unavailable` (retryable) or `misconfigured`.
 */
export function createItemStore(database: Database, tenant: string, now: () => number = Date.now): MemoryStore {
  return {
    async get(namespace, key) {
      const [row] = await told(
        database
          .select()
          .from(items)
          .where(same(tenant, namespace, key))
          .limit(1),
      );
      if (row === undefined) return undefined;
      const { createdAt, updatedAt } = row;
      return { namespace: [...namespace], key, value: JSON.parse(row.value) as JsonObject, createdAt, updatedAt };
    },
    async put(namespace, key, value) {
      checkPlace(namespace, key);
      const text = textOf(value, key);
      const [createdAt, updatedAt] = [now(), now()];
      await told(
        database
          .insert(items)
          .values({ tenant, namespace: JSON.stringify(namespace), key, value: text, createdAt, updatedAt })
          .onConflictDoUpdate({
            target: [items.tenant, items.namespace, items.key],
            set: { value: text, updatedAt: sql`max(excluded.updated_at, ${items.updatedAt} + 1)` },
            setWhere: ne(items.value, text),
          }),
      );
    },
    async delete(namespace, key) {
      await told(database.delete(items).where(same(tenant, namespace, key)));
    },
  };
}

function same(tenant: string, namespace: readonly string[], key: string) {
  checkPlace(namespace, key);
  return and(eq(items.tenant, tenant), eq(items.namespace, JSON.stringify(namespace)), eq(items.key, key));
}

function textOf(value: JsonObject, key: string): string {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= MOST_BYTES) return text;
  const message = `The item "${key}" has ${bytes} bytes of JSON; at most ${MOST_BYTES} are kept. Keep it in parts.`;
  throw failure("value_too_large", message);
}

/** A query's failure in words that say whether to try again. */
async function told<T>(query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (thrown) {
    throw storageFailure(thrown) ?? thrown;
  }
}
