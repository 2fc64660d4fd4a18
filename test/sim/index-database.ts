import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Faults } from "./faults.ts";
import { NOBODY, type Party, type Timeline } from "./timeline.ts";

type Row = Record<string, unknown>;
type Value = string | number | null;

interface Asked {
  readonly rows: Row[];
  readonly changes: number;
}

const MIGRATIONS = readMigrations();

function readMigrations(): string {
  const folder = fileURLToPath(import.meta.resolve("../../migrations/"));
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql"));
  return files
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
}

/** A caller of the database: an object holds back what it asks until what it wrote is on disk. */
export interface Asker extends Party {
  send?(out: () => void): void;
}

/** D1 as drizzle drives it, over SQLite: it answers late, refuses, or never answers at all. */
export class IndexDatabase {
  readonly #database = new DatabaseSync(":memory:");
  readonly #statements = new Map<string, StatementSync>();
  readonly #timeline: Timeline;
  readonly #faults: Faults;

  constructor(timeline: Timeline, faults: Faults) {
    this.#timeline = timeline;
    this.#faults = faults;
    this.#database.exec(MIGRATIONS);
  }

  get binding(): D1Database {
    return { prepare: (query: string) => this.#prepared(query, []) } as unknown as D1Database;
  }

  /** At once, for who looks on from outside. */
  read(query: string, ...values: Value[]): Row[] {
    return this.#run(query, values).rows;
  }

  #prepared(query: string, values: readonly Value[]) {
    const asked = () => this.#ask(query, values);
    return {
      bind: (...given: Value[]) => this.#prepared(query, given),
      all: async () => ({ results: (await asked()).rows, success: true, meta: {} }),
      run: async () => ({ results: [], success: true, meta: { changes: (await asked()).changes } }),
      raw: async () => (await asked()).rows.map((row) => Object.values(row)),
      first: async (column?: string) => {
        const [row] = (await asked()).rows;
        return row === undefined ? null : column === undefined ? row : row[column];
      },
    };
  }

  #ask(query: string, values: readonly Value[]): Promise<Asked> {
    const [timeline, faults] = [this.#timeline, this.#faults];
    const asker: Asker = timeline.party;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const mood = faults.strikes("index-deaf") ? faults.below(3) : -1;
        const slow = faults.strikes("index-slow") ? faults.below(15_000) : 0;
        timeline.after(1 + faults.below(4) + slow, NOBODY, () => {
          // Deaf: it never hears it, hears it and says nothing, or refuses.
          if (mood === 0) return;
          if (mood === 2) return void timeline.after(1, asker, () => reject(new Error("D1 is away")));
          const answer = this.#run(query, values);
          if (mood !== 1) timeline.after(1 + faults.below(4), asker, () => resolve(answer));
        });
      };
      if (asker.send === undefined) leave();
      else asker.send(leave);
    });
  }

  #run(query: string, values: readonly Value[]): Asked {
    const statement = this.#statements.get(query) ?? this.#database.prepare(query);
    this.#statements.set(query, statement);
    if (/^\s*select/i.test(query)) return { rows: statement.all(...values) as Row[], changes: 0 };
    return { rows: [], changes: Number(statement.run(...values).changes) };
  }

  close(): void {
    this.#database.close();
  }
}
