import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** D1's tables. Every primary and unique key begins with the tenant (design, section 6). Times are Unix milliseconds. */

export const apiKeys = sqliteTable(
  "api_keys",
  {
    tenant: text().notNull(),
    keyId: text("key_id").notNull(),
    name: text().notNull(),
    /** SHA-256 (hex) of the secret part; the secret itself is shown once and kept nowhere. */
    secretHash: text("secret_hash").notNull(),
    createdAt: integer("created_at").notNull(),
    revokedAt: integer("revoked_at"),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.keyId] })],
);

/** One row a version; versions of a graph are 1, 2, 3 … Their content never changes; which of them is current does. */
export const graphVersions = sqliteTable(
  "graph_versions",
  {
    tenant: text().notNull(),
    graphId: text("graph_id").notNull(),
    version: integer().notNull(),
    /** Of the graph's system assistant: a UUIDv5 of the graph's id, by which LangGraph's clients may name it too. */
    assistantId: text("assistant_id").notNull(),
    hash: text().notNull(),
    /** JSON in the document's own order: what runs. */
    document: text().notNull(),
    /** As it was sent (YAML or JSON), comments and all. */
    source: text().notNull(),
    sourceType: text("source_type", { enum: ["json", "yaml"] }).notNull(),
    createdAt: integer("created_at").notNull(),
    /**
     * Counts the publications of a graph: its greatest is current, null is a draft. 0 is what a Worker leaves that knows no
     * drafts: such a version was published when it was made, and the newest of them came last.
     */
    publication: integer().default(0),
    /** When it last became current; null with a publication of 0: when it was made. */
    publishedAt: integer("published_at"),
    /** The id of the API key that made it current, where there was one. */
    publishedBy: text("published_by"),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.graphId, table.version] }),
    index("graph_versions_assistant").on(table.tenant, table.assistantId, table.version),
    index("graph_versions_current").on(table.tenant, table.graphId, table.publication, table.version),
  ],
);

/** Graphs with a configuration of their own, each as it is now; a graph's system assistant has a row once it was changed. */
export const assistants = sqliteTable(
  "assistants",
  {
    tenant: text().notNull(),
    assistantId: text("assistant_id").notNull(),
    graphId: text("graph_id").notNull(),
    name: text().notNull(),
    /** The name in lower case, by which it is found. */
    searchName: text("search_name").notNull(),
    description: text(),
    /** JSON texts of objects. */
    config: text().notNull(),
    context: text().notNull(),
    metadata: text().notNull(),
    version: integer().notNull(),
    /** The highest version there ever was. */
    latest: integer().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.assistantId] }),
    index("assistants_created").on(table.tenant, table.createdAt),
  ],
);

/** What an assistant was and is; a version never changes. */
export const assistantVersions = sqliteTable(
  "assistant_versions",
  {
    tenant: text().notNull(),
    assistantId: text("assistant_id").notNull(),
    version: integer().notNull(),
    graphId: text("graph_id").notNull(),
    name: text().notNull(),
    description: text(),
    config: text().notNull(),
    context: text().notNull(),
    metadata: text().notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.assistantId, table.version] })],
);

/** Runs that are not over, delivered by their thread's outbox; the sweep looks for rows whose `dueAt` has passed. */
export const liveRuns = sqliteTable(
  "live_runs",
  {
    tenant: text().notNull(),
    threadId: text("thread_id").notNull(),
    runId: text("run_id").notNull(),
    /** By then the run's own alarm should have moved it or pushed this on. */
    dueAt: integer("due_at").notNull(),
    startedAt: integer("started_at").notNull(),
    /** How often in a row the sweep has not reached its thread. */
    failedTouches: integer("failed_touches").notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.threadId, table.runId] }),
    index("live_runs_due").on(table.dueAt),
  ],
);

