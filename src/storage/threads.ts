import { and, asc, desc, eq, isNotNull, lte, type SQL, sql } from "drizzle-orm";
import type { JsonObject } from "../base/json.ts";
import type { Database } from "./database.ts";
import { threads } from "./schema.ts";

/** Threads' lines: what a search finds them by, and mostly all that it answers (docs/decisions/0029-threads-as-a-resource.md). */

export type ThreadStatus = "idle" | "busy" | "interrupted" | "error";

/** What a thread tells the index of itself. Members that are texts hold JSON. */
export interface ThreadRow {
  readonly threadId: string;
  readonly graphId: string | null;
  readonly status: ThreadStatus;
  readonly metadata: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly stateUpdatedAt: number;
  /** Small channels' values; null: it has none, or none of them is here. */
  readonly values: string | null;
  /** The channels that are not in `values`; null: nobody knows. */
  readonly leftOut: string | null;
  readonly interrupts: string | null;
  readonly config: string | null;
  readonly error: string | null;
  /** Everything the thread would tell is here. */
  readonly whole: boolean;
  /** When its time to live is over, if it has one; Unix milliseconds. */
  readonly expiresAt: number | null;
}

/** Deliveries may come late or twice: an older line never replaces a newer one. */
export async function upsertThread(database: Database, tenant: string, row: ThreadRow): Promise<void> {
  const { threadId: _id, createdAt: _created, ...changing } = row;
  await database
    .insert(threads)
    .values({ tenant, ...row })
    .onConflictDoUpdate({
      target: [threads.tenant, threads.threadId],
      set: changing,
      setWhere: lte(threads.updatedAt, row.updatedAt),
    });
}

export async function deleteThread(database: Database, tenant: string, threadId: string): Promise<void> {
  await database.delete(threads).where(and(eq(threads.tenant, tenant), eq(threads.threadId, threadId)));
}

export interface ThreadFilter {
  readonly metadata?: JsonObject;
  readonly ids?: readonly string[];
  readonly status?: ThreadStatus;
  /** Of the state. */
  readonly values?: JsonObject;
  /** Threads whose values the index does not have, and which hold those asked for. */
  readonly known?: readonly string[];
}

const SORTED_BY = {
  thread_id: threads.threadId,
  status: threads.status,
  created_at: threads.createdAt,
  updated_at: threads.updatedAt,
  state_updated_at: threads.stateUpdatedAt,
} as const;

export type ThreadSort = keyof typeof SORTED_BY;

export interface ThreadPage {
  readonly sortBy: ThreadSort;
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly offset: number;
}

/** A page of the lines that match, and how many match in all. */
export async function searchThreads(
  database: Database,
  tenant: string,
  filter: ThreadFilter,
  { sortBy, order, limit, offset }: ThreadPage,
): Promise<{ readonly rows: readonly ThreadRow[]; readonly total: number }> {
  const direction = order === "asc" ? asc : desc;
  const where = matching(tenant, filter);
  const rows = database
    .select()
    .from(threads)
    .where(where)
    .orderBy(direction(SORTED_BY[sortBy]), direction(threads.threadId))
    .limit(limit)
    .offset(offset);
  const [page, total] = await Promise.all([rows, countThreads(database, tenant, filter)]);
  return { rows: page, total };
}

export async function countThreads(database: Database, tenant: string, filter: ThreadFilter): Promise<number> {
  return database.$count(threads, matching(tenant, filter));
}

/** Threads that may hold the values asked for: their lines leave out what would tell. At most `limit`, the newest first. */
export async function undecidedThreads(
  database: Database,
  tenant: string,
  filter: ThreadFilter,
  limit: number,
): Promise<readonly string[]> {
  const { values, known: _known, ...others } = filter;
  if (values === undefined || Object.keys(values).length === 0) return [];
  const rows = await database
    .select({ threadId: threads.threadId })
    .from(threads)
    .where(and(matching(tenant, others), mayHold(values), sql`not ${holds(sql`threads."values"`, values)}`))
    .orderBy(desc(threads.createdAt))
    .limit(limit);
  return rows.map(({ threadId }) => threadId);
}

function matching(tenant: string, { metadata, ids, status, values, known = [] }: ThreadFilter): SQL | undefined {
  const graphId = metadata?.["graph_id"];
  return and(
    eq(threads.tenant, tenant),
    // Told by the column besides: most searches name a graph, and reading a column costs less than JSON.
    typeof graphId === "string" ? eq(threads.graphId, graphId) : undefined,
    ids === undefined ? undefined : among(ids),
    status === undefined ? undefined : eq(threads.status, status),
    metadata === undefined ? undefined : holds(sql`threads.metadata`, metadata),
    values === undefined ? undefined : sql`(${holds(sql`threads."values"`, values)} or ${among(known)})`,
  );
}

/** One parameter, however many there are: D1 takes a hundred. */
function among(ids: readonly string[]): SQL {
  return sql`threads.thread_id in (select value from json_each(${JSON.stringify(ids)}))`;
}

/** Containment: every key given is there, objects likewise, everything else equal (langgraph-protocol, section 1). */
function holds(column: SQL, wanted: JsonObject): SQL {
  return sql`not exists (select 1 from json_tree(${JSON.stringify(wanted)}) as w where not exists (
    select 1 from json_tree(coalesce(${column}, '{}')) as h
    where h.fullkey = w.fullkey and h.type = w.type and (w.type = 'object' or h.value is w.value)))`;
}

/** Each channel asked for is as wanted, or left out. */
function mayHold(wanted: JsonObject): SQL {
  const each = Object.entries(wanted).map(
    ([name, value]) =>
      sql`(${holds(sql`threads."values"`, { [name]: value })} or ${name} in (select value from json_each(threads.left_out)))`,
  );
  return sql`(threads.left_out is null or (${sql.join(each, sql` and `)}))`;
}

/** A thread whose time to live may be over. */
export interface ExpiredThread {
  readonly tenant: string;
  readonly threadId: string;
}

/** The longest overdue first. */
export function expiredThreads(database: Database, now: number, limit: number): Promise<ExpiredThread[]> {
  return database
    .select({ tenant: threads.tenant, threadId: threads.threadId })
    .from(threads)
    .where(and(isNotNull(threads.expiresAt), lte(threads.expiresAt, now)))
    .orderBy(asc(threads.expiresAt))
    .limit(limit);
}

/** Looked at again no sooner than that; what the thread itself says later counts. */
export async function deferExpiry(database: Database, { tenant, threadId }: ExpiredThread, at: number): Promise<void> {
  await database
    .update(threads)
    .set({ expiresAt: at })
    .where(and(eq(threads.tenant, tenant), eq(threads.threadId, threadId)));
}
