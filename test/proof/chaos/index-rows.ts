import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The rows of D1's index of live runs, read from the state folder behind the server's back. */
export function liveRunRows(state: string): number {
  const folder = join(state, "v3/d1");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sqlite"));
  const counts = files.flatMap((name) => {
    const database = new DatabaseSync(join(folder, name), { readOnly: true });
    try {
      const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'live_runs'").get();
      return table === undefined ? [] : [Number(database.prepare("SELECT count(*) AS n FROM live_runs").get()?.["n"])];
    } finally {
      database.close();
    }
  });
  if (counts.length !== 1) throw new Error(`${counts.length} databases below ${folder} have a table live_runs`);
  return counts.reduce((sum, count) => sum + count, 0);
}
