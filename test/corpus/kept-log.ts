import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ThreadStore } from "../../durable-objects/log/store.ts";
import { Disk, storageOn } from "../sim/disk.ts";
import { ROOT } from "../sources.ts";

/** A thread's whole database, as it was found on a server's disk. Recorded once, replayed for ever. */
export interface KeptLog {
  readonly corpus: 1;
  readonly scene: string;
  /** The engine that wrote it. */
  readonly version: string;
  readonly recorded: string;
  /** Its tables as they were then: later versions bring them up to date as they would a thread's. */
  readonly schema: readonly string[];
  readonly rows: Readonly<Record<string, readonly Row[]>>;
  readonly expected: readonly ExpectedRun[];
}

/** What came of a run's log under the engine that wrote it. */
export interface ExpectedRun {
  readonly run: string;
  readonly status: string;
  /** By commit: what it made ready, started, failed, asked for, and how the run stood then. */
  readonly commands: readonly string[];
  /** By commit: what a restart right behind it takes up. */
  readonly resumed: readonly string[];
  readonly values: unknown;
}

type Cell = string | number | null | { readonly base64: string };
type Row = Readonly<Record<string, Cell>>;

export const CORPUS = join(ROOT, "test/corpus");

export function keptLogs(): readonly KeptLog[] {
  return readdirSync(CORPUS)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(CORPUS, name), "utf8")) as KeptLog);
}

/** Of the thread in a database file that nobody writes to. Undefined where there is none, or another one. */
export function readDatabase(path: string, threadId: string): Pick<KeptLog, "schema" | "rows"> | undefined {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'thread'").get();
    if (known === undefined) return undefined;
    if (database.prepare("SELECT 1 FROM thread WHERE thread_id = ?").get(threadId) === undefined) return undefined;
    const tables = database
      .prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_*'",
      )
      .all() as unknown as readonly { readonly name: string; readonly sql: string }[];
    const rows = tables.map(
      ({ name }) => [name, database.prepare(`SELECT * FROM "${name}"`).all().map(toRow)] as const,
    );
    return { schema: tables.map(({ sql }) => sql), rows: Object.fromEntries(rows) };
  } finally {
    database.close();
  }
}

/** The log on a disk of its own, as the object would find it. */
export function storeOf({ schema, rows }: Pick<KeptLog, "schema" | "rows">): {
  readonly store: ThreadStore;
  readonly disk: Disk;
} {
  const disk = new Disk();
  for (const statement of schema) disk.exec(statement, []);
  for (const [table, list] of Object.entries(rows)) {
    for (const row of list) {
      const columns = Object.keys(row);
      const places = columns.map(() => "?").join(", ");
      disk.exec(
        `INSERT INTO "${table}" (${columns.join(", ")}) VALUES (${places})`,
        columns.map((name) => fromCell(row[name] ?? null)),
      );
    }
  }
  const store = new ThreadStore(storageOn(disk, () => true).sql);
  // Brings the tables up to date.
  store.thread();
  return { store, disk };
}

function toRow(row: Readonly<Record<string, unknown>>): Row {
  return Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, toCell(cell)]));
}

function toCell(cell: unknown): Cell {
  if (cell instanceof Uint8Array) return { base64: Buffer.from(cell).toString("base64") };
  if (typeof cell === "string" || typeof cell === "number" || cell === null) return cell;
  throw new TypeError(`A cell holds a ${typeof cell}.`);
}

function fromCell(cell: Cell): SqlStorageValue {
  if (typeof cell !== "object" || cell === null) return cell;
  // The platform takes views as well as buffers; its types name only the second.
  return Buffer.from(cell.base64, "base64") as unknown as SqlStorageValue;
}
