import { and, asc, eq, gt, sql } from "drizzle-orm";
import { contains } from "./containment.ts";
import type { Database } from "./database.ts";
import { deadLetters, items, nodeResults, threads } from "./schema.ts";

/** The page of a walk over ids: `after` is the last one of the page before. */
export interface IdPage {
  readonly after: string;
  readonly limit: number;
}

/** Ids of threads whose metadata names the assistant: it ran there last. */
export async function threadsOfAssistant(
  database: Database,
  tenant: string,
  assistantId: string,
  page: IdPage,
): Promise<readonly string[]> {
  const named = contains(sql`threads.metadata`, { assistant_id: assistantId });
  return idsOf(
    await database
      .select({ threadId: threads.threadId })
      .from(threads)
      .where(and(eq(threads.tenant, tenant), gt(threads.threadId, page.after), named))
      .orderBy(asc(threads.threadId))
      .limit(page.limit),
  );
}

/** Ids of all threads that the index knows. */
export async function threadsOfTenant(database: Database, tenant: string, page: IdPage): Promise<readonly string[]> {
  return idsOf(
    await database
      .select({ threadId: threads.threadId })
      .from(threads)
      .where(and(eq(threads.tenant, tenant), gt(threads.threadId, page.after)))
      .orderBy(asc(threads.threadId))
      .limit(page.limit),
  );
}

/** What runs left outside their threads. */
export async function removeTracesOfRuns(database: Database, tenant: string): Promise<void> {
  await database.batch([
    database.delete(deadLetters).where(eq(deadLetters.tenant, tenant)),
    database.delete(nodeResults).where(eq(nodeResults.tenant, tenant)),
  ]);
}

export async function removeAllItems(database: Database, tenant: string): Promise<void> {
  await database.delete(items).where(eq(items.tenant, tenant));
}

function idsOf(rows: readonly { readonly threadId: string }[]): readonly string[] {
  return rows.map(({ threadId }) => threadId);
}
