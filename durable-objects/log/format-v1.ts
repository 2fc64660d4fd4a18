import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { Outcome, Send, Write } from "../../src/engine/types.ts";
import type { AiMessage } from "../../src/nodes/contract.ts";
import type { LogEntry, TaskUsage } from "./entry.ts";

/**
 * Version 1 of the commit row's body, written since 2026-11: a JSON array that begins with the entry's letter.
 * Values above {@link INLINE_BYTES} stand outside the row, by content hash: a write is `[channel, value]` or
 * `[channel, null, hash]`, so no value can be mistaken for a reference. Nothing here may change once it has
 * shipped: a new form is a new file, and this one stays as a reader.
 */
export const VERSION = 1;

/** Longer JSON texts (in UTF-16 units) are kept as blobs. */
export const INLINE_BYTES = 16_384;

export interface BlobStore {
  /** Keeps a text once; answers its content hash. */
  put(text: string): string;
  get(hash: string): string;
}

/** A value in its row, or outside it by its hash. */
type ValueRow = readonly [Json] | readonly [null, string];
type WriteRow = readonly [string, Json] | readonly [string, null, string];
type OutcomeRow = readonly [
  writes: readonly WriteRow[],
  takes: readonly number[],
  sends: readonly (readonly [number, Json])[],
];
type Row =
  | readonly ["s", OutcomeRow]
  | readonly ["o", task: string, attempt: number, OutcomeRow, usage: TaskUsage | 0, message: AiMessage | 0]
  | readonly ["f", task: string, attempt: number, ErrorRecord, OutcomeRow?]
  | readonly ["r", task: string, attempt: number, ErrorRecord, retryAt: number]
  | readonly ["t", task: string, attempt: number]
  | readonly ["l", task: string]
  | readonly ["w", task: string, until: number | null, name?: string, key?: string | null]
  | readonly ["g", task: string, signal?: string]
  | readonly ["i", id: string, name: string, key: string | null, ValueRow]
  | readonly ["k", task: string, key: string, ValueRow]
  | readonly ["a", task: string, items: ValueRow, concurrency: number, tolerant: 0 | 1, winners?: number]
  | readonly ["e", task: string, item: ValueRow]
  | readonly ["b", task: string, frame: number, OutcomeRow]
  | readonly ["x", task: string, frame: number, ErrorRecord]
  | readonly ["c", reason: string];

export function encode(entry: LogEntry, blobs: BlobStore): string {
  return JSON.stringify(toRow(entry, blobs));
}

export function decode(body: string, blobs: BlobStore): LogEntry {
  return fromRow(JSON.parse(body) as Row, blobs);
}

function toRow(entry: LogEntry, blobs: BlobStore): Row {
  switch (entry.type) {
    case "run-started":
      return ["s", outcomeRow(entry.outcome, blobs)];
    case "task-succeeded":
      return ["o", entry.task, entry.attempt, outcomeRow(entry.outcome, blobs), entry.usage ?? 0, entry.message ?? 0];
    case "task-failed":
      return entry.outcome === undefined
        ? ["f", entry.task, entry.attempt, entry.error]
        : ["f", entry.task, entry.attempt, entry.error, outcomeRow(entry.outcome, blobs)];
    case "attempt-failed":
      return ["r", entry.task, entry.attempt, entry.error, entry.retryAt];
    case "attempt-started":
      return ["t", entry.task, entry.attempt];
    case "attempt-lost":
      return ["l", entry.task];
    case "task-waiting":
      return entry.signal === undefined
        ? ["w", entry.task, entry.until]
        : ["w", entry.task, entry.until, entry.signal.name, entry.signal.key];
    case "task-resumed":
      return entry.signal === undefined ? ["g", entry.task] : ["g", entry.task, entry.signal];
    case "signal-received": {
      const { id, name, key, payload } = entry.signal;
      return ["i", id, name, key, valueRow(payload, blobs)];
    }
    case "step-recorded":
      return ["k", entry.task, entry.key, valueRow(entry.value, blobs)];
    case "frames-announced":
      return announcedRow(entry, blobs);
    case "frames-extended":
      return ["e", entry.task, valueRow(entry.item, blobs)];
    case "frame-started":
      return ["b", entry.task, entry.frame, outcomeRow(entry.outcome, blobs)];
    case "frame-failed":
      return ["x", entry.task, entry.frame, entry.error];
    case "run-cancelled":
      return ["c", entry.reason];
  }
}

