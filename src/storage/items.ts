import { and, asc, between, eq, gt, isNotNull, isNull, lte, ne, or, type SQL, sql } from "drizzle-orm";
import { failure } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import type { ItemQuery, MemoryStore, NamespaceQuery, PutOptions, StoreItem } from "../memory/contract.ts";
import type { Database } from "./database.ts";
import { storageFailure } from "./failure.ts";
import { filterConditions } from "./item-filter.ts";
import { checkPlace } from "./item-place.ts";
import { literalHead, namespaceConditions, namespaceRange } from "./item-range.ts";
import { items } from "./schema.ts";

/** A row of D1 holds 2 MB; half of it leaves room for what else the row has. */
const MOST_BYTES = 1024 * 1024;
/** Of the values of one page: what a Worker can hold beside its other requests. */
const MOST_PAGE_CHARACTERS = 8 * 1024 * 1024;

/**
 * A tenant's items in D1. An update keeps `createdAt`, and `updatedAt` grows with each, however fast they follow one
 * another; putting what is there already changes nothing, unless it is asked to. One whose time is over is never read. Fails with
 * an EdgewiseError: `invalid_request`, `value_too_large`, `unavailable` (retryable) or `misconfigured`.
 */
export function createItemStore(database: Database, tenant: string, now: () => number = Date.now): MemoryStore {
  const store = { database, tenant, now };
  return {
    async get(namespace, key, { renew: isRenewed = false } = {}) {
      const [row] = await told(
        database
          .select()
          .from(items)
          .where(and(same(tenant, namespace, key), isLive(now())))
          .limit(1),
      );
      if (row === undefined) return undefined;
      if (isRenewed) await renew(store, [row]);
      return toItem(row);
    },
    put: (namespace, key, value, options = {}) => put(store, { namespace, key, value }, options),
    async delete(namespace, key) {
      await told(database.delete(items).where(same(tenant, namespace, key)));
    },
    search: (query) => search(store, query),
    namespaces: (query) => listNamespaces(store, query),
  };
}

interface Store {
  readonly database: Database;
  readonly tenant: string;
  readonly now: () => number;
}

async function put(
  { database, tenant, now }: Store,
  { namespace, key, value }: Pick<StoreItem, "namespace" | "key" | "value">,
  { ttlMs, evenIfSame = false }: PutOptions,
): Promise<void> {
  checkPlace(namespace, key);
  const text = textOf(value, key);
  const at = now();
  const life = { ttlMs: ttlMs ?? null, expiresAt: ttlMs === undefined ? null : at + ttlMs };
  const changes = or(ne(items.value, text), isNotNull(items.expiresAt), ttlMs === undefined ? undefined : sql`true`);
  await told(
    database
      .insert(items)
      .values({ tenant, namespace: JSON.stringify(namespace), key, value: text, createdAt: at, updatedAt: at, ...life })
      .onConflictDoUpdate({
        target: [items.tenant, items.namespace, items.key],
        set: {
          value: text,
          ...life,
          // What nobody could read any more was not there: this is another item.
          createdAt: sql`case when ${items.expiresAt} <= ${at} then ${at} else ${items.createdAt} end`,
          updatedAt: sql`max(excluded.updated_at, ${items.updatedAt} + 1)`,
        },
        ...(evenIfSame || changes === undefined ? {} : { setWhere: changes }),
      }),
  );
}

async function search(store: Store, query: ItemQuery): Promise<readonly StoreItem[]> {
  const { prefix, filter = {}, limit, offset, renew: isRenewed = false } = query;
  const { database, tenant, now } = store;
  const { from, to } = namespaceRange(prefix);
  const size = sql<number>`sum(length(${items.value})) over (order by ${items.namespace}, ${items.key} rows unbounded preceding)`;
  const page = database
    .select({
      namespace: items.namespace,
      key: items.key,
      value: items.value,
      createdAt: items.createdAt,
      updatedAt: items.updatedAt,
      ttlMs: items.ttlMs,
    })
    .from(items)
    .where(
      and(eq(items.tenant, tenant), between(items.namespace, from, to), isLive(now()), ...filterConditions(filter)),
    )
    .orderBy(asc(items.namespace), asc(items.key))
    .limit(limit)
    .offset(offset)
    .as("items");
  const rows = await told(
    database
      .select({
        namespace: page.namespace,
        key: page.key,
        // The rest stays in the database: a page that is refused is not sent here first.
        value: sql<string | null>`case when ${size} <= ${MOST_PAGE_CHARACTERS} then ${page.value} end`,
        createdAt: page.createdAt,
        updatedAt: page.updatedAt,
        ttlMs: page.ttlMs,
      })
      .from(page)
      .orderBy(asc(page.namespace), asc(page.key)),
  );
  const found = rows.flatMap(({ value, ...row }) => (value === null ? [] : [{ ...row, value }]));
  if (found.length < rows.length) {
    const text = `These ${rows.length} items have more than ${MOST_PAGE_CHARACTERS} characters of JSON together; ask for at most ${Math.max(1, found.length)} at once.`;
    throw failure("value_too_large", text, { pointer: "/limit" });
  }
  if (isRenewed) await renew(store, found);
  return found.map(toItem);
}

