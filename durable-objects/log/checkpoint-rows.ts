import type { LogEntry } from "./entry.ts";

/** A step that a commit shows: a checkpoint. */
export interface Checkpoint {
  readonly seq: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly run: number;
  /** Its number in the thread. */
  readonly step: number;
  /** Its place among those that the commit shows. */
  readonly part: number;
  /** How many the commit shows. */
  readonly shows: number;
}

/** With the kind of its commit's entry. */
export interface CheckpointHead extends Checkpoint {
  readonly type: LogEntry["type"];
}

/** Where a list of checkpoints ends that goes on to older ones. */
export interface Before {
  readonly seq: number;
  /** The commit's own parts below it are older. */
  readonly part: number;
}

type CheckpointSql = { seq: number; at: number; run: number; step: number; shows: number | null };

/** How the bodies of those entries begin that tell where a checkpoint comes from; the others are steps. */
const HEADS: ReadonlyMap<string, LogEntry["type"]> = new Map([
  ['["s', "run-started"],
  ['["u', "state-updated"],
]);
const COLUMNS = "seq, at, run, step, shows";
/** Runs that were struck show nothing. */
const SHOWN = "step IS NOT NULL AND run NOT IN (SELECT run FROM struck_runs)";

/** The SQL of checkpoints: rows that show steps. Nothing of what was committed is decoded. */
export class CheckpointRows {
  readonly #sql: SqlStorage;
  readonly #entryOf: (seq: number) => LogEntry | undefined;

  /** @param entryOf a commit's entry, for the few whose body stands outside its row */
  constructor(sql: SqlStorage, entryOf: (seq: number) => LogEntry | undefined) {
    this.#sql = sql;
    this.#entryOf = entryOf;
  }

  /** The newest first, `limit` commits' at most: those before a place. */
  newest(before: Before, limit: number): CheckpointHead[] {
    const rows = this.#sql.exec<CheckpointSql & { head: string }>(
      `SELECT ${COLUMNS}, substr(body, 1, 3) AS head FROM commits WHERE seq <= ? AND ${SHOWN} ORDER BY seq DESC LIMIT ?`,
      before.seq,
      limit,
    );
    return [...rows]
      .flatMap((row) => this.#stepsOf(row).reverse())
      .filter(({ seq, part }) => seq < before.seq || part < before.part);
  }

  /** The newest of the commits up to this one. */
  last(seq: number): Checkpoint | undefined {
    return this.newest({ seq: seq + 1, part: 0 }, 2)[0];
  }

  /** Those of commits with `from <= seq <= to`, in order. */
  heads(from: number, to: number): CheckpointHead[] {
    const rows = this.#sql.exec<CheckpointSql & { head: string }>(
      `SELECT ${COLUMNS}, substr(body, 1, 3) AS head FROM commits WHERE seq >= ? AND seq <= ? AND ${SHOWN} ORDER BY seq`,
      from,
      to,
    );
    return [...rows].flatMap((row) => this.#stepsOf(row));
  }

  /** In order. Rows that were written before steps were levels show one each. */
  #stepsOf({ head, step, shows, ...place }: CheckpointSql & { head: string }): CheckpointHead[] {
    const count = shows ?? 1;
    const whole = { ...place, shows: count, type: this.#typeOf(head, place.seq) };
    return Array.from({ length: count }, (_, part) => ({ ...whole, step: step - count + 1 + part, part }));
  }

  /** The last commit of a run that rests shows so many steps more, and has ids for them. */
  showMore(seq: number, more: number, step: number, lastEvent: number): void {
    this.#sql.exec(
      "UPDATE commits SET step = ?, shows = coalesce(shows, 0) + ?, last_event = ? WHERE seq = ?",
      step,
      more,
      lastEvent,
      seq,
    );
  }

  /** By the letters of format-v1; a body that stands outside its row must be read. */
  #typeOf(head: string, seq: number): LogEntry["type"] {
    if (head.startsWith("#")) return this.#entryOf(seq)?.type ?? "task-succeeded";
    return HEADS.get(head) ?? "task-succeeded";
  }
}
