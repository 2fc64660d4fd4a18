import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { Outcome, Send, Write } from "../../src/engine/types.ts";
import type { AiMessage } from "../../src/nodes/contract.ts";
import type { Ask, LogEntry, Spent, TaskUsage } from "./entry.ts";

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
type SpentRow = readonly [tokens: number, costUsd: number];
type AskRow = readonly [
  id: string,
  kind: Ask["kind"],
  value: ValueRow,
  schema: JsonObject | 0,
  from: readonly string[] | 0,
  key?: string | 0,
  named?: 1,
];
type Row =
  | readonly ["s", OutcomeRow]
  | readonly ["o", task: string, attempt: number, OutcomeRow, usage: TaskUsage | 0, message: AiMessage | 0, SpentRow?]
  | readonly ["f", task: string, attempt: number, ErrorRecord, (OutcomeRow | 0)?, SpentRow?]
  | readonly ["r", task: string, attempt: number, ErrorRecord, retryAt: number, SpentRow?]
  | readonly ["t", task: string, attempt: number]
  | readonly ["l", task: string, SpentRow?]
  | readonly ["w", task: string, until: number | null, name?: string, key?: string | null]
  | readonly ["q", task: string, until: number | null, name: string | 0, key: string | null, ask: AskRow]
  | readonly ["g", task: string, signal?: string]
  | readonly ["y", task: string, ask: string, by: string | null, ValueRow]
  | readonly ["n", steps?: number]
  | readonly ["m", OutcomeRow]
  | readonly ["u", OutcomeRow, as: number | null | "goto"]
  | readonly ["p", reason: string]
  | readonly ["z", ErrorRecord]
  | readonly ["i", id: string, name: string, key: string | null, ValueRow]
  | readonly ["k", task: string, key: string, ValueRow]
  | readonly ["a", task: string, items: ValueRow, concurrency: number, tolerant: 0 | 1, winners?: number]
  | readonly ["e", task: string, item: ValueRow, holds?: 1]
  | readonly ["b", task: string, frame: number, OutcomeRow]
  | readonly ["v", task: string, frame: number, OutcomeRow]
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
    case "task-succeeded": {
      const { task, attempt, outcome, usage, message, spent } = entry;
      const row = ["o", task, attempt, outcomeRow(outcome, blobs), usage ?? 0, message ?? 0] as const;
      return spent === undefined ? row : [...row, spentRow(spent)];
    }
    case "task-failed":
      return failedRow(entry, blobs);
    case "attempt-failed": {
      const { task, attempt, error, retryAt, spent } = entry;
      return spent === undefined
        ? ["r", task, attempt, error, retryAt]
        : ["r", task, attempt, error, retryAt, spentRow(spent)];
    }
    case "attempt-started":
      return ["t", entry.task, entry.attempt];
    case "attempt-lost":
      return entry.spent === undefined ? ["l", entry.task] : ["l", entry.task, spentRow(entry.spent)];
    case "task-waiting":
      return waitingRow(entry, blobs);
    case "run-continued":
      return entry.steps === undefined ? ["n"] : ["n", entry.steps];
    case "run-migrated":
      return ["m", outcomeRow(entry.outcome, blobs)];
    case "state-updated":
      return ["u", outcomeRow(entry.outcome, blobs), entry.as];
    case "run-paused":
      return ["p", entry.reason];
    case "run-stopped":
      return ["z", entry.error];
    case "task-resumed":
      if (entry.answer !== undefined) {
        const { ask, by, value } = entry.answer;
        return ["y", entry.task, ask, by, valueRow(value, blobs)];
      }
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
      return entry.holds === true
        ? ["e", entry.task, valueRow(entry.item, blobs), 1]
        : ["e", entry.task, valueRow(entry.item, blobs)];
    case "frame-started":
      return ["b", entry.task, entry.frame, outcomeRow(entry.outcome, blobs)];
    case "frame-updated":
      return ["v", entry.task, entry.frame, outcomeRow(entry.outcome, blobs)];
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
    case "n":
      return { type: "run-continued", ...(row[1] === undefined ? {} : { steps: row[1] }) };
    case "m":
      return { type: "run-migrated", outcome: toOutcome(row[1], blobs) };
    case "u":
      return { type: "state-updated", outcome: toOutcome(row[1], blobs), as: row[2] };
    case "p":
      return { type: "run-paused", reason: row[1] };
    case "z":
      return { type: "run-stopped", error: row[1] };
    case "c":
      return { type: "run-cancelled", reason: row[1] };
    case "a":
    case "e":
    case "b":
    case "v":
    case "x":
      return ofFrames(row, blobs);
    case "o":
    case "f":
    case "r":
    case "t":
    case "l":
    case "k":
      return ofTask(row, blobs);
    case "w":
    case "q":
    case "y":
    case "g":
    case "i":
      return ofWait(row, blobs);
  }
}

type RowOf<Letter extends Row[0]> = Extract<Row, readonly [Letter, ...unknown[]]>;

