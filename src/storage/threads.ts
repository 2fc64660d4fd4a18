import { and, eq, lte } from "drizzle-orm";
import type { Database } from "./database.ts";
import { threads } from "./schema.ts";

export interface ThreadRow {
  readonly threadId: string;
  readonly graphId: string | null;
  readonly status: "idle" | "busy" | "interrupted" | "error";
  /** JSON text. */
  readonly metadata: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Deliveries may come late or twice: an older line never replaces a newer one. */
export async function upsertThread(database: Database, tenant: string, row: ThreadRow): Promise<void> {
  const { graphId, status, metadata, updatedAt } = row;
  await database
    .insert(threads)
    .values({ tenant, ...row })
    .onConflictDoUpdate({
      target: [threads.tenant, threads.threadId],
      set: { graphId, status, metadata, updatedAt },
      setWhere: lte(threads.updatedAt, updatedAt),
    });
}

export async function deleteThread(database: Database, tenant: string, threadId: string): Promise<void> {
  await database.delete(threads).where(and(eq(threads.tenant, tenant), eq(threads.threadId, threadId)));
}
