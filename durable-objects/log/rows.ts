import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { RunStatus } from "../thread-api.ts";
import type { BlobStore } from "./format-v1.ts";
import { decode, VERSION } from "./format-v1.ts";
import { unpack } from "./packing.ts";
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
  /** The run whose name its tasks carry outside (idempotency keys, message ids): its own, or that of the one it goes on from. */
  readonly lineage: string;
  /** The commit it stands on, where that is not the end of the run before it, or where it goes on from there. */
  readonly from: Standing | null;
  /** A write from outside, not a run that somebody started. */
  readonly hidden: boolean;
  /** Unix milliseconds, of one that had to wait for its turn: when it was accepted. */
  readonly acceptedAt?: number;
  /** It was rolled back or deleted: nothing that can be looked at, or gone on from. */
  readonly struck?: boolean;
}

export interface Standing {
  readonly seq: number;
  /** It begins with an input on the state there; what was in flight is not its business. */
  readonly anew: boolean;
  /** The checkpoint that was named, where it is not simply the newest there: what begins anew begins on what it shows. */
  readonly shown?: { readonly seq: number; readonly part: number };
}

/** Rows as SQLite has them. */
export type ThreadSql = {
  tables_version: number;
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
  from_seq: number | null;
  anew: 0 | 1 | null;
  shown_seq: number | null;
  shown_part: number | null;
  lineage: string | null;
  hidden: 0 | 1 | null;
  accepted_at: number | null;
  struck: number | null;
};
export type CommitSql = {
  seq: number;
  run: number;
  at: number;
  event: number;
  last_event: number;
  step: number | null;
  shows: number | null;
  format: number;
  weight: number;
  body: string;
  /** Of the run that the commit is of. */
  run_id: string;
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
    kwargs: JSON.parse(unpack(row.kwargs)) as JsonObject,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    firstSeq: row.first_seq,
    lastSeq: row.last_seq,
    eventFloor: row.event_floor,
    usage: row.usage === null ? null : (JSON.parse(row.usage) as RunUsage),
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorRecord),
    lineage: row.lineage ?? row.run_id,
    from: standingOf(row),
    hidden: row.hidden === 1,
    ...(row.accepted_at === null ? {} : { acceptedAt: row.accepted_at }),
    ...(row.struck === null ? {} : { struck: true }),
  };
}

function standingOf({ from_seq: seq, anew, shown_seq, shown_part: part }: RunSql): Standing | null {
  const shown = shown_seq === null || part === null ? {} : { shown: { seq: shown_seq, part } };
  return seq === null ? null : { seq, anew: anew === 1, ...shown };
}

export function toCommit(row: CommitSql, blobs: BlobStore): Commit {
  const { seq, run, at, event, last_event: lastEvent, step, shows, format } = row;
  if (format !== VERSION) throw new Error(`Commit ${seq} has format ${format}; this version reads up to ${VERSION}.`);
  return { seq, run, at, event, lastEvent, step, shows, entry: decode(whole(row.body, blobs, row.run_id), blobs) };
}

export function toChunk(
  row: { first: number; last: number; body: string },
  blobs: BlobStore,
): { readonly item: Chunk; readonly weight: number } {
  const text = whole(row.body, blobs);
  const [task, node, kind, messageId, data] = JSON.parse(text) as [string, number, 0 | 1, string, Json[]];
  const each = (row.last - row.first + 1) / data.length;
  const item: Chunk = { first: row.first, each, task, node, kind: kind === 0 ? "say" : "emit", messageId, data };
  return { item, weight: chunkWeight(data.length, text.length) };
}

/** A body too long for its row stands outside it, behind its hash; one written in place begins with `[`, or is packed. */
function whole(body: string, blobs: BlobStore, runId?: string): string {
  return body.startsWith("#") ? blobs.get(body.slice(1)) : unpack(body, runId);
}
