import { CronRows } from "./cron-rows.ts";
import { DueRows } from "./due.ts";
import { SCHEDULER_TABLES, SCHEDULER_TABLES_VERSION } from "./tables.ts";

export interface SchedulerRecord {
  readonly tenant: string;
  /** Of the object. */
  readonly name: string;
  /** What the index was told last that this is due at, Unix milliseconds; 0: nothing. */
  readonly told: number;
}

/** All that a Scheduler keeps. Writes join the transaction they are called in. */
export class SchedulerStore {
  readonly crons: CronRows;
  readonly due: DueRows;
  readonly #sql: SqlStorage;
  #record: SchedulerRecord | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    for (const statement of SCHEDULER_TABLES) sql.exec(statement);
    this.crons = new CronRows(sql);
    this.due = new DueRows(sql);
    [this.#record] = sql.exec<{ tenant: string; name: string; told: number }>("SELECT * FROM scheduler").toArray();
  }

  /** Undefined where nothing was ever written. */
  get record(): SchedulerRecord | undefined {
    return this.#record;
  }

  /** Whose object this is, said with the first thing that is written. */
  belong(tenant: string, name: string): void {
    if (this.#record !== undefined) return;
    this.#sql.exec("INSERT INTO scheduler VALUES (1, ?, ?, ?, 0)", SCHEDULER_TABLES_VERSION, tenant, name);
    this.#record = { tenant, name, told: 0 };
  }

  tell(told: number): void {
    if (this.#record === undefined) return;
    this.#sql.exec("UPDATE scheduler SET told = ?", told);
    this.#record = { ...this.#record, told };
  }

  /** When something is due next, Unix milliseconds; undefined: nothing is. */
  next(): number | undefined {
    const times = [this.crons.next(), this.due.next()].flatMap((at) => at ?? []);
    return times.length === 0 ? undefined : Math.min(...times);
  }
}
