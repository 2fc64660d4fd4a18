import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Tokens } from "./wire/usage-tap.ts";

/** What one request used. Written down here first, and told to whoever keeps the accounts from here, at least once. */
export interface UsageRecord {
  /** A UUID: told of twice it is one record. */
  readonly id: string;
  /** Unix milliseconds of its end. */
  readonly at: number;
  readonly tenant: string;
  readonly key: string;
  readonly model: string;
  readonly host: string;
  readonly path: string;
  readonly status: number;
  readonly durationMs: number;
  /** Null where the host told nothing, or was cut off before it could. */
  readonly tokens: Tokens | null;
  /** How it ended. */
  readonly end: "answered" | "left" | "broke-off";
}

const FLUSH_MS = 50;
/** Records of one batch; a batch is told of whole. */
const MOST_AT_ONCE = 1_000;

/** Records that are told of together: their number stands for all of them. */
export interface Batch {
  readonly n: number;
  readonly records: readonly UsageRecord[];
}

/**
 * An append-only journal in SQLite. Records are gathered for a moment and written as one row, so that no request waits for a disk
 * and a thousand of them cost one insert.
 */
export class Journal {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  #gathered: UsageRecord[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param path of the file; `:memory:` for none */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    this.#database.exec(
      "CREATE TABLE IF NOT EXISTS batches (n INTEGER PRIMARY KEY AUTOINCREMENT, records TEXT NOT NULL, told INTEGER NOT NULL DEFAULT 0) STRICT",
    );
    this.#database.exec("CREATE INDEX IF NOT EXISTS batches_untold ON batches (n) WHERE told = 0");
    this.#insert = this.#database.prepare("INSERT INTO batches (records) VALUES (?)");
  }

  add(record: UsageRecord): void {
    this.#gathered.push(record);
    if (this.#gathered.length >= MOST_AT_ONCE) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Writes what was gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const records = this.#gathered;
    if (records.length === 0) return;
    this.#gathered = [];
    this.#insert.run(JSON.stringify(records));
  }

  /** The oldest batches that nobody was told of. */
  untold(most: number): readonly Batch[] {
    this.flush();
    const rows = this.#database.prepare("SELECT n, records FROM batches WHERE told = 0 ORDER BY n LIMIT ?").all(most);
    return rows.map(({ n, records }) => ({ n: Number(n), records: JSON.parse(String(records)) as UsageRecord[] }));
  }

  /** @param upTo all batches up to this number were taken */
  told(upTo: number): void {
    this.#database.prepare("UPDATE batches SET told = 1 WHERE told = 0 AND n <= ?").run(upTo);
  }

  close(): void {
    this.flush();
    this.#database.close();
  }
}
