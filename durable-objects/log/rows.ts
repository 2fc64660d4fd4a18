import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { RunStatus } from "../thread-api.ts";
import type { BlobStore } from "./format-v1.ts";
import { decode, VERSION } from "./format-v1.ts";
import { chunkWeight } from "./page.ts";
import type { Chunk, Commit } from "./entry.ts";

export interface ThreadRow {
  readonly tenant: string;
  readonly threadId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly metadata: JsonObject;
  readonly deleted: boolean;
}

export interface RunUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly unit: string;
  readonly costUsd: number | null;
}

export interface RunRow {
  readonly n: number;
  readonly runId: string;
  readonly status: RunStatus;
  readonly assistantId: string;
  readonly graphId: string;
  readonly graphVersion: number;
  readonly graphHash: string;
  readonly metadata: JsonObject;
  readonly kwargs: JsonObject;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly firstSeq: number;
  /** Null while the run is live. */
  readonly lastSeq: number | null;
  /** Frame ids below it were handed out before the last restart. */
  readonly eventFloor: number;
  readonly usage: RunUsage | null;
  readonly error: ErrorRecord | null;
}

/** Rows as SQLite has them. */
export type ThreadSql = {
  tenant: string;
  thread_id: string;
  created_at: number;
  updated_at: number;
  metadata: string;
  deleted: 0 | 1;
};
export type RunSql = {
  n: number;
  run_id: string;
  status: RunStatus;
  assistant_id: string;
  graph_id: string;
  version: number;
  hash: string;
  metadata: string;
  kwargs: string;
  created_at: number;
  updated_at: number;
  first_seq: number;
  last_seq: number | null;
  event_floor: number;
  usage: string | null;
  error: string | null;
};
export type CommitSql = {
  seq: number;
  run: number;
  at: number;
  event: number;
  last_event: number;
  step: number | null;
  format: number;
  weight: number;
  body: string;
};

export function toThreadRow(row: ThreadSql): ThreadRow {
  return {
    tenant: row.tenant,
    threadId: row.thread_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    metadata: JSON.parse(row.metadata) as JsonObject,
    deleted: row.deleted === 1,
  };
}

export function toRunRow(row: RunSql): RunRow {
  return {
    n: row.n,
    runId: row.run_id,
    status: row.status,
    assistantId: row.assistant_id,
    graphId: row.graph_id,
    graphVersion: row.version,
    graphHash: row.hash,
    metadata: JSON.parse(row.metadata) as JsonObject,
    kwargs: JSON.parse(row.kwargs) as JsonObject,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    firstSeq: row.first_seq,
    lastSeq: row.last_seq,
    eventFloor: row.event_floor,
    usage: row.usage === null ? null : (JSON.parse(row.usage) as RunUsage),
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorRecord),
  };
}

export function toCommit(row: CommitSql, blobs: BlobStore): Commit {
  const { seq, run, at, event, last_event: lastEvent, step, format } = row;
  if (format !== VERSION) throw new Error(`Commit ${seq} has format ${format}; this version reads up to ${VERSION}.`);
  return { seq, run, at, event, lastEvent, step, entry: decode(whole(row.body, blobs), blobs) };
}

export function toChunk(
  row: { first: number; body: string },
  blobs: BlobStore,
): { readonly item: Chunk; readonly weight: number } {
  const text = whole(row.body, blobs);
  const [task, node, kind, messageId, data] = JSON.parse(text) as [string, number, 0 | 1, string, Json[]];
  const item: Chunk = { first: row.first, task, node, kind: kind === 0 ? "say" : "emit", messageId, data };
  return { item, weight: chunkWeight(data.length, text.length) };
}

/** A body too long for its row stands outside it, behind its hash; every body written in place begins with `[`. */
function whole(body: string, blobs: BlobStore): string {
  return body.startsWith("#") ? blobs.get(body.slice(1)) : body;
}
