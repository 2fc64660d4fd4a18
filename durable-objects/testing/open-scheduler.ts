import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { unwrap } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { cronsName, type CronView, type NewCron, type SchedulerApi, webhooksName } from "../scheduler-api.ts";

/** Speaking to a Scheduler object from tests inside workerd, without HTTP. */

export interface TestScheduler {
  readonly api: SchedulerApi;
  /** Lets its alarm go off now; false: none was set. */
  ring(): Promise<boolean>;
  /** As if the process had died. */
  crash(): Promise<void>;
  /** When its alarm goes off, Unix milliseconds. */
  alarm(): Promise<number | null>;
  forgetAlarm(): Promise<void>;
  rows(table: "due" | "schedules"): Promise<number>;
  sql(statement: string, ...values: readonly (string | number)[]): Promise<void>;
}

export const cronsOf = (tenant: string): TestScheduler => openScheduler(cronsName(tenant));
export const webhooksOf = (tenant: string, threadId: string): TestScheduler =>
  openScheduler(webhooksName(tenant, threadId));

function openScheduler(name: string): TestScheduler {
  // A stub breaks with its object: each use gets a new one.
  const stub = () => env.SCHEDULER.get(env.SCHEDULER.idFromName(name));
  return {
    get api() {
      return stub() as unknown as SchedulerApi;
    },
    ring: () => runDurableObjectAlarm(stub()),
    crash: async () => runInDurableObject(stub(), (_, state) => state.abort("crash")).catch(() => undefined),
    alarm: () => runInDurableObject(stub(), (_, { storage }) => storage.getAlarm()),
    forgetAlarm: () => runInDurableObject(stub(), (_, { storage }) => storage.deleteAlarm()),
    sql: (statement, ...values) =>
      runInDurableObject(stub(), (_, { storage }) => void storage.sql.exec(statement, ...values)),
    rows: (table) =>
      runInDurableObject(
        stub(),
        (_, { storage }) => storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n,
      ),
  };
}

/** A cron of that tenant, made. */
export async function newCron(tenant: string, more: Partial<NewCron> & { payload: JsonObject }): Promise<CronView> {
  const cron: NewCron = {
    tenant,
    cronId: crypto.randomUUID(),
    schedule: "0 * * * *",
    timezone: null,
    endTime: null,
    enabled: true,
    onRunCompleted: "keep",
    metadata: {},
    assistantId: crypto.randomUUID(),
    threadId: null,
    userId: null,
    requestHash: null,
    ...more,
  };
  return unwrap(await cronsOf(tenant).api.createCron(cron));
}
