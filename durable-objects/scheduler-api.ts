import type { ErrorRecord, Reply } from "../src/base/errors.ts";
import { sha256Hex } from "../src/base/hash.ts";
import type { JsonObject } from "../src/base/json.ts";
import { objectName } from "../src/security/tenant.ts";

/** The Scheduler object's RPC surface, as `src/api` and Thread objects see it. Every call names the tenant; an object refuses another's. */

/** How many objects share a tenant's deliveries. Fixed for ever: a delivery must meet its own object again. */
const SHARDS = 16;

/** Of the object that has all crons of a tenant. */
export function cronsName(tenant: string): string {
  return objectName(tenant, "scheduler", "crons");
}

/** Of the object that delivers the webhooks of this thread's runs. */
export function webhooksName(tenant: string, threadId: string): string {
  const shard = Number.parseInt(sha256Hex(threadId).slice(0, 8), 16) % SHARDS;
  return objectName(tenant, "scheduler", `webhooks-${shard}`);
}

/** The RPC surface of the object of this name. A stub is good for one call only as long as its object lives. */
export function schedulerStub(namespace: DurableObjectNamespace, name: string): SchedulerApi {
  // The binding's type does not know its class; its RPC surface is SchedulerApi.
  return namespace.get(namespace.idFromName(name)) as unknown as SchedulerApi;
}

export interface CronAddress {
  readonly tenant: string;
  readonly cronId: string;
}

/** What a cron's author may say of it, and say anew. Times are Unix milliseconds. */
export interface CronTerms {
  /** Five fields. */
  readonly schedule: string;
  /** IANA; null: UTC. */
  readonly timezone: string | null;
  /** No instant after it counts. */
  readonly endTime: number | null;
  readonly enabled: boolean;
  /** Of a cron without a thread: what becomes of the threads of its runs. */
  readonly onRunCompleted: "delete" | "keep";
  readonly metadata: JsonObject;
  /** The body of the run that each instant starts, as it was sent. */
  readonly payload: JsonObject;
}

export interface NewCron extends CronAddress, CronTerms {
  readonly assistantId: string;
  readonly threadId: string | null;
  /** The API key's id; null where none is needed. */
  readonly userId: string | null;
  /** Only when the id was made from an `Idempotency-Key`: the hash of what was asked for. */
  readonly requestHash: string | null;
}

export interface PatchCron extends CronAddress, Partial<CronTerms> {
  /** Whom the payload names from now on. */
  readonly assistantId?: string;
}

export interface CronView {
  readonly cron_id: string;
  readonly assistant_id: string;
  readonly thread_id: string | null;
  readonly schedule: string;
  readonly timezone: string | null;
  readonly end_time: string | null;
  readonly next_run_date: string | null;
  readonly enabled: boolean;
  readonly on_run_completed: "delete" | "keep";
  readonly payload: JsonObject;
  readonly metadata: JsonObject;
  readonly user_id: string | null;
  readonly created_at: string;
  readonly updated_at: string;
  /** Ours: what became of the newest instant. */
  readonly last_run_id: string | null;
  readonly last_run_date: string | null;
  readonly last_error: ErrorRecord | null;
}

export interface CronFilter {
  readonly tenant: string;
  readonly assistantId?: string;
  readonly threadId?: string;
  readonly enabled?: boolean;
  /** Containment. */
  readonly metadata?: JsonObject;
}

export const CRON_ORDERS = [
  "cron_id",
  "assistant_id",
  "thread_id",
  "next_run_date",
  "end_time",
  "created_at",
  "updated_at",
] as const;

export interface CronQuery extends CronFilter {
  readonly limit: number;
  readonly offset: number;
  readonly sortBy: (typeof CRON_ORDERS)[number];
  readonly sortOrder: "asc" | "desc";
}

/** A run's end, on its way to whoever asked to be told. */
export interface Delivery {
  /** The `webhook-id`: the same however often it is sent. */
  readonly id: string;
  readonly url: string;
  readonly threadId: string;
  readonly runId: string;
  readonly graphId: string;
  /** The message without `webhook_sent_at`. */
  readonly body: JsonObject;
  /** How often it was redriven. */
  readonly generation: number;
}

export interface SchedulerApi {
  /** The same id again is the same cron; `idempotency_mismatch` where it was asked for in other words. */
  createCron(cron: NewCron): Promise<Reply<CronView>>;
  getCron(address: CronAddress): Promise<Reply<CronView>>;
  patchCron(patch: PatchCron): Promise<Reply<CronView>>;
  /** After its answer no run of the cron starts any more. */
  deleteCron(address: CronAddress): Promise<Reply<null>>;
  searchCrons(query: CronQuery): Promise<Reply<{ readonly crons: readonly CronView[]; readonly total: number }>>;
  countCrons(filter: CronFilter): Promise<Reply<number>>;
  /** Answers after the delivery is durable; one that is under way already stays as it is. */
  takeDelivery(command: { readonly tenant: string; readonly delivery: Delivery }): Promise<Reply<null>>;
  /** The sweep's hand: does what is due. Answers when it is due again by itself, or null. */
  touch(query: { readonly tenant: string }): Promise<number | null>;
}

/** What an instant of a cron starts. */
export interface Occasion {
  readonly tenant: string;
  readonly cronId: string;
  /** Unix milliseconds; what was planned, not when it comes about. */
  readonly instant: number;
  /** Made of the cron and the instant: a second start is the first one again. */
  readonly runId: string;
  readonly threadId: string | null;
  /** Of a run without a thread: what becomes of the one that it gets. */
  readonly onRunCompleted: "delete" | "keep";
  readonly payload: JsonObject;
}

/** How a Scheduler reaches Threads; the deployment hands it in, since requests are understood in `src/api`. */
export interface Starter {
  /** @throws EdgewiseError why there is no run; a `retryable` one is tried again */
  start(occasion: Occasion): Promise<void>;
}
