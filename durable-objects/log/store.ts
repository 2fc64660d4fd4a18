import type { Json, JsonObject } from "../../src/base/json.ts";
import type { TaskId } from "../../src/engine/types.ts";
import { SqliteBlobs } from "./blobs.ts";
import { CheckpointRows } from "./checkpoint-rows.ts";
import { type Chunk, type Commit, lastOfChunk } from "./entry.ts";
import { encode, VERSION } from "./format-v1.ts";
import { announcements, frameHeads, type FrameHead } from "./frame-heads.ts";
import {
  type CommitSql,
  type RunRow,
  type RunSql,
  type ThreadRow,
  type ThreadSql,
  toChunk,
  toCommit,
  toRunRow,
  toThreadRow,
} from "./rows.ts";
import type { SnapshotPiece } from "./snapshots.ts";
import { type Snapshot, SnapshotRows } from "./snapshot-rows.ts";
import { pack } from "./packing.ts";
import { QueueRows } from "./queue-rows.ts";
import { type Page, PAGE_LENGTH, pageOf } from "./page.ts";
import { ADDED_COLUMNS, ADDED_TABLES, MAX_ROW_CHARACTERS, TABLES, TABLES_VERSION } from "./tables.ts";

/** The number of the run that the last commit up to a position is of. */
const RUN_AT = "coalesce((SELECT run FROM commits WHERE seq <= ? ORDER BY seq DESC LIMIT 1), 0)";

const COMMITS = "SELECT commits.*, run_id FROM commits CROSS JOIN runs ON runs.n = commits.run";

/**
 * The thread's tables, and the only place with its SQL: raw statements, because a query builder costs
 * several times the statement itself on this path (docs/decisions/0003-raw-sql-in-the-thread-object.md).
 */
