import type { ErrorRecord } from "../../src/base/errors.ts";
import type { RunStatus, StartRun } from "../thread-api.ts";
import type { SqliteBlobs } from "./blobs.ts";

/** A run that was accepted and has not begun: it waits for its turn, or never will. */
export interface QueuedRun {
  readonly n: number;
  readonly runId: string;
  /** Of one that will never begin: `interrupted` (cancelled before it did) or `error`. */
  readonly status: Extract<RunStatus, "pending" | "interrupted" | "error">;
  /** It begins no sooner; Unix milliseconds. */
  readonly due: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly error: ErrorRecord | null;
}

type QueuedSql = {
  n: number;
  run_id: string;
  status: QueuedRun["status"];
  due: number;
  created_at: number;
  updated_at: number;
  error: string | null;
};

/** As it is shown: a run that asks is done, and its thread interrupted. */
const SHOWN_STATUS = "iif(runs.status = 'interrupted' AND runs.error IS NULL, 'success', runs.status)";
const NEVER_BEGAN = "status IN ('pending', 'interrupted', 'error')";

/** The SQL of runs that were accepted and could not begin at once, and of those that were taken out. Its writes join the transaction they are called in. */
export class QueueRows {
  readonly #sql: SqlStorage;
  readonly #blobs: SqliteBlobs;

  constructor(sql: SqlStorage, blobs: SqliteBlobs) {
    this.#sql = sql;
    this.#blobs = blobs;
  }

  add({ graph, ...request }: StartRun, due: number, now: number): void {
    const { runId } = request;
    this.#blobs.putAs(`graph:${graph.hash}`, graph.document);
    this.#blobs.putAs(nameOf(runId), JSON.stringify({ ...request, graph: { ...graph, document: "" } }));
    this.#sql.exec(
      "INSERT INTO queued_runs (run_id, status, due, created_at, updated_at) VALUES (?, 'pending', ?, ?, ?)",
      runId,
      due,
      now,
      now,
    );
  }

  /** What was asked for, graph and all. */
  request(runId: string): StartRun {
    const request = JSON.parse(this.#blobs.get(nameOf(runId))) as StartRun;
    return { ...request, graph: { ...request.graph, document: this.#blobs.get(`graph:${request.graph.hash}`) } };
  }

  /** In the order in which they begin. */
  pending(): QueuedRun[] {
    return this.#all("status = 'pending' ORDER BY due, n");
  }

  /** Undefined for one that began, or was deleted. */
  find(runId: string): QueuedRun | undefined {
    return this.#all(`run_id = ? AND ${NEVER_BEGAN}`, runId)[0];
  }

  /** The last that came of those that never began. */
  newest(): QueuedRun | undefined {
    return this.#all(`${NEVER_BEGAN} ORDER BY n DESC LIMIT 1`)[0];
  }

  wasDeleted(runId: string): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM queued_runs WHERE run_id = ? AND status = 'deleted'", runId).toArray().length > 0
    );
  }

  /** It is a run now, whose own rows say the rest. */
  started(runId: string, now: number): void {
    this.#leave(runId, "started", now);
    this.#blobs.drop(nameOf(runId));
  }

  /** Nobody finds it any more; its id stays taken. */
  remove(runId: string, now: number): void {
    this.#leave(runId, "deleted", now);
    this.#blobs.drop(nameOf(runId));
  }

  /** It will never begin. */
  end(runId: string, status: "interrupted" | "error", error: ErrorRecord, now: number): void {
    this.#leave(runId, status, now, JSON.stringify(error));
  }

  #leave(runId: string, status: string, now: number, error: string | null = null): void {
    const set = "UPDATE queued_runs SET status = ?, updated_at = ?, error = ? WHERE run_id = ?";
    this.#sql.exec(set, status, now, error, runId);
  }

  /** The ids of the thread's runs, those that have not begun among them: newest accepted first. */
  list(limit: number, offset: number, status: RunStatus | undefined): string[] {
    const only = status === undefined ? "" : "AND status = ?3";
    const bindings = [limit, offset, ...(status === undefined ? [] : [status])];
    return this.#sql
      .exec<{ run_id: string }>(
        `SELECT run_id FROM (
           SELECT runs.run_id AS run_id, ${SHOWN_STATUS} AS status, 0 AS queued, runs.n AS n,
             coalesce(queued_runs.created_at, runs.created_at) AS at
           FROM runs LEFT JOIN continuations ON continuations.run = runs.n LEFT JOIN struck_runs ON struck_runs.run = runs.n
             LEFT JOIN queued_runs ON queued_runs.run_id = runs.run_id
           WHERE coalesce(hidden, 0) = 0 AND struck_runs.run IS NULL
           UNION ALL SELECT run_id, status, 1, n, created_at FROM queued_runs WHERE ${NEVER_BEGAN})
         WHERE 1 ${only} ORDER BY at DESC, queued DESC, n DESC LIMIT ?1 OFFSET ?2`,
        ...bindings,
      )
      .toArray()
      .map(({ run_id: runId }) => runId);
  }

  /** Of the thread's newest run, whatever became of it; 0 where there is none. */
  lastNumber(): number {
    return this.#sql.exec<{ n: number | null }>("SELECT max(n) AS n FROM runs").one().n ?? 0;
  }

  /** A run is taken out: its commits stay, and none of them is a checkpoint any more. */
  strike(run: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO struck_runs (run) VALUES (?)", run);
    this.#sql.exec("UPDATE commits SET step = NULL WHERE run = ?", run);
  }

  #all(where: string, ...bindings: SqlStorageValue[]): QueuedRun[] {
    return this.#sql
      .exec<QueuedSql>(`SELECT * FROM queued_runs WHERE ${where}`, ...bindings)
      .toArray()
      .map((row) => ({
        n: row.n,
        runId: row.run_id,
        status: row.status,
        due: row.due,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
        error: row.error === null ? null : (JSON.parse(row.error) as ErrorRecord),
      }));
  }
}

function nameOf(runId: string): string {
  return `start:${runId}`;
}
