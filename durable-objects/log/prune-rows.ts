/** Takes rows of a thread's past away. Each joins the transaction it is called in. */

/** A blob's name by its content: SHA-256 in base64url. */
const HASH = /[\w-]{43}/g;

/** @param runs the numbers of those that stay, with their commits and what was streamed */
export function dropRuns(sql: SqlStorage, runs: readonly number[]): void {
  const kept = "(SELECT value FROM json_each(?))";
  const numbers = JSON.stringify(runs);
  sql.exec(`DELETE FROM commits WHERE run NOT IN ${kept}`, numbers);
  sql.exec(`DELETE FROM chunks WHERE run NOT IN ${kept}`, numbers);
  sql.exec(`DELETE FROM continuations WHERE run NOT IN ${kept}`, numbers);
  sql.exec(`DELETE FROM struck_runs WHERE run NOT IN ${kept}`, numbers);
  sql.exec(`DELETE FROM runs WHERE n NOT IN ${kept}`, numbers);
  sql.exec("DELETE FROM queued_runs WHERE run_id NOT IN (SELECT run_id FROM runs)");
  sql.exec("DELETE FROM graphs WHERE n NOT IN (SELECT graph FROM runs)");
}

/** Of what stays only that commit shows a checkpoint, and of several steps that it shows the last one. */
export function showOnly(sql: SqlStorage, seq: number): void {
  sql.exec("UPDATE commits SET step = NULL, shows = NULL WHERE seq <> ?", seq);
  sql.exec("UPDATE commits SET shows = 1 WHERE seq = ? AND shows > 1", seq);
}

export function dropSnapshots(sql: SqlStorage): void {
  sql.exec("DELETE FROM snapshots");
  sql.exec("DELETE FROM snapshot_parts");
  sql.exec("DELETE FROM blobs WHERE hash LIKE 'snapshot:%'");
}

/** Values that nothing names any more. Reads what stays once, not what goes. */
export function dropBlobs(sql: SqlStorage): void {
  const named = new Set<string>();
  const pending: string[] = [];
  const note = (text: string): void => {
    for (const [hash] of text.matchAll(HASH)) {
      if (named.has(hash)) continue;
      named.add(hash);
      pending.push(hash);
    }
  };
  const sources = ["SELECT body FROM commits", "SELECT body FROM chunks", "SELECT kwargs AS body FROM runs"];
  for (const source of sources) for (const { body } of sql.exec<{ body: string }>(source)) note(body);
  // A long row's text is a blob, and may name others.
  for (let hash = pending.pop(); hash !== undefined; hash = pending.pop()) {
    const parts = sql.exec<{ body: string }>("SELECT body FROM blobs WHERE hash = ? ORDER BY part", hash).toArray();
    note(parts.map(({ body }) => body).join(""));
  }
  const all = sql.exec<{ hash: string }>("SELECT hash FROM blobs WHERE part = 0").toArray();
  for (const { hash } of all)
    if (isContent(hash) && !named.has(hash)) sql.exec("DELETE FROM blobs WHERE hash = ?", hash);
  sql.exec("DELETE FROM blobs WHERE hash LIKE 'graph:%' AND substr(hash, 7) NOT IN (SELECT hash FROM graphs)");
  sql.exec("DELETE FROM blobs WHERE hash LIKE 'start:%' AND substr(hash, 7) NOT IN (SELECT run_id FROM queued_runs)");
}

function isContent(name: string): boolean {
  return name.length === 43 && !name.includes(":");
}