function ofTask(row: RowOf<"o" | "f" | "r" | "t" | "l" | "k">, blobs: BlobStore): LogEntry {
  switch (row[0]) {
    case "o": {
      const [, task, attempt, outcome, usage, message, spent] = row;
      return {
        type: "task-succeeded",
        task,
        attempt,
        outcome: toOutcome(outcome, blobs),
        ...(usage === 0 ? {} : { usage }),
        ...(message === 0 ? {} : { message }),
        ...spentOf(spent),
      };
    }
    case "f":
      return {
        type: "task-failed",
        task: row[1],
        attempt: row[2],
        error: row[3],
        ...(row[4] === undefined || row[4] === 0 ? {} : { outcome: toOutcome(row[4], blobs) }),
        ...spentOf(row[5]),
      };
    case "r": {
      const [, task, attempt, error, retryAt, spent] = row;
      return { type: "attempt-failed", task, attempt, error, retryAt, ...spentOf(spent) };
    }
    case "t":
      return { type: "attempt-started", task: row[1], attempt: row[2] };
    case "l":
      return { type: "attempt-lost", task: row[1], ...spentOf(row[2]) };
    case "k":
      return { type: "step-recorded", task: row[1], key: row[2], value: toValue(row[3], blobs) };
  }
}

function ofWait(row: RowOf<"w" | "q" | "y" | "g" | "i">, blobs: BlobStore): LogEntry {
  switch (row[0]) {
    case "w":
      return {
        type: "task-waiting",
        task: row[1],
        until: row[2],
        ...(row[3] === undefined ? {} : { signal: { name: row[3], key: row[4] ?? null } }),
      };
    case "q": {
      const [, task, until, name, key, ask] = row;
      const signal = name === 0 ? {} : { signal: { name, key } };
      return { type: "task-waiting", task, until, ...signal, ask: toAsk(ask, blobs) };
    }
    case "y": {
      const answer = { ask: row[2], by: row[3], value: toValue(row[4], blobs) };
      return { type: "task-resumed", task: row[1], answer };
    }
    case "g":
      return { type: "task-resumed", task: row[1], ...(row[2] === undefined ? {} : { signal: row[2] }) };
    case "i":
      return {
        type: "signal-received",
        signal: { id: row[1], name: row[2], key: row[3], payload: toValue(row[4], blobs) },
      };
  }
}

function ofFrames(row: RowOf<"a" | "e" | "b" | "v" | "x">, blobs: BlobStore): LogEntry {
  switch (row[0]) {
    case "a": {
      // what was written was a list
      const items = toValue(row[2], blobs) as readonly Json[];
      const announced = { task: row[1], items, concurrency: row[3], tolerant: row[4] === 1 };
      return { type: "frames-announced", ...announced, ...(row[5] === undefined ? {} : { winners: row[5] }) };
    }
    case "e":
      return {
        type: "frames-extended",
        task: row[1],
        item: toValue(row[2], blobs),
        ...(row[3] === 1 ? { holds: true } : {}),
      };
    case "b":
      return { type: "frame-started", task: row[1], frame: row[2], outcome: toOutcome(row[3], blobs) };
    case "v":
      return { type: "frame-updated", task: row[1], frame: row[2], outcome: toOutcome(row[3], blobs) };
    case "x":
      return { type: "frame-failed", task: row[1], frame: row[2], error: row[3] };
  }
}

type EntryOf<Type extends LogEntry["type"]> = Extract<LogEntry, { readonly type: Type }>;

function failedRow({ task, attempt, error, outcome, spent }: EntryOf<"task-failed">, blobs: BlobStore): Row {
  const row = ["f", task, attempt, error] as const;
  if (spent !== undefined) return [...row, outcome === undefined ? 0 : outcomeRow(outcome, blobs), spentRow(spent)];
  return outcome === undefined ? row : [...row, outcomeRow(outcome, blobs)];
}

function waitingRow({ task, until, signal, ask }: EntryOf<"task-waiting">, blobs: BlobStore): Row {
  if (ask !== undefined) return ["q", task, until, signal?.name ?? 0, signal?.key ?? null, askRow(ask, blobs)];
  return signal === undefined ? ["w", task, until] : ["w", task, until, signal.name, signal.key];
}

function askRow({ id, kind, value, schema, from, key, named }: Ask, blobs: BlobStore): AskRow {
  const row = [id, kind, valueRow(value, blobs), schema ?? 0, from ?? 0] as const;
  if (named === true) return [...row, key ?? 0, 1];
  return key === undefined ? row : [...row, key];
}

function toAsk([id, kind, value, schema, from, key, named]: AskRow, blobs: BlobStore): Ask {
  return {
    id,
    kind,
    value: toValue(value, blobs),
    ...(schema === 0 ? {} : { schema }),
    ...(from === 0 ? {} : { from }),
    ...(key === undefined || key === 0 ? {} : { key }),
    ...(named === 1 ? { named: true } : {}),
  };
}

function spentRow({ tokens, costUsd }: Spent): SpentRow {
  return [tokens, costUsd];
}

function spentOf(row: SpentRow | undefined): { readonly spent?: Spent } {
  return row === undefined ? {} : { spent: { tokens: row[0], costUsd: row[1] } };
}

function announcedRow(entry: EntryOf<"frames-announced">, blobs: BlobStore): Row {
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
