import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyMigrations, type MigrationDatabase, statementsOf } from "./migrate.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgewise-migrate-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** As much of D1 as migrating needs, over SQLite: a batch is a transaction. */
function openDatabase(): { readonly sqlite: DatabaseSync; readonly database: MigrationDatabase } {
  const sqlite = new DatabaseSync(":memory:");
  const prepare = (query: string, values: SQLInputValue[] = []): ReturnType<MigrationDatabase["prepare"]> => ({
    bind: (...more) => prepare(query, more as SQLInputValue[]),
    all: async <Row>() => ({ results: sqlite.prepare(query).all(...values) as Row[] }),
    run: async () => sqlite.prepare(query).run(...values),
  });
  const batch: MigrationDatabase["batch"] = async (statements) => {
    sqlite.exec("BEGIN");
    try {
      for (const statement of statements) await statement.run();
      sqlite.exec("COMMIT");
    } catch (error) {
      sqlite.exec("ROLLBACK");
      throw error;
    }
  };
  return { sqlite, database: { prepare: (query) => prepare(query), batch } };
}

function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

it("applies what is new, in the order of the numbers, and nothing twice", async () => {
  const { sqlite, database } = openDatabase();
  write("0001_second.sql", "ALTER TABLE sheep ADD COLUMN name text;");
  write(
    "0000_first.sql",
    "CREATE TABLE sheep (id integer);\n--> statement-breakpoint\nCREATE TABLE goats (id integer);",
  );
  expect(await applyMigrations(database, folder)).toEqual(["0000_first.sql", "0001_second.sql"]);
  expect(await applyMigrations(database, folder)).toEqual([]);
  write("0002_third.sql", "DROP TABLE goats;");
  expect(await applyMigrations(database, folder)).toEqual(["0002_third.sql"]);
  expect(
    sqlite
      .prepare("SELECT id, name FROM d1_migrations ORDER BY id")
      .all()
      .map((row) => ({ ...row })),
  ).toEqual([
    { id: 1, name: "0000_first.sql" },
    { id: 2, name: "0001_second.sql" },
    { id: 3, name: "0002_third.sql" },
  ]);
});

it("leaves nothing of a file whose second statement fails, and tries it again", async () => {
  const { sqlite, database } = openDatabase();
  write("0000_first.sql", "CREATE TABLE sheep (id integer);\n--> statement-breakpoint\nCREATE TABL goats;");
  await expect(applyMigrations(database, folder)).rejects.toThrow(/syntax error/);
  expect(sqlite.prepare("SELECT name FROM sqlite_master WHERE name = 'sheep'").all()).toEqual([]);
  write("0000_first.sql", "CREATE TABLE sheep (id integer);");
  expect(await applyMigrations(database, folder)).toEqual(["0000_first.sql"]);
});

it("takes a file apart at the breakpoints, and drops what is empty", () => {
  expect(statementsOf("A;\n--> statement-breakpoint\n\n--> statement-breakpoint\nB;\n")).toEqual(["A;", "B;"]);
});
