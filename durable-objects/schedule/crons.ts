import { type EdgewiseError, type ErrorRecord, failure } from "../../src/base/errors.ts";
import { uuidv5 } from "../../src/base/ids.ts";
import { canonicalJson } from "../../src/base/json.ts";
import type { CronAddress, CronTerms, CronView, NewCron, PatchCron } from "../scheduler-api.ts";
import type { CronRow } from "./cron-rows.ts";
import { checkRhythm, latestInstant, nextInstant } from "./instants.ts";
import type { SchedulerStore } from "./store.ts";
import { LONGEST_ROW } from "./tables.ts";

/** A tenant has at most so many. */
export const MOST_CRONS = 10_000;
/** Of the run ids of instants; a random UUID, fixed for ever. */
const RUNS = "c6c1f7a1-3b0e-4b59-9d0a-7f0a2a1e5d43";

/** Whatever happens to crons. All of it checks first, and joins the transaction it is called in. */
export class Crons {
  readonly #store: SchedulerStore;

  constructor(store: SchedulerStore) {
    this.#store = store;
  }

  /** @throws EdgewiseError with a pointer, for what cannot be read; `conflict` where there are too many */
  create({ tenant: _tenant, ...cron }: NewCron, now: number): CronRow {
    const known = this.#store.crons.find(cron.cronId);
    if (known !== undefined) {
      if (known.requestHash === cron.requestHash) return known;
      const text = "This Idempotency-Key was used for another request; take a new key, or send the same body.";
      throw failure("idempotency_mismatch", text, { pointer: "/idempotency-key" });
    }
    if (this.#store.crons.size() >= MOST_CRONS)
      throw failure("conflict", `There are ${MOST_CRONS} crons already; delete some that are not needed.`);
    checkEnd(cron.endTime, now);
    const nothing = { nextAt: null, lastRunId: null, lastInstant: null, lastError: null };
    return this.#keep(planned({ ...cron, ...nothing, createdAt: now, updatedAt: now }, now));
  }

  /** @throws EdgewiseError `not_found` */
  find({ cronId }: CronAddress): CronRow {
    const cron = this.#store.crons.find(cronId);
    if (cron === undefined) throw failure("not_found", `Cron with ID ${cronId} not found`);
    return cron;
  }

  /** What is due by now is due still, whatever the new terms say. */
  patch({ tenant, cronId, ...terms }: PatchCron, now: number): CronRow {
    const before = this.find({ tenant, cronId });
    const cron = { ...((before.nextAt ?? now + 1) <= now ? this.#claim(before, tenant, now) : before), updatedAt: now };
    checkEnd(terms.endTime ?? null, now);
    const changed = { ...cron, ...terms, payload: { ...cron.payload, ...terms.payload } };
    return this.#keep(changesTime(terms) ? planned(changed, now) : changed);
  }

  /** With what it has due. */
  remove(address: CronAddress): void {
    this.find(address);
    this.#store.crons.remove(address.cronId);
    this.#store.due.removeOf("start", address.cronId);
  }

  /** Makes runs due of the instants that have come. Answers how many; fewer than `limit`: there are no more. */
  claim(tenant: string, now: number, limit: number): number {
    const crons = this.#store.crons.upTo(now, limit);
    for (const cron of crons) this.#store.crons.put(this.#claim(cron, tenant, now));
    return crons.length;
  }

  /** One run for all the instants that were missed: that of the newest. The next is counted from it, never from now. */
  #claim(cron: CronRow, tenant: string, now: number): CronRow {
    if (cron.nextAt === null) return cron;
    const instant = latestInstant(cron, cron.nextAt, Math.min(now, cron.endTime ?? now));
    const { cronId } = cron;
    const runId = uuidv5(canonicalJson([tenant, cronId, instant]), RUNS);
    const key = `${cronId}/${instant}`;
    this.#store.due.add({ kind: "start", key, at: now, attempts: 0, body: { cronId, instant, runId } });
    return { ...cron, nextAt: nextOf(cron, instant) };
  }

  /** What became of an instant; of two the newer counts. */
  note(cronId: string, instant: number, runId: string | null, error: ErrorRecord | null): void {
    const cron = this.#store.crons.find(cronId);
    if (cron === undefined || instant < (cron.lastInstant ?? 0)) return;
    this.#store.crons.put({ ...cron, lastInstant: instant, lastRunId: runId, lastError: error });
  }

  #keep(cron: CronRow): CronRow {
    const { length } = JSON.stringify(cron);
    if (length > LONGEST_ROW) {
      const text = `The cron has ${length} characters of JSON; ${LONGEST_ROW} are allowed. Large values belong into the store.`;
      throw failure("value_too_large", text, { pointer: "/input" });
    }
    this.#store.crons.put(cron);
    return cron;
  }
}

function changesTime({ schedule, timezone, endTime, enabled }: Partial<CronTerms>): boolean {
  return [schedule, timezone, endTime, enabled].some((term) => term !== undefined);
}

/** @throws EdgewiseError `invalid_request`, with a pointer */
function planned(cron: CronRow, now: number): CronRow {
  checkRhythm(cron, now);
  const nextAt = nextOf(cron, now);
  if (nextAt === null && cron.enabled) throw ends("is before the first time of the schedule");
  return { ...cron, nextAt };
}

function checkEnd(endTime: number | null, now: number): void {
  if (endTime !== null && endTime <= now) throw ends("has passed");
}

function nextOf(cron: CronRow, after: number): number | null {
  const next = cron.enabled ? nextInstant(cron, after) : undefined;
  return next === undefined || (cron.endTime !== null && next > cron.endTime) ? null : next;
}

function ends(why: string): EdgewiseError {
  return failure("invalid_request", `The end_time ${why}; leave it out, or name a later one.`, {
    pointer: "/end_time",
  });
}

const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

export function cronView(cron: CronRow): CronView {
  return {
    cron_id: cron.cronId,
    assistant_id: cron.assistantId,
    thread_id: cron.threadId,
    schedule: cron.schedule,
    timezone: cron.timezone,
    end_time: time(cron.endTime),
    next_run_date: time(cron.nextAt),
    enabled: cron.enabled,
    on_run_completed: cron.onRunCompleted,
    payload: cron.payload,
    metadata: cron.metadata,
    user_id: cron.userId,
    created_at: new Date(cron.createdAt).toISOString(),
    updated_at: new Date(cron.updatedAt).toISOString(),
    last_run_id: cron.lastRunId,
    last_run_date: time(cron.lastInstant),
    last_error: cron.lastError,
  };
}
