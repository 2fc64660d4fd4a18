import type { Json } from "../../src/base/json.ts";

/** What few threads have to say of themselves beside their one row. */
export interface ThreadFacts {
  /** How long it is kept when nothing happens to it. */
  readonly ttl?: { readonly ms: number; readonly strategy: "delete" };
  /** It is a copy: its runs up to that number are another thread's as well. */
  readonly copied?: { readonly runs: number };
  /** Its history was dropped: checkpoints before that commit are not there any more. */
  readonly pruned?: { readonly before: number };
}

/** A table that is made when the first of them is said. Its writes join the transaction they are called in. */
export class Facts {
  readonly #sql: SqlStorage;
  #known: ThreadFacts | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get all(): ThreadFacts {
    this.#known ??= this.#read();
    return this.#known;
  }

  /** @param value undefined: it is not so any more */
  set<Name extends keyof ThreadFacts>(name: Name, value: ThreadFacts[Name] | undefined): void {
    const { [name]: _, ...others } = this.all;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT");
    this.#sql.exec("DELETE FROM facts WHERE name = ?", name);
    if (value !== undefined)
      this.#sql.exec("INSERT INTO facts (name, value) VALUES (?, ?)", name, JSON.stringify(value));
    this.#known = value === undefined ? others : { ...others, [name]: value };
  }

  forget(): void {
    this.#known = undefined;
  }

  #read(): ThreadFacts {
    const tables = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'facts'").toArray();
    if (tables.length === 0) return {};
    const rows = this.#sql.exec<{ name: string; value: string }>("SELECT name, value FROM facts").toArray();
    return Object.fromEntries(rows.map(({ name, value }) => [name, JSON.parse(value) as Json])) as ThreadFacts;
  }
}
