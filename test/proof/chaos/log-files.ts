import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** The threads' own logs, read from their files behind the server's back. */

export interface LoggedCommit {
  /** Unix milliseconds. */
  readonly at: number;
  /** Whether it brings the run on. It does not when it only says that an attempt was lost. */
  readonly moves: boolean;
}

export interface LoggedRun {
  readonly runId: string;
  readonly commits: readonly LoggedCommit[];
}

export interface Logs {
  readonly threads: number;
  readonly commits: number;
  readonly runs: readonly LoggedRun[];
  /** A gap in the sequence, a second start of a run, a second result of a task. */
  readonly faults: readonly string[];
}

interface Row {
  readonly seq: number;
  readonly run_id: string;
  readonly at: number;
  readonly body: string;
}

/** @param state the folder of a server that is dead, or at rest */
export function readLogs(state: string): Logs {
  const folder = join(state, "v3/do");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".sqlite") && !name.endsWith("metadata.sqlite"),
  );
  const runs = new Map<string, LoggedCommit[]>();
  const faults: string[] = [];
  let [threads, commits] = [0, 0];
  for (const name of files) {
    const rows = rowsOf(join(folder, name));
    if (rows.length > 0) threads += 1;
    commits += rows.length;
    faults.push(...faultsOf(rows));
    for (const { run_id, at, body } of rows) {
      const list = runs.get(run_id) ?? [];
      runs.set(run_id, list);
      list.push({ at, moves: !body.startsWith('["l"') });
    }
  }
  return { threads, commits, runs: [...runs].map(([runId, list]) => ({ runId, commits: list })), faults };
}

function rowsOf(path: string): Row[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'commits'").get() === undefined) return [];
    const query =
      "SELECT seq, run_id, at, substr(body, 1, 200) AS body FROM commits JOIN runs ON runs.n = commits.run ORDER BY seq";
    // The query says what its rows are.
    return database.prepare(query).all() as unknown as Row[];
  } finally {
    database.close();
  }
}

function faultsOf(rows: readonly Row[]): string[] {
  const known = new Set<string>();
  return rows.flatMap(({ seq, run_id, body }, index) => {
    const gap = seq === index + 1 ? [] : [`run ${run_id}: commit ${seq} stands at place ${index + 1}`];
    const [, letter, task] = /^\["(s|o)",(?:"([^"]*)")?/.exec(body) ?? [];
    if (letter === undefined) return gap;
    const what = `run ${run_id}: ${letter === "s" ? "its start" : `the result of ${task}`}`;
    if (known.has(what)) return [...gap, `${what}, twice`];
    known.add(what);
    return gap;
  });
}