/** What failed for good, with all that is needed to look at it and to do it again (docs/decisions/0021-dead-letters.md). */
export const deadLetters = sqliteTable(
  "dead_letters",
  {
    tenant: text().notNull(),
    /** A UUIDv5 of what failed: told of twice it is one row. */
    id: text().notNull(),
    /** `run`: a run that ended with failed tasks at rest. `message`: a hint whose thread could not be reached. `webhook`: nobody took it. */
    kind: text({ enum: ["run", "message", "webhook"] }).notNull(),
    status: text({ enum: ["open", "redriven", "discarded"] }).notNull(),
    /** Null where a message does not say. */
    threadId: text("thread_id"),
    runId: text("run_id"),
    graphId: text("graph_id"),
    /** Of the failed task that leads: its node (with the nodes around it) and its place. */
    node: text(),
    task: text(),
    /** JSON text of an ErrorRecord. */
    cause: text().notNull(),
    /** JSON text: the attempts, with their times and errors. */
    history: text().notNull(),
    /** JSON text: what the task saw, or the message's body. */
    payload: text().notNull(),
    /** Set with status `open`: a redrive has begun and has not been heard of. */
    redrivenRunId: text("redriven_run_id"),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    index("dead_letters_created").on(table.tenant, table.createdAt, table.id),
    index("dead_letters_status").on(table.tenant, table.status, table.createdAt, table.id),
    index("dead_letters_thread").on(table.tenant, table.threadId),
  ],
);

/** A thread's line in listings; follows the object through its outbox. */
export const threads = sqliteTable(
  "threads",
  {
    tenant: text().notNull(),
    threadId: text("thread_id").notNull(),
    graphId: text("graph_id"),
    status: text({ enum: ["idle", "busy", "interrupted", "error"] }).notNull(),
    metadata: text().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    /** Lines of earlier versions say 0 here, and nothing below: they are not `whole`. */
    stateUpdatedAt: integer("state_updated_at").notNull().default(0),
    /** JSON text: the values of small channels, and the names of the others. */
    values: text(),
    leftOut: text("left_out"),
    /** JSON texts. */
    interrupts: text(),
    config: text(),
    error: text(),
    /** Nothing that the thread would tell is left out. */
    whole: integer({ mode: "boolean" }).notNull().default(false),
    expiresAt: integer("expires_at"),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.threadId] }),
    index("threads_created").on(table.tenant, table.createdAt),
    index("threads_expiry").on(table.expiresAt).where(sql`expires_at is not null`),
  ],
);

/** What tenants keep across threads: one row an item (src/memory). */
export const items = sqliteTable(
  "items",
  {
    tenant: text().notNull(),
    /** JSON text of the list of its parts, so that all below a prefix stand together in the primary key. */
    namespace: text().notNull(),
    key: text().notNull(),
    /** JSON text of an object. */
    value: text().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    /** From then on nobody reads it, and the sweep takes it away; null: kept until it is deleted. */
    expiresAt: integer("expires_at"),
    /** How long it is kept from its last put, or its last read where that renews it. */
    ttlMs: integer("ttl_ms"),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.namespace, table.key] }),
    index("items_expiry").on(table.expiresAt).where(sql`expires_at is not null`),
  ],
);

/** Results of nodes with a `cache`, to be used again until they expire. */
export const nodeResults = sqliteTable(
  "node_results",
  {
    tenant: text().notNull(),
    /** SHA-256 (hex) of what the result follows from. */
    key: text().notNull(),
    /** JSON text. */
    value: text().notNull(),
    /** Unix milliseconds. */
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.key] }), index("node_results_expiry").on(table.expiresAt)],
);

/** Scheduler objects that have something to do; each says itself when. The sweep looks for those that have not kept it. */
export const schedulers = sqliteTable(
  "schedulers",
  {
    tenant: text().notNull(),
    /** The object's. */
    name: text().notNull(),
    dueAt: integer("due_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.name] }), index("schedulers_due").on(table.dueAt)],
);

/** What a tenant's webhooks are signed with (docs/decisions/0031-webhooks.md). */
export const webhookSecrets = sqliteTable(
  "webhook_secrets",
  {
    tenant: text().notNull(),
    secret: text().notNull(),
    /** The one before signs too until `previousUntil`. */
    previous: text(),
    previousUntil: integer("previous_until"),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenant] })],
);