export class ThreadStore {
  readonly blobs: SqliteBlobs;
  readonly checkpoints: CheckpointRows;
  readonly queue: QueueRows;
  readonly #sql: SqlStorage;
  readonly #snapshots: SnapshotRows;
  /** That of the last commit. */
  #run: { readonly n: number; readonly run_id: string } | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.blobs = new SqliteBlobs(sql);
    this.checkpoints = new CheckpointRows(sql, (seq) => [...this.commits(seq, seq)][0]?.entry);
    this.queue = new QueueRows(sql, this.blobs);
    this.#snapshots = new SnapshotRows(sql, this.blobs);
  }

  // --- the thread's row ---------------------------------------------------------------------------------------------

  /** Undefined for an object that was never written to; asking leaves no trace. */
  thread(): ThreadRow | undefined {
    const tables = this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'thread'").toArray();
    if (tables.length === 0) return undefined;
    const row = this.#sql.exec<ThreadSql>("SELECT * FROM thread WHERE id = 1").toArray()[0];
    if (row && row.tables_version < TABLES_VERSION) this.#bringUpToDate();
    return row && toThreadRow(row);
  }

  /** Each statement may have been made before a crash. */
  #bringUpToDate(): void {
    for (const statement of ADDED_TABLES) this.#sql.exec(statement);
    this.#addColumns();
    this.#sql.exec("UPDATE thread SET tables_version = ? WHERE id = 1", TABLES_VERSION);
  }

  #addColumns(): void {
    for (const { table, column, type } of ADDED_COLUMNS) {
      const known = this.#sql.exec(`SELECT 1 FROM pragma_table_info('${table}') WHERE name = '${column}'`).toArray();
      if (known.length === 0) this.#sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
    }
  }

  createThread(row: ThreadRow): void {
    for (const statement of [...TABLES, ...ADDED_TABLES]) this.#sql.exec(statement);
    this.#addColumns();
    this.#sql.exec(
      "INSERT INTO thread (id, tables_version, tenant, thread_id, created_at, updated_at, metadata) VALUES (1, ?, ?, ?, ?, ?, ?)",
      TABLES_VERSION,
      row.tenant,
      row.threadId,
      row.createdAt,
      row.updatedAt,
      JSON.stringify(row.metadata),
    );
  }

  updateThread(updatedAt: number, metadata: JsonObject, deleted = false): void {
    this.#sql.exec(
      "UPDATE thread SET updated_at = ?, metadata = ?, deleted = ? WHERE id = 1",
      updatedAt,
      JSON.stringify(metadata),
      deleted ? 1 : 0,
    );
  }

  // --- graphs ---------------------------------------------------------------------------------------------------------

  /** The document a run is pinned to, as JSON in its own order; kept once, whatever is published later. */
  keepGraph(hash: string, document: string): void {
    this.blobs.putAs(`graph:${hash}`, document);
  }

  graph(hash: string): string {
    return this.blobs.get(`graph:${hash}`);
  }

  // --- runs ---------------------------------------------------------------------------------------------------------

  insertRun(run: RunRow, tenant: string): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO graphs (graph_id, version, hash) VALUES (?, ?, ?)",
      run.graphId,
      run.graphVersion,
      run.graphHash,
    );
    this.#sql.exec(
      `INSERT INTO runs (n, tenant, run_id, status, assistant_id, graph, metadata, kwargs, created_at, updated_at, first_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, (SELECT n FROM graphs WHERE graph_id = ?6 AND version = ?7 AND hash = ?13),
           ?8, ?9, ?10, ?11, ?12)`,
      run.n,
      tenant,
      run.runId,
      run.status,
      run.assistantId,
      run.graphId,
      run.graphVersion,
      JSON.stringify(run.metadata),
      pack(JSON.stringify(run.kwargs)),
      run.createdAt,
      run.updatedAt,
      run.firstSeq,
      run.graphHash,
    );
    if (run.from === null) return;
    this.#sql.exec(
      "INSERT INTO continuations (run, from_seq, anew, lineage, hidden, shown_seq, shown_part) VALUES (?, ?, ?, ?, ?, ?, ?)",
      run.n,
      run.from.seq,
      run.from.anew ? 1 : 0,
      run.lineage,
      run.hidden ? 1 : 0,
      run.from.shown?.seq ?? null,
      run.from.shown?.part ?? null,
    );
  }

  endRun(run: RunRow): void {
    this.#sql.exec(
      "UPDATE runs SET status = ?, updated_at = ?, last_seq = ?, usage = ?, error = ? WHERE n = ?",
      run.status,
      run.updatedAt,
      run.lastSeq,
      run.usage && JSON.stringify(run.usage),
      run.error && JSON.stringify(run.error),
      run.n,
    );
  }

  raiseEventFloor(n: number, floor: number): void {
    this.#sql.exec("UPDATE runs SET event_floor = ? WHERE n = ?", floor, n);
  }

  run(runId: string): RunRow | undefined {
    return this.#runs("WHERE runs.run_id = ?", runId)[0];
  }

  /** What the thread stands on: not one that was struck. */
  lastRun(): RunRow | undefined {
    return this.#runs("WHERE struck_runs.run IS NULL ORDER BY runs.n DESC LIMIT 1")[0];
  }

  runAt(seq: number): RunRow | undefined {
    return this.#runs(`WHERE runs.n = ${RUN_AT}`, seq)[0];
  }

  /** Runs that began after commit `seq`, in order; `before`: and before that commit. */
  runsAfter(seq: number, before = Number.MAX_SAFE_INTEGER): RunRow[] {
    // A run's commits follow each other, so the log says between which numbers they are: there may be thousands of others.
    return this.#runs(`WHERE runs.n > ${RUN_AT} AND runs.n <= ${RUN_AT} ORDER BY runs.n`, seq, before - 1);
  }

  /** Those that go on from others, writes from outside among them, the newest first. */
  continuingRuns(): RunRow[] {
    return this.#runs("WHERE from_seq IS NOT NULL AND struck_runs.run IS NULL ORDER BY runs.n DESC");
  }

  #runs(tail: string, ...bindings: SqlStorageValue[]): RunRow[] {
    return this.#sql
      .exec<RunSql>(
        `SELECT runs.*, graph_id, version, hash, from_seq, anew, shown_seq, shown_part, lineage, hidden,
             queued_runs.created_at AS accepted_at, struck_runs.run AS struck FROM runs
           JOIN graphs ON graphs.n = runs.graph LEFT JOIN continuations ON continuations.run = runs.n
           LEFT JOIN queued_runs ON queued_runs.run_id = runs.run_id LEFT JOIN struck_runs ON struck_runs.run = runs.n ${tail}`,
        ...bindings,
      )
      .toArray()
      .map(toRunRow);
  }

  // --- commits ------------------------------------------------------------------------------------------------------

  /** Answers the commit's weight, which decides when a snapshot is due. */
  appendCommit(commit: Commit): number {
    let weight = 0;
    const put = (value: string): string => {
      weight += value.length;
      return this.blobs.put(value);
    };
    const text = encode(commit.entry, { put, get: (hash) => this.blobs.get(hash) });
    weight += text.length;
    const body =
      text.length > MAX_ROW_CHARACTERS ? `#${this.blobs.put(text)}` : packedBody(text, this.#runIdOf(commit.run));
    this.#sql.exec(
      "INSERT INTO commits (seq, run, at, event, last_event, step, shows, format, weight, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      commit.seq,
      commit.run,
      commit.at,
      commit.event,
      commit.lastEvent,
      commit.step,
      commit.shows,
      VERSION,
      weight,
      body,
    );
    return weight;
  }

  /** Commits with `from <= seq <= to`, in order, read one by one. */
  *commits(from: number, to: number): IterableIterator<Commit> {
    yield* this.#commits("seq >= ? AND seq <= ? ORDER BY seq", from, to);
  }

  /** The run's next commits from `from` on: a page of them. */
  commitsOfRun(run: number, from: number): Page<Commit> {
    const rows = this.#sql.exec<CommitSql>(
      `${COMMITS} WHERE seq >= ? AND run = ? ORDER BY seq LIMIT ?`,
      from,
      run,
      PAGE_LENGTH,
    );
    return pageOf(rows, (row) => ({ item: toCommit(row, this.blobs), weight: row.weight }));
  }

  /** The newest commits before one, newest first: a page of them. Those of runs that were struck are not told. */
  commitsBefore(before: number, limit: number): Page<Commit> {
    const rows = this.#sql.exec<CommitSql>(
      `${COMMITS} WHERE seq < ? AND commits.run NOT IN (SELECT run FROM struck_runs) ORDER BY seq DESC LIMIT ?`,
      before,
      limit,
    );
    return pageOf(rows, (row) => ({ item: toCommit(row, this.blobs), weight: row.weight }));
  }

  /** The newest `limit` failed or lost attempts at a task between two commits, in order; what follows from them is left out. */
  failedAttempts(task: TaskId, from: number, to: number, limit: number): Commit[] {
    // The letters of format-v1; a body that stands outside its row is too long for a failure.
    const begins = ["f", "l", "r"].map((letter) => JSON.stringify([letter, task]).slice(0, -1));
    const isOne = begins.map((_, index) => `substr(body, 1, length(?${index + 4})) = ?${index + 4}`).join(" OR ");
    const where = `seq >= ?1 AND seq <= ?2 AND (${isOne}) ORDER BY seq DESC LIMIT ?3`;
    return [...this.#commits(where, from, to, limit, ...begins)].reverse();
  }

  lastCommit(): Commit | undefined {
    return [...this.#commits("seq > 0 ORDER BY seq DESC LIMIT 1")][0];
  }

  /** What was committed in frames, `from <= seq <= to`, in order; see {@link frameHeads}. */
  frameHeads(from: number, to: number, starts?: readonly string[]): IterableIterator<FrameHead> {
    const which = { from, to, ...(starts === undefined ? {} : { starts }) };
    return frameHeads(this.#sql, which, (seq) => [...this.commits(seq, seq)][0]);
  }

  /** The openings of composites, `from <= seq <= to`, the newest first. */
  announcements(from: number, to: number): IterableIterator<FrameHead> {
    return announcements(this.#sql, from, to, (seq) => [...this.commits(seq, seq)][0]);
  }

  #runIdOf(run: number): string {
    if (this.#run?.n !== run)
      this.#run = this.#sql.exec<{ n: number; run_id: string }>("SELECT n, run_id FROM runs WHERE n = ?", run).one();
    return this.#run.run_id;
  }

  *#commits(where: string, ...bindings: SqlStorageValue[]): IterableIterator<Commit> {
    for (const row of this.#sql.exec<CommitSql>(`${COMMITS} WHERE ${where}`, ...bindings)) {
      yield toCommit(row, this.blobs);
    }
  }

  // --- chunks -------------------------------------------------------------------------------------------------------

  appendChunk(run: number, chunk: Chunk): void {
    const body = JSON.stringify([chunk.task, chunk.node, chunk.kind === "say" ? 0 : 1, chunk.messageId, chunk.data]);
    this.#sql.exec(
      "INSERT INTO chunks (run, first, last, body) VALUES (?, ?, ?, ?)",
      run,
      chunk.first,
      lastOfChunk(chunk),
      body.length > MAX_ROW_CHARACTERS ? `#${this.blobs.put(body)}` : body,
    );
  }

  /** Chunks of a run that hold a frame id above `after`, in order of their ids: a page of them. */
  chunks(run: number, after: number): Page<Chunk> {
    // The one chunk that begins at or before `after` may reach beyond it.
    const rows = this.#sql.exec<{ first: number; last: number; body: string }>(
      `SELECT first, last, body FROM chunks WHERE run = ?1 AND last > ?2 AND first >=
         coalesce((SELECT max(first) FROM chunks WHERE run = ?1 AND first <= ?2), 0) ORDER BY first LIMIT ?3`,
      run,
      after,
      PAGE_LENGTH,
    );
    return pageOf(rows, (row) => toChunk(row, this.blobs));
  }

  /** The last frame id of what a run has streamed; -1 where it has streamed nothing. */
  lastPiece(run: number): number {
    const query = "SELECT coalesce(max(last), -1) AS last FROM chunks WHERE run = ?";
    return this.#sql.exec<{ last: number }>(query, run).one().last;
  }

  // --- snapshots ----------------------------------------------------------------------------------------------------

  /** `values`: every channel of the thread after commit `seq`, at which no run was live; `piece` says them. */
  saveSnapshot(seq: number, piece: SnapshotPiece, values: JsonObject): void {
    this.#snapshots.save(seq, piece, values);
  }

  /** The newest snapshot at or before `seq`. */
  snapshot(seq: number): Snapshot | undefined {
    return this.#snapshots.read(seq);
  }

  /** The position of that one; 0 where there is none. */
  snapshotSeq(seq: number): number {
    return this.#snapshots.newest(seq) ?? 0;
  }

  /** Another thread is made in this one's place. */
  forget(): void {
    this.#run = undefined;
    this.#snapshots.forget();
  }

  /** How much was committed after `seq`, in UTF-16 units. */
  weightAfter(seq: number): number {
    const row = this.#sql.exec<{ weight: number | null }>(
      "SELECT sum(weight) AS weight FROM commits WHERE seq > ?",
      seq,
    );
    return row.one().weight ?? 0;
  }

  // --- outbox -------------------------------------------------------------------------------------------------------

  enqueue(kind: string, body: Json): void {
    this.#sql.exec("INSERT INTO outbox (kind, body) VALUES (?, ?)", kind, JSON.stringify(body));
  }

  /** The oldest first, of those behind the row with the id `after`. */
  outbox(limit: number, after = 0): { id: number; kind: string; body: Json }[] {
    return this.#sql
      .exec<{ id: number; kind: string; body: string }>(
        "SELECT id, kind, body FROM outbox WHERE id > ? ORDER BY id LIMIT ?",
        after,
        limit,
      )
      .toArray()
      .map((row) => ({ ...row, body: JSON.parse(row.body) as Json }));
  }

  outboxSize(): number {
    return this.#sql.exec<{ size: number }>("SELECT count(*) AS size FROM outbox").one().size;
  }

  delivered(id: number): void {
    this.#sql.exec("DELETE FROM outbox WHERE id = ?", id);
  }
}

/** Of the letters of format-v1 those that bring messages; the others are looked for by how they begin. */
function packedBody(text: string, runId: string): string {
  return /^\["[sob]"/.test(text) ? pack(text, runId) : text;
}
