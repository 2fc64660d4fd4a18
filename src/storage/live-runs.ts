import { and, asc, eq, lte } from "drizzle-orm";
import type { Database } from "./database.ts";
import { liveRuns } from "./schema.ts";

export interface LiveRun {
  readonly threadId: string;
  readonly runId: string;
  readonly dueAt: number;
  readonly startedAt: number;
}

export async function upsertLiveRun(database: Database, tenant: string, run: LiveRun): Promise<void> {
  await database
    .insert(liveRuns)
    .values({ tenant, ...run })
    .onConflictDoUpdate({
      target: [liveRuns.tenant, liveRuns.threadId, liveRuns.runId],
      set: { dueAt: run.dueAt },
    });
}

export async function removeLiveRun(
  database: Database,
  tenant: string,
  threadId: string,
  runId: string,
): Promise<void> {
  await database.delete(liveRuns).where(sameRun(tenant, threadId, runId));
}

/** The sweep's question, and the one query over all tenants: which runs should have moved by now, the longest due first? */
export function dueLiveRuns(
  database: Database,
  nowMs: number,
  limit: number,
): Promise<readonly (LiveRun & { readonly tenant: string })[]> {
  return database
    .select()
    .from(liveRuns)
    .where(lte(liveRuns.dueAt, nowMs))
    .orderBy(asc(liveRuns.dueAt), asc(liveRuns.tenant), asc(liveRuns.threadId), asc(liveRuns.runId))
    .limit(limit);
}

/**
 * Pushes a run on that was just touched, so that a thread which cannot move does not keep the others from their turn.
 * Only if its row is still as it was read: what the thread itself said in the meantime counts more.
 */
export async function deferLiveRun(database: Database, tenant: string, run: LiveRun, dueAt: number): Promise<void> {
  await database
    .update(liveRuns)
    .set({ dueAt })
    .where(and(sameRun(tenant, run.threadId, run.runId), eq(liveRuns.dueAt, run.dueAt)));
}

function sameRun(tenant: string, threadId: string, runId: string) {
  return and(eq(liveRuns.tenant, tenant), eq(liveRuns.threadId, threadId), eq(liveRuns.runId, runId));
}