function fromRow(row: Row, blobs: BlobStore): LogEntry {
  switch (row[0]) {
    case "s":
      return { type: "run-started", outcome: toOutcome(row[1], blobs) };
    case "o": {
      const [, task, attempt, outcome, usage, message] = row;
      return {
        type: "task-succeeded",
        task,
        attempt,
        outcome: toOutcome(outcome, blobs),
        ...(usage === 0 ? {} : { usage }),
        ...(message === 0 ? {} : { message }),
      };
    }
    case "f":
      return {
        type: "task-failed",
        task: row[1],
        attempt: row[2],
        error: row[3],
        ...(row[4] === undefined ? {} : { outcome: toOutcome(row[4], blobs) }),
      };
    case "r":
      return { type: "attempt-failed", task: row[1], attempt: row[2], error: row[3], retryAt: row[4] };
    case "t":
      return { type: "attempt-started", task: row[1], attempt: row[2] };
    case "l":
      return { type: "attempt-lost", task: row[1] };
    case "w":
      return {
        type: "task-waiting",
        task: row[1],
        until: row[2],
        ...(row[3] === undefined ? {} : { signal: { name: row[3], key: row[4] ?? null } }),
      };
    case "g":
      return { type: "task-resumed", task: row[1], ...(row[2] === undefined ? {} : { signal: row[2] }) };
    case "i":
      return {
        type: "signal-received",
        signal: { id: row[1], name: row[2], key: row[3], payload: toValue(row[4], blobs) },
      };
    case "k":
      return { type: "step-recorded", task: row[1], key: row[2], value: toValue(row[3], blobs) };
    case "a": {
      // what was written was a list
      const items = toValue(row[2], blobs) as readonly Json[];
      const announced = { task: row[1], items, concurrency: row[3], tolerant: row[4] === 1 };
      return { type: "frames-announced", ...announced, ...(row[5] === undefined ? {} : { winners: row[5] }) };
    }
    case "e":
      return { type: "frames-extended", task: row[1], item: toValue(row[2], blobs) };
    case "b":
      return { type: "frame-started", task: row[1], frame: row[2], outcome: toOutcome(row[3], blobs) };
    case "x":
      return { type: "frame-failed", task: row[1], frame: row[2], error: row[3] };
    case "c":
      return { type: "run-cancelled", reason: row[1] };
  }
}

function announcedRow(entry: Extract<LogEntry, { readonly type: "frames-announced" }>, blobs: BlobStore): Row {
  const { task, items, concurrency, tolerant, winners } = entry;
  const row = ["a", task, valueRow(items, blobs), concurrency, tolerant ? 1 : 0] as const;
  return winners === undefined ? row : [...row, winners];
}

function outcomeRow(outcome: Outcome, blobs: BlobStore): OutcomeRow {
  return [
    outcome.writes.map((write) => writeRow(write, blobs)),
    outcome.takes,
    outcome.sends.map((send) => [send.to, send.payload] as const),
  ];
}

function writeRow(write: Write, blobs: BlobStore): WriteRow {
  if (!isLarge(write.value)) return [write.channel, write.value];
  return [write.channel, null, blobs.put(JSON.stringify(write.value))];
}

function valueRow(value: Json, blobs: BlobStore): ValueRow {
  return isLarge(value) ? [null, blobs.put(JSON.stringify(value))] : [value];
}

function toValue(row: ValueRow, blobs: BlobStore): Json {
  return row[1] === undefined ? row[0] : (JSON.parse(blobs.get(row[1])) as Json);
}

/** A cheap lower bound decides for small values; only what may be large is written out to be measured. */
function isLarge(value: Json): boolean {
  if (typeof value === "string") return value.length > INLINE_BYTES;
  if (typeof value !== "object" || value === null) return false;
  return JSON.stringify(value).length > INLINE_BYTES;
}

function toOutcome(row: OutcomeRow, blobs: BlobStore): Outcome {
  return {
    writes: row[0].map((write) => ({
      channel: write[0],
      value: write[2] === undefined ? write[1] : (JSON.parse(blobs.get(write[2])) as Json),
    })),
    takes: row[1],
    sends: row[2].map(([to, payload]): Send => ({ to, payload })),
  };
}
