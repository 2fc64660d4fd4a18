import { DatabaseSync, type StatementSync } from "node:sqlite";

type Row = Record<string, SqlStorageValue>;

/** Statements of all worlds' disks are of one process: preparing them again costs more than running them. */
const READS = /^\s*(?:SELECT|WITH|PRAGMA)/i;

/**
 * What of an object outlives it: its database and its alarm. As on the platform all that is written in one turn is one
 * transaction, which is on disk when the turn is over, or never happened.
 */
export class Disk {
  alarm: number | null = null;
  /** Called before a transaction of the object's own is released: may throw as a broken disk does. */
  beforeRelease: () => void = () => undefined;
  #database = new DatabaseSync(":memory:");
  #statements = new Map<string, StatementSync>();
  #written = false;
  #committedAlarm: number | null = null;
  #depth = 0;

  get isDirty(): boolean {
    return this.#written || this.alarm !== this.#committedAlarm;
  }

  exec(query: string, bindings: readonly SqlStorageValue[]): Row[] {
    if (!READS.test(query)) this.#write();
    return this.#statement(query).all(...(bindings as (string | number | null)[])) as Row[];
  }

  transaction<T>(work: () => T): T {
    this.#write();
    const name = `s${this.#depth}`;
    const { alarm } = this;
    this.#depth += 1;
    this.#database.exec(`SAVEPOINT ${name}`);
    try {
      const result = work();
      this.beforeRelease();
      this.#database.exec(`RELEASE ${name}`);
      return result;
    } catch (thrown) {
      this.#database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      this.alarm = alarm;
      throw thrown;
    } finally {
      this.#depth -= 1;
    }
  }

  commit(): void {
    if (this.#written) this.#database.exec("COMMIT");
    this.#written = false;
    this.#committedAlarm = this.alarm;
  }

  rollback(): void {
    if (this.#written) this.#database.exec("ROLLBACK");
    this.#written = false;
    this.alarm = this.#committedAlarm;
  }

  /** By the platform, in no transaction. */
  setAlarm(at: number | null): void {
    this.alarm = at;
    this.#committedAlarm = at;
  }

  /** Everything is gone; joins the turn's transaction. */
  erase(): void {
    const tables = this.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", []);
    for (const { name } of tables) this.exec(`DROP TABLE "${textOf(name)}"`, []);
    this.#statements = new Map();
  }

  close(): void {
    this.#database.close();
  }

  #write(): void {
    if (!this.#written) this.#database.exec("BEGIN");
    this.#written = true;
  }

  #statement(query: string): StatementSync {
    const known = this.#statements.get(query) ?? this.#database.prepare(query);
    this.#statements.set(query, known);
    return known;
  }
}

/** `DurableObjectState["storage"]` as far as the product uses it. `isAlive`: of the object that asks. */
export function storageOn(disk: Disk, isAlive: () => boolean): DurableObjectStorage {
  const alive = (): void => {
    if (!isAlive()) throw new Error("This object was reset.");
  };
  const sql = {
    exec: (query: string, ...bindings: SqlStorageValue[]) => {
      alive();
      return cursorOf(disk.exec(query, bindings));
    },
  };
  const storage = {
    sql,
    transactionSync: <T>(work: () => T): T => {
      alive();
      return disk.transaction(work);
    },
    getAlarm: () => {
      alive();
      return Promise.resolve(disk.alarm);
    },
    setAlarm: (at: number | Date) => {
      alive();
      disk.alarm = Number(at);
      return Promise.resolve();
    },
    deleteAlarm: () => {
      alive();
      disk.alarm = null;
      return Promise.resolve();
    },
    deleteAll: () => {
      alive();
      disk.erase();
      return Promise.resolve();
    },
  };
  return storage as unknown as DurableObjectStorage;
}

function textOf(value: SqlStorageValue | undefined): string {
  if (typeof value !== "string") throw new TypeError("A table has no name.");
  return value;
}

function cursorOf(rows: Row[]) {
  const [first] = rows;
  return {
    toArray: () => rows,
    one: () => {
      if (first === undefined || rows.length > 1) throw new Error(`Expected one row, got ${rows.length}`);
      return first;
    },
    next: () => {
      const value = rows.shift();
      return value === undefined ? { done: true as const } : { done: false as const, value };
    },
    [Symbol.iterator]: () => rows[Symbol.iterator](),
  };
}