/** The next namespace is looked up behind the one before, so what it costs is their number and not that of their items. */
async function listNamespaces(store: Store, query: NamespaceQuery): Promise<readonly (readonly string[])[]> {
  const { database, tenant, now } = store;
  const { prefix, suffix, maxDepth, limit, offset } = query;
  const { from, to } = namespaceRange(literalHead(prefix));
  const first = (after: SQL) => sql`(select item.namespace from items as item
    where item.tenant = ${tenant} and item.namespace ${after} and item.namespace <= ${to}
    order by item.namespace limit 1)`;
  const cut =
    maxDepth === undefined
      ? sql`found.namespace`
      : sql`(select json_group_array(part.value) from
          (select value from json_each(found.namespace) order by key limit ${maxDepth}) as part)`;
  const holds = sql`exists (select 1 from items where items.tenant = ${tenant} and items.namespace = found.namespace
    and (items.expires_at is null or items.expires_at > ${now()}))`;
  const conditions = [holds, ...namespaceConditions(sql`found.namespace`, prefix, suffix)];
  // Without the bracket a namespace comes before those that go on from it.
  const withoutEnd = sql`substr(namespace, 1, length(namespace) - 1)`;
  const rows = await told(
    database.all<{ namespace: string }>(sql`
      with recursive found (namespace) as (
        select ${first(sql`>= ${from}`)}
        union all
        select ${first(sql`> found.namespace`)} from found where found.namespace is not null)
      select namespace from (
        select distinct ${cut} as namespace from found
        where found.namespace is not null and ${sql.join(conditions, sql` and `)})
      order by ${withoutEnd} limit ${limit} offset ${offset}`),
  );
  return rows.map(({ namespace }) => JSON.parse(namespace) as string[]);
}

interface Place {
  readonly namespace: string;
  readonly key: string;
  readonly ttlMs: number | null;
}

/** Those with a time to live have all of it again. */
async function renew({ database, tenant, now }: Store, read: readonly Place[]): Promise<void> {
  const places = read.flatMap(({ namespace, key, ttlMs }) => (ttlMs === null ? [] : [[namespace, key]]));
  if (places.length === 0) return;
  const isRead = sql`(${items.namespace}, ${items.key}) in (
    select json_extract(value, '$[0]'), json_extract(value, '$[1]') from json_each(${JSON.stringify(places)}))`;
  await told(
    database
      .update(items)
      .set({ expiresAt: sql`${now()} + ${items.ttlMs}` })
      .where(and(eq(items.tenant, tenant), isRead, isNotNull(items.ttlMs))),
  );
}

/** The sweep's broom, over all tenants: takes at most `limit` away whose time is over. Answers how many it took. */
export async function removeExpiredItems(database: Database, nowMs: number, limit: number): Promise<number> {
  const over = database.select({ rowid: sql`rowid` }).from(items).where(lte(items.expiresAt, nowMs)).limit(limit);
  const { meta } = await database.delete(items).where(sql`rowid in ${over}`);
  return meta.changes;
}

function isLive(nowMs: number): SQL | undefined {
  return or(isNull(items.expiresAt), gt(items.expiresAt, nowMs));
}

function same(tenant: string, namespace: readonly string[], key: string): SQL | undefined {
  checkPlace(namespace, key);
  return and(eq(items.tenant, tenant), eq(items.namespace, JSON.stringify(namespace)), eq(items.key, key));
}

type Row = Place & { readonly value: string; readonly createdAt: number; readonly updatedAt: number };

function toItem({ namespace, key, value, createdAt, updatedAt }: Row): StoreItem {
  return {
    namespace: JSON.parse(namespace) as string[],
    key,
    value: JSON.parse(value) as JsonObject,
    createdAt,
    updatedAt,
  };
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
