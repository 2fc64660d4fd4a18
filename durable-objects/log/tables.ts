/** The object's own tables. A new version adds statements at the end; it never edits those that are there. */
export const TABLES_VERSION = 3;

/**
 * Longest text in one row. A UTF-16 unit takes up to three bytes, and Durable Objects end at 2 MB a row;
 * the local runtime takes more without a word, so the bound is ours.
 */
export const MAX_ROW_CHARACTERS = 450_000;

export const TABLES = [
  // The one row that says whose object this is. Whatever else lies here belongs to this tenant.
  `CREATE TABLE thread (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     tables_version INTEGER NOT NULL,
     tenant TEXT NOT NULL,
     thread_id TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     metadata TEXT NOT NULL,
     deleted INTEGER NOT NULL DEFAULT 0
   ) STRICT`,
  // The graph versions this thread's runs are pinned to; their documents are blobs named graph:<hash>. The hash is what
  // counts: a graph that was deleted and published anew begins at version 1 again.
  `CREATE TABLE graphs (
     n INTEGER PRIMARY KEY,
     graph_id TEXT NOT NULL,
     version INTEGER NOT NULL,
     hash TEXT NOT NULL,
     UNIQUE (graph_id, version, hash)
   ) STRICT`,
  // What was asked for (kwargs) leaves out the input: that is the run's first commit.
  `CREATE TABLE runs (
     n INTEGER PRIMARY KEY,
     tenant TEXT NOT NULL,
     run_id TEXT NOT NULL UNIQUE,
     status TEXT NOT NULL,
     assistant_id TEXT NOT NULL,
     graph INTEGER NOT NULL,
     metadata TEXT NOT NULL,
     kwargs TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     first_seq INTEGER NOT NULL,
     last_seq INTEGER,
     event_floor INTEGER NOT NULL DEFAULT 0,
     usage TEXT,
     error TEXT
   ) STRICT`,
  // weight: UTF-16 units of what the commit says, values that stand outside the row included.
  `CREATE TABLE commits (
     seq INTEGER PRIMARY KEY,
     run INTEGER NOT NULL,
     at INTEGER NOT NULL,
     event INTEGER NOT NULL,
     last_event INTEGER NOT NULL,
     step INTEGER,
     format INTEGER NOT NULL,
     weight INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT`,
  `CREATE TABLE chunks (
     run INTEGER NOT NULL,
     first INTEGER NOT NULL,
     last INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (run, first)
   ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE blobs (
     hash TEXT NOT NULL,
     part INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (hash, part)
   ) STRICT, WITHOUT ROWID`,
  // Every channel's value at a moment of rest; the text is the blob snapshot:<seq>.
  `CREATE TABLE snapshots (
     seq INTEGER PRIMARY KEY,
     bytes INTEGER NOT NULL
   ) STRICT`,
  `CREATE TABLE outbox (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     kind TEXT NOT NULL,
     body TEXT NOT NULL
   ) STRICT`,
] as const;

/** Of version 2. */
export const ADDED_TABLES = [
  // Runs that do not simply begin with an input on what the run before them left. from_seq: the commit they stand on.
  // anew: only the state there is theirs, what was in flight is not. lineage: whose run's name their tasks carry outside.
  // hidden: a write from outside, which nobody started as a run.
  `CREATE TABLE IF NOT EXISTS continuations (
     run INTEGER PRIMARY KEY,
     from_seq INTEGER NOT NULL,
     anew INTEGER NOT NULL,
     lineage TEXT NOT NULL,
     hidden INTEGER NOT NULL
   ) STRICT`,
  // A snapshot's text, compressed: `[values, lists]` beyond the snapshot at position `base` (0: beyond nothing).
  `CREATE TABLE IF NOT EXISTS snapshot_parts (
     seq INTEGER NOT NULL,
     part INTEGER NOT NULL,
     base INTEGER NOT NULL,
     body BLOB NOT NULL,
     PRIMARY KEY (seq, part)
   ) STRICT`,
  // Of version 3. Runs that were accepted and could not begin at once: their requests are the blobs start:<run_id>. n: the
  // order in which they came. status: pending; started (the run is a row of `runs` from then on); or, where it never began,
  // interrupted, error, or deleted. due: not before that moment.
  `CREATE TABLE IF NOT EXISTS queued_runs (
     n INTEGER PRIMARY KEY,
     run_id TEXT NOT NULL UNIQUE,
     status TEXT NOT NULL,
     due INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     error TEXT
   ) STRICT`,
  // Runs that were rolled back or deleted: their commits stay, and show nothing any more.
  `CREATE TABLE IF NOT EXISTS struck_runs (
     run INTEGER PRIMARY KEY
   ) STRICT`,
] as const;

/** Of version 3; SQLite has no `IF NOT EXISTS` for columns. */
export const ADDED_COLUMNS = [
  // How many steps the commit shows; null in rows of earlier versions, where it shows one of everything if it has a number.
  { table: "commits", column: "shows", type: "INTEGER" },
  // The checkpoint that was named where a run begins which is not simply the newest there: its commit, and which of its steps.
  { table: "continuations", column: "shown_seq", type: "INTEGER" },
  { table: "continuations", column: "shown_part", type: "INTEGER" },
] as const;
