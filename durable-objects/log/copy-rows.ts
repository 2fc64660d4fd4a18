/** A thread's tables, read in pages and written again elsewhere, whatever tables there are. */

/** About how many characters and bytes a page holds; a row of more is a page alone. An RPC takes 32 MiB. */
const PAGE_WEIGHT = 1024 * 1024;
const PAGE_ROWS = 2_000;
/** What is each thread's own. */
const NOT_COPIED = "('thread', 'facts', 'outbox')";
const OURS = String.raw`name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE '\_cf\_%' ESCAPE '\'`;

export type Row = readonly SqlStorageValue[];

/** Where a page begins: behind the row with that key. */
export interface CopyPlace {
  readonly table: string;
  readonly after: Row;
}

export interface RowsPage {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Undefined: that was all. */
  readonly next?: CopyPlace;
}

/** The statements that made the tables there are. */
export function tableStatements(sql: SqlStorage): string[] {
  return sql
    .exec<{ sql: string }>(`SELECT sql FROM sqlite_master WHERE ${OURS} AND sql IS NOT NULL ORDER BY type = 'index'`)
    .toArray()
    .map((row) => row.sql);
}

/** Whether anything was ever written, be it half. */
export function hasTables(sql: SqlStorage): boolean {
  return sql.exec(`SELECT 1 FROM sqlite_master WHERE ${OURS} LIMIT 1`).toArray().length > 0;
}

/** @param place undefined: the first page; undefined where there is nothing more */
export function readRows(sql: SqlStorage, place?: CopyPlace): RowsPage | undefined {
  const tables = sql
    .exec<{ name: string }>(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND ${OURS} AND name NOT IN ${NOT_COPIED} AND name >= ? ORDER BY name`,
      place?.table ?? "",
    )
    .toArray();
  for (const { name } of tables) {
    const page = rowsOf(sql, name, place?.table === name ? place.after : []);
    if (page.rows.length > 0) return page;
  }
  return undefined;
}

function rowsOf(sql: SqlStorage, table: string, after: Row): RowsPage {
  const keys = keysOf(sql, table);
  const names = keys.map(quoted).join(", ");
  const behind = after.length === 0 ? "" : `WHERE (${names}) > (${keys.map(() => "?").join(", ")})`;
  const cursor = sql.exec(`SELECT ${names}, * FROM ${quoted(table)} ${behind} ORDER BY ${names}`, ...after);
  const columns = cursor.columnNames.slice(keys.length);
  const rows: Row[] = [];
  let weight = 0;
  let last: Row = after;
  for (const row of cursor.raw<SqlStorageValue[]>()) {
    rows.push(row.slice(keys.length));
    last = row.slice(0, keys.length);
    weight += weightOf(row);
    if (weight >= PAGE_WEIGHT || rows.length >= PAGE_ROWS) break;
  }
  return { table, columns, rows, next: { table, after: last } };
}

function keysOf(sql: SqlStorage, table: string): string[] {
  const columns = sql.exec<{ name: string; pk: number }>(`PRAGMA table_info(${quoted(table)})`).toArray();
  const keys = columns.filter(({ pk }) => pk > 0).sort((one, other) => one.pk - other.pk);
  return keys.length === 0 ? ["rowid"] : keys.map(({ name }) => name);
}

export function writeRows(sql: SqlStorage, { table, columns, rows }: RowsPage): void {
  const places = columns.map(() => "?").join(", ");
  const statement = `INSERT INTO ${quoted(table)} (${columns.map(quoted).join(", ")}) VALUES (${places})`;
  for (const row of rows) sql.exec(statement, ...row);
}

/** The thread's own row, by column. */
export function readThreadRow(sql: SqlStorage): Record<string, SqlStorageValue> {
  return sql.exec("SELECT * FROM thread WHERE id = 1").one();
}

export function writeThreadRow(sql: SqlStorage, row: Readonly<Record<string, SqlStorageValue>>): void {
  writeRows(sql, { table: "thread", columns: Object.keys(row), rows: [Object.values(row)] });
}

function weightOf(row: Row): number {
  let weight = 0;
  for (const value of row)
    weight += typeof value === "string" ? value.length : value instanceof ArrayBuffer ? value.byteLength : 8;
  return weight;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
