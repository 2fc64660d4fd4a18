import { and, asc, eq, gt, lte, or } from "drizzle-orm";
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
      // Its thread speaks: it is not out of reach.
      set: { dueAt: run.dueAt, failedTouches: 0 },
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

/** A tenant's runs that are live, or wait for their turn, as far as their threads have told; in the order of their ids. */
export function liveRunsOf(
  database: Database,
  tenant: string,
  limit: number,
  after?: Pick<LiveRun, "threadId" | "runId">,
): Promise<readonly Pick<LiveRun, "threadId" | "runId">[]> {
  const { threadId, runId } = liveRuns;
  const isBehindIt =
    after && or(gt(threadId, after.threadId), and(eq(threadId, after.threadId), gt(runId, after.runId)));
  return database
    .select({ threadId, runId })
    .from(liveRuns)
    .where(and(eq(liveRuns.tenant, tenant), isBehindIt))
    .orderBy(asc(threadId), asc(runId))
    .limit(limit);
}

export interface DueRun extends LiveRun {
  readonly tenant: string;
  readonly failedTouches: number;
}

/**
 * The sweep's question, and the one query over all tenants: which runs should have moved by now, the longest due first?
 * @param after the last of the batch before: rows that stay where they are must not hide those behind them
 */
export function dueLiveRuns(
  database: Database,
  nowMs: number,
  limit: number,
  after?: DueRun,
): Promise<readonly DueRun[]> {
  return database
    .select()
    .from(liveRuns)
    .where(and(lte(liveRuns.dueAt, nowMs), after && isBehind(after)))
    .orderBy(asc(liveRuns.dueAt), asc(liveRuns.tenant), asc(liveRuns.threadId), asc(liveRuns.runId))
    .limit(limit);
}

function isBehind({ dueAt, tenant, threadId, runId }: DueRun) {
  return or(
    gt(liveRuns.dueAt, dueAt),
    and(
      eq(liveRuns.dueAt, dueAt),
      or(
        gt(liveRuns.tenant, tenant),
        and(
          eq(liveRuns.tenant, tenant),
          or(gt(liveRuns.threadId, threadId), and(eq(liveRuns.threadId, threadId), gt(liveRuns.runId, runId))),
        ),
      ),
    ),
  );
}

/**
 * Pushes a run on that was just touched, so that a thread which cannot move does not keep the others from their turn.
 * Only if its row is still as it was read: what the thread itself said in the meantime counts more.
 */
export async function deferLiveRun(
  database: Database,
  tenant: string,
  run: LiveRun,
  dueAt: number,
  failedTouches = 0,
): Promise<void> {
  await database
    .update(liveRuns)
    .set({ dueAt, failedTouches })
    .where(and(sameRun(tenant, run.threadId, run.runId), eq(liveRuns.dueAt, run.dueAt)));
}

function sameRun(tenant: string, threadId: string, runId: string) {
  return and(eq(liveRuns.tenant, tenant), eq(liveRuns.threadId, threadId), eq(liveRuns.runId, runId));
}
