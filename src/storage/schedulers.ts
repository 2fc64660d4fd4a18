import { and, asc, eq, lte } from "drizzle-orm";
import type { Database } from "./database.ts";
import { schedulers } from "./schema.ts";

/** A Scheduler object that has something to do. */
export interface SchedulerRow {
  readonly tenant: string;
  /** Of the object. */
  readonly name: string;
  /** Unix milliseconds. */
  readonly dueAt: number;
}

/** @param dueAt when something is due next; null: never */
export async function tellScheduler(
  database: Database,
  tenant: string,
  name: string,
  dueAt: number | null,
): Promise<void> {
  if (dueAt === null) return removeScheduler(database, { tenant, name });
  await database
    .insert(schedulers)
    .values({ tenant, name, dueAt })
    .onConflictDoUpdate({ target: [schedulers.tenant, schedulers.name], set: { dueAt } });
}

/** The sweep's question, over all tenants: which should have said by now that they are done? The longest due first. */
export function dueSchedulers(database: Database, nowMs: number, limit: number): Promise<readonly SchedulerRow[]> {
  return database
    .select()
    .from(schedulers)
    .where(lte(schedulers.dueAt, nowMs))
    .orderBy(asc(schedulers.dueAt), asc(schedulers.tenant), asc(schedulers.name))
    .limit(limit);
}

/** Only if its row is still as it was read: what the object itself said in the meantime counts more. */
export async function deferScheduler(database: Database, row: SchedulerRow, dueAt: number): Promise<void> {
  await database
    .update(schedulers)
    .set({ dueAt })
    .where(and(sameScheduler(row), eq(schedulers.dueAt, row.dueAt)));
}

export async function removeScheduler(
  database: Database,
  row: Pick<SchedulerRow, "tenant" | "name"> & { readonly dueAt?: number },
): Promise<void> {
  const asRead = row.dueAt === undefined ? undefined : eq(schedulers.dueAt, row.dueAt);
  await database.delete(schedulers).where(and(sameScheduler(row), asRead));
}

function sameScheduler({ tenant, name }: Pick<SchedulerRow, "tenant" | "name">) {
  return and(eq(schedulers.tenant, tenant), eq(schedulers.name, name));
}
