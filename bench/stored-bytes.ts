import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Pages in use of the thread's database, whatever the write-ahead log still holds.
 * @param state the server's state folder
 */
export function storedBytes(state: string, thread: string): number {
  const folder = join(state, "v3", "do");
  const copies = mkdtempSync(join(tmpdir(), "edgewise-size-"));
  try {
    for (const path of databasesUnder(folder)) {
      const copy = join(copies, "copy.sqlite");
      for (const suffix of ["", "-wal"]) {
        rmSync(`${copy}${suffix}`, { force: true });
        if (existsSync(`${path}${suffix}`)) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
      }
      const bytes = sizeIfOf(copy, thread);
      if (bytes !== undefined) return bytes;
    }
    throw new Error(`No database of thread ${thread} under ${folder}.`);
  } finally {
    rmSync(copies, { recursive: true, force: true });
  }
}

function databasesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".sqlite") && !path.endsWith("metadata.sqlite"))
    .map((path) => join(folder, path));
}

function sizeIfOf(path: string, thread: string): number | undefined {
  const database = new DatabaseSync(path);
  try {
    const row = database.prepare("SELECT thread_id FROM thread").get();
    if (row?.["thread_id"] !== thread) return undefined;
    const pages = database
      .prepare(
        "SELECT (SELECT page_count FROM pragma_page_count()) - (SELECT freelist_count FROM pragma_freelist_count()) AS used, (SELECT page_size FROM pragma_page_size()) AS size",
      )
      .get();
    return Number(pages?.["used"]) * Number(pages?.["size"]);
  } finally {
    database.close();
  }
}
