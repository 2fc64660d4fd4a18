import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The part of a D1 binding that migrating needs; Miniflare's proxy of one will do. */
export interface MigrationDatabase {
  prepare(query: string): MigrationStatement;
  batch(statements: MigrationStatement[]): Promise<unknown>;
}
interface MigrationStatement {
  bind(...values: unknown[]): MigrationStatement;
  all<Row>(): Promise<{ readonly results: Row[] }>;
  run(): Promise<unknown>;
}

// Table and names are wrangler's, so that `wrangler d1 migrations apply` agrees on what is applied.
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Applies what is not applied yet, each file all or nothing; answers their names. */
export async function applyMigrations(database: MigrationDatabase, folder: string): Promise<readonly string[]> {
  await database.prepare(BOOKKEEPING).run();
  const { results } = await database.prepare('SELECT name FROM "d1_migrations"').all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  const pending = migrationFiles(folder).filter((name) => !applied.has(name));
  for (const name of pending) {
    const statements = statementsOf(readFileSync(join(folder, name), "utf8")).map((sql) => database.prepare(sql));
    const record = database.prepare('INSERT INTO "d1_migrations" (name) VALUES (?)').bind(name);
    await database.batch([...statements, record]);
  }
  return pending;
}

/** drizzle-kit numbers its files, so their names sort into the journal's order. */
export function migrationFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
}

export function statementsOf(file: string): readonly string[] {
  return file
    .split("--> statement-breakpoint")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
