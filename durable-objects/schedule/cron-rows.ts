import type { ErrorRecord } from "../../src/base/errors.ts";
import { containsJson } from "../../src/base/json.ts";
import type { CronFilter, CronQuery, NewCron } from "../scheduler-api.ts";

/** A cron as it is kept. Times are Unix milliseconds. */
export interface CronRow extends Omit<NewCron, "tenant"> {
  readonly nextAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastRunId: string | null;
  /** The newest instant that was come by. */
  readonly lastInstant: number | null;
  /** Why it has no run. */
  readonly lastError: ErrorRecord | null;
}

type CronSql = {
  id: string;
  next_at: number | null;
  enabled: 0 | 1;
  assistant_id: string;
  thread_id: string | null;
  end_at: number | null;
  created_at: number;
  updated_at: number;
  body: string;
};

const COLUMNS = "id, next_at, enabled, assistant_id, thread_id, end_at, created_at, updated_at, body";
const ORDER: Readonly<Record<CronQuery["sortBy"], string>> = {
  cron_id: "id",
  assistant_id: "assistant_id",
  thread_id: "thread_id",
  next_run_date: "next_at",
  end_time: "end_at",
  created_at: "created_at",
  updated_at: "updated_at",
};

/** The crons of a tenant. Writes join the transaction they are called in. */
export class CronRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  put(cron: CronRow): void {
    const { cronId, nextAt, enabled, assistantId, threadId, endTime, createdAt, updatedAt, ...body } = cron;
    this.#sql.exec(
      `INSERT OR REPLACE INTO schedules (kind, ${COLUMNS}) VALUES ('cron', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      cronId,
      nextAt,
      enabled ? 1 : 0,
      assistantId,
      threadId,
      endTime,
      createdAt,
      updatedAt,
      JSON.stringify(body),
    );
  }

  find(cronId: string): CronRow | undefined {
    return this.#read("WHERE kind = 'cron' AND id = ?", cronId)[0];
  }

  remove(cronId: string): void {
    this.#sql.exec("DELETE FROM schedules WHERE id = ?", cronId);
  }

  size(): number {
    return this.#sql.exec<{ size: number }>("SELECT count(*) AS size FROM schedules").one().size;
  }

  /** Those whose next instant has come, the longest due first. */
  upTo(now: number, limit: number): CronRow[] {
    return this.#read("WHERE next_at IS NOT NULL AND next_at <= ? ORDER BY next_at LIMIT ?", now, limit);
  }

  next(): number | undefined {
    return (
      this.#sql.exec<{ at: number | null }>("SELECT min(next_at) AS at FROM schedules WHERE next_at IS NOT NULL").one()
        .at ?? undefined
    );
  }

  search(query: CronQuery): { readonly crons: readonly CronRow[]; readonly total: number } {
    const { limit, offset, sortBy, sortOrder, metadata } = query;
    const order = sortOrder === "asc" ? "ASC" : "DESC";
    const { where, values } = condition(query);
    const sorted = `WHERE ${where} ORDER BY ${ORDER[sortBy]} ${order}, id ${order}`;
    if (metadata === undefined) {
      const crons = this.#read(`${sorted} LIMIT ? OFFSET ?`, ...values, limit, offset);
      return { crons, total: this.count(query) };
    }
    const crons = this.#read(sorted, ...values).filter((cron) => containsJson(cron.metadata, metadata));
    return { crons: crons.slice(offset, offset + limit), total: crons.length };
  }

  count(filter: CronFilter): number {
    const { where, values } = condition(filter);
    const { metadata } = filter;
    if (metadata !== undefined)
      return this.#read(`WHERE ${where}`, ...values).filter((cron) => containsJson(cron.metadata, metadata)).length;
    return this.#sql.exec<{ size: number }>(`SELECT count(*) AS size FROM schedules WHERE ${where}`, ...values).one()
      .size;
  }

  #read(rest: string, ...values: readonly (string | number)[]): CronRow[] {
    return this.#sql
      .exec<CronSql>(`SELECT ${COLUMNS} FROM schedules ${rest}`, ...values)
      .toArray()
      .map(toRow);
  }
}

function condition({ assistantId, threadId, enabled }: CronFilter): { where: string; values: (string | number)[] } {
  const given: readonly (readonly [string, string | number | undefined])[] = [
    ["assistant_id = ?", assistantId],
    ["thread_id = ?", threadId],
    ["enabled = ?", enabled === undefined ? undefined : Number(enabled)],
  ];
  const asked = given.flatMap(([text, value]) => (value === undefined ? [] : [{ text, value }]));
  const where = ["kind = 'cron'", ...asked.map(({ text }) => text)].join(" AND ");
  return { where, values: asked.map(({ value }) => value) };
}

function toRow(row: CronSql): CronRow {
  return {
    ...(JSON.parse(row.body) as Pick<
      CronRow,
      | "schedule"
      | "timezone"
      | "onRunCompleted"
      | "metadata"
      | "payload"
      | "userId"
      | "requestHash"
      | "lastRunId"
      | "lastInstant"
      | "lastError"
    >),
    cronId: row.id,
    nextAt: row.next_at,
    enabled: row.enabled === 1,
    assistantId: row.assistant_id,
    threadId: row.thread_id,
    endTime: row.end_at,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
