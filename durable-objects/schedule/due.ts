import type { Json } from "../../src/base/json.ts";

export type DueKind = "start" | "post";

/** Something to be done at a time. `key` is natural: the same thing is one row. */
export interface Due {
  readonly kind: DueKind;
  readonly key: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** How often it was tried. */
  readonly attempts: number;
  readonly body: Json;
}

type DueSql = { kind: DueKind; key: string; at: number; attempts: number; body: string };

const REMEMBERED_MS = 24 * 3_600_000;

/** The rows of what is due. Writes join the transaction they are called in. */
export class DueRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** What is there already stays as it is. */
  add({ kind, key, at, attempts, body }: Due): void {
    const text = JSON.stringify(body);
    this.#sql.exec("INSERT OR IGNORE INTO due VALUES (?, ?, ?, ?, ?)", kind, key, at, attempts, text);
  }

  find({ kind, key }: Pick<Due, "kind" | "key">): Due | undefined {
    const [row] = this.#sql.exec<DueSql>("SELECT * FROM due WHERE kind = ? AND key = ?", kind, key).toArray();
    return row && toDue(row);
  }

  /** The longest due first. */
  upTo(now: number, limit: number): Due[] {
    return this.#sql
      .exec<DueSql>("SELECT * FROM due WHERE at <= ? ORDER BY at LIMIT ?", now, limit)
      .toArray()
      .map(toDue);
  }

  again({ kind, key }: Pick<Due, "kind" | "key">, at: number, attempts: number, body: Json): void {
    const text = JSON.stringify(body);
    const statement = "UPDATE due SET at = ?, attempts = ?, body = ? WHERE kind = ? AND key = ?";
    this.#sql.exec(statement, at, attempts, text, kind, key);
  }

  remove({ kind, key }: Pick<Due, "kind" | "key">): void {
    this.#sql.exec("DELETE FROM due WHERE kind = ? AND key = ?", kind, key);
  }

  /** Everything of one thing, whose keys begin with its name and a slash. */
  removeOf(kind: DueKind, name: string): void {
    this.#sql.exec("DELETE FROM due WHERE kind = ? AND substr(key, 1, ?) = ?", kind, name.length + 1, `${name}/`);
  }

  /** A delivery is over; whether it is is known for a day. */
  keepPosted(key: string, now: number): void {
    this.#sql.exec("DELETE FROM posted WHERE at < ?", now - REMEMBERED_MS);
    this.#sql.exec("INSERT OR REPLACE INTO posted VALUES (?, ?)", key, now);
  }

  isPosted(key: string): boolean {
    return this.#sql.exec("SELECT 1 FROM posted WHERE key = ?", key).toArray().length > 0;
  }

  next(): number | undefined {
    return this.#sql.exec<{ at: number | null }>("SELECT min(at) AS at FROM due").one().at ?? undefined;
  }
}

function toDue(row: DueSql): Due {
  return { ...row, body: JSON.parse(row.body) as Json };
}
