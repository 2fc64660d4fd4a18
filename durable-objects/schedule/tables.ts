/** The Scheduler's own tables. A new version adds statements at the end; it never edits those that are there. */
export const SCHEDULER_TABLES_VERSION = 1;

/** Longest text in one row, as in a thread's tables. */
export const LONGEST_ROW = 450_000;

export const SCHEDULER_TABLES = [
  // The one row that says whose object this is. told: the time that the index was told, as far as that is known (0: none).
  `CREATE TABLE IF NOT EXISTS scheduler (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     tables_version INTEGER NOT NULL,
     tenant TEXT NOT NULL,
     name TEXT NOT NULL,
     told INTEGER NOT NULL DEFAULT 0
   ) STRICT`,
  // kind: 'cron'; other kinds of schedules may come. next_at: the next instant, null where there is none or it is not enabled.
  `CREATE TABLE IF NOT EXISTS schedules (
     id TEXT PRIMARY KEY,
     kind TEXT NOT NULL,
     next_at INTEGER,
     enabled INTEGER NOT NULL,
     assistant_id TEXT NOT NULL,
     thread_id TEXT,
     end_at INTEGER,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT`,
  "CREATE INDEX IF NOT EXISTS schedules_next ON schedules (next_at) WHERE next_at IS NOT NULL",
  "CREATE INDEX IF NOT EXISTS schedules_created ON schedules (created_at, id)",
  // What is to be done, and when (again). It goes when it is done. kind: 'start' or 'post'.
  `CREATE TABLE IF NOT EXISTS due (
     kind TEXT NOT NULL,
     key TEXT NOT NULL,
     at INTEGER NOT NULL,
     attempts INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (kind, key)
   ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS due_at ON due (at)",
  // Deliveries that are over, remembered for a day: who asks again has lost the answer.
  `CREATE TABLE IF NOT EXISTS posted (
     key TEXT PRIMARY KEY,
     at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS posted_at ON posted (at)",
] as const;
