import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { EngineEvent, Outcome, TaskId } from "../../src/engine/types.ts";
import type { Usage } from "../../src/models/contract.ts";
import type { AiMessage } from "../../src/nodes/contract.ts";

export type TaskUsage = Usage & { readonly model: string };

/**
 * What one commit says. A run is the list of its entries: whatever else is known of it (state, tasks, frames,
 * history) is derived by {@link toEngineEvent} and the engine.
 */
export type LogEntry =
  | { readonly type: "run-started"; readonly outcome: Outcome }
  | {
      readonly type: "task-succeeded";
      readonly task: TaskId;
      readonly attempt: number;
      readonly outcome: Outcome;
      readonly usage?: TaskUsage;
      /** Only when it was not streamed in chunks: those hold its text already. */
      readonly message?: AiMessage;
    }
  /** Final: the task stays in flight, failed (R9). */
  | { readonly type: "task-failed"; readonly task: TaskId; readonly attempt: number; readonly error: ErrorRecord }
  /** Not final: tried again at `retryAt` (Unix milliseconds). The engine never hears of it. */
  | {
      readonly type: "attempt-failed";
      readonly task: TaskId;
      readonly attempt: number;
      readonly error: ErrorRecord;
      readonly retryAt: number;
    }
  | { readonly type: "run-cancelled"; readonly reason: string };

/** The engine's side of an entry; undefined where the rules are not concerned. */
export function toEngineEvent(entry: LogEntry): EngineEvent | undefined {
  switch (entry.type) {
    case "run-started":
      return { type: "started", outcome: entry.outcome };
    case "task-succeeded":
      return { type: "task-succeeded", task: entry.task, outcome: entry.outcome };
    case "task-failed":
      return { type: "task-failed", task: entry.task, error: entry.error };
    case "attempt-failed":
      return undefined;
    case "run-cancelled":
      return { type: "cancelled" };
  }
}

/** Whether the entry makes a checkpoint: a position whose state somebody may ask for. */
export function isCheckpoint(entry: LogEntry): boolean {
  return entry.type === "run-started" || entry.type === "task-succeeded" || entry.type === "task-failed";
}

/** One committed entry with its place in the thread. */
export interface Commit {
  /** 1, 2, 3 … in the thread. */
  readonly seq: number;
  /** The run's number in the thread. */
  readonly run: number;
  /** Unix milliseconds; never goes back within a thread. */
  readonly at: number;
  /** Id of the first frame this commit may show; `lastEvent` is that of its last. Ids count within a run. */
  readonly event: number;
  readonly lastEvent: number;
  /** Number of the checkpoint in the thread, as LangGraph counts steps (-1 first); null where there is none. */
  readonly step: number | null;
  readonly entry: LogEntry;
}

/** A piece of what a task streamed while it ran: consecutive frame ids `first` … `first + data.length - 1`. */
export interface Chunk {
  readonly first: number;
  readonly task: TaskId;
  readonly node: number;
  readonly kind: "say" | "emit";
  /** For "say": the id of the message the text belongs to. */
  readonly messageId: string;
  readonly data: readonly Json[];
}
