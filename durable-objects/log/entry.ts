import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { EngineEvent, Outcome, TaskId } from "../../src/engine/types.ts";
import type { Usage } from "../../src/models/contract.ts";
import type { AiMessage } from "../../src/nodes/contract.ts";
import { isInFrame } from "./places.ts";

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
      /** In place of a usage that its kind owes and has not told. */
      readonly spent?: Spent;
    }
  /** Final: the task stays in flight, failed; with an outcome the run goes on from it (R9). */
  | {
      readonly type: "task-failed";
      readonly task: TaskId;
      readonly attempt: number;
      readonly error: ErrorRecord;
      readonly outcome?: Outcome;
      readonly spent?: Spent;
    }
  /** Not final: tried again at `retryAt` (Unix milliseconds). The engine never hears of it. */
  | {
      readonly type: "attempt-failed";
      readonly task: TaskId;
      readonly attempt: number;
      readonly error: ErrorRecord;
      readonly retryAt: number;
      readonly spent?: Spent;
    }
  /** Of an unsafe node: committed before it begins, so that its death leaves no doubt whether it may have taken effect. */
  | { readonly type: "attempt-started"; readonly task: TaskId; readonly attempt: number }
  /** A restart cut the task's attempt off; it is made again. The engine never hears of it. */
  | { readonly type: "attempt-lost"; readonly task: TaskId; readonly spent?: Spent }
  /** The task waits (R8) and goes on at `until` (Unix milliseconds), when the signal comes, or when somebody answers. */
  | {
      readonly type: "task-waiting";
      readonly task: TaskId;
      readonly until: number | null;
      readonly signal?: SignalName;
      readonly ask?: Ask;
    }
  /** Its time has come, the signal of that id has, or it was answered; with none of them, a failed task is tried anew (R9). */
  | { readonly type: "task-resumed"; readonly task: TaskId; readonly signal?: string; readonly answer?: Answer }
  /** The run goes on from where another stood, which is at rest; what it resumes follows. */
  | { readonly type: "run-continued"; readonly steps?: number }
  /** A run on another version of its graph: what was in flight on the former one begins anew, at its nodes. */
  | { readonly type: "run-migrated"; readonly outcome: Outcome }
  /** R7: a write from outside, as one whose edges are taken: a node's position, or null for none; `goto` takes any nodes. */
  | { readonly type: "state-updated"; readonly outcome: Outcome; readonly as: number | null | "goto" }
  /** Nothing new starts; what runs comes to its end, and then the run is at rest. */
  | { readonly type: "run-paused"; readonly reason: string }
  /** A budget of the whole run is used up: the run is at rest, with what was in flight to be made again. */
  | { readonly type: "run-stopped"; readonly error: ErrorRecord }
  /** From outside: kept until a wait takes it. */
  | { readonly type: "signal-received"; readonly signal: Signal }
  /** A step inside a node, made once (`once`): not made again whatever becomes of the attempt. */
  | { readonly type: "step-recorded"; readonly task: TaskId; readonly key: string; readonly value: Json }
  /** R10: a composite opens, with a frame for each item. */
  | {
      readonly type: "frames-announced";
      readonly task: TaskId;
      readonly items: readonly Json[];
      readonly concurrency: number;
      readonly tolerant: boolean;
      readonly winners?: number;
    }
  /** A loop has another turn. */
  | { readonly type: "frames-extended"; readonly task: TaskId; readonly item: Json; readonly holds?: true }
  | { readonly type: "frame-started"; readonly task: TaskId; readonly frame: number; readonly outcome: Outcome }
  /** R7: a write from outside to what a composite does inside. */
  | { readonly type: "frame-updated"; readonly task: TaskId; readonly frame: number; readonly outcome: Outcome }
  | { readonly type: "frame-failed"; readonly task: TaskId; readonly frame: number; readonly error: ErrorRecord }
  | { readonly type: "run-cancelled"; readonly reason: string };

/** What an attempt without a usage has cost, or may have. */
export interface Spent {
  readonly tokens: number;
  readonly costUsd: number;
}

/** A question to somebody outside, which holds its task until it is answered (R8, G9). */
export interface Ask {
  /** 32 hexadecimal digits: what an answer names. Several answers to one question have one id. */
  readonly id: string;
  readonly kind: "gate" | "breakpoint" | "outcome_unknown";
  /** What is shown to who answers. */
  readonly value: Json;
  /** JSON Schema that an answer must fit. */
  readonly schema?: JsonObject;
  /** Who may answer; everybody where it is left out. */
  readonly from?: readonly string[];
  /** By which the node tells its questions apart; left out where it is "". */
  readonly key?: string;
  /** Whoever answers has to say who it is. */
  readonly named?: true;
}

export interface Answer {
  /** The id of what it answers. */
  readonly ask: string;
  readonly by: string | null;
  readonly value: Json;
}

/** What a wait and a signal find each other by. */
export interface SignalName {
  readonly name: string;
  /** Which one of several; null where there is no telling apart. */
  readonly key: string | null;
}

export interface Signal extends SignalName {
  readonly id: string;
  readonly payload: Json;
}

/** The engine's side of an entry; undefined where the rules are not concerned. */
export function toEngineEvent(entry: LogEntry): EngineEvent | undefined {
  switch (entry.type) {
    case "run-started":
      return { type: "started", outcome: entry.outcome };
    case "task-succeeded":
      return { type: "task-succeeded", task: entry.task, outcome: entry.outcome };
    case "task-failed":
      return {
        type: "task-failed",
        task: entry.task,
        error: entry.error,
        ...(entry.outcome === undefined ? {} : { outcome: entry.outcome }),
      };
    case "attempt-started":
    case "attempt-failed":
    case "step-recorded":
    case "attempt-lost":
    case "signal-received":
    case "run-paused":
    case "run-stopped":
      return undefined;
    case "run-continued":
      return { type: "continued", ...(entry.steps === undefined ? {} : { steps: entry.steps }) };
    case "run-migrated":
      return { type: "state-updated", outcome: entry.outcome, as: "anywhere" };
    case "state-updated": {
      const { outcome, as } = entry;
      return { type: "state-updated", outcome, ...(as === null ? {} : { as: as === "goto" ? "anywhere" : as }) };
    }
    case "task-waiting":
    case "task-resumed":
      return { type: entry.type, task: entry.task };
    case "frames-announced": {
      const { type, task, items, concurrency, tolerant, winners } = entry;
      const announced = { type, task, frames: items.length, concurrency, tolerant } as const;
      return winners === undefined ? announced : { ...announced, winners };
    }
    case "frames-extended":
      return { type: "frames-extended", task: entry.task, ...(entry.holds === true ? { holds: true } : {}) };
    case "frame-started":
    case "frame-updated":
      return { type: entry.type, task: entry.task, frame: entry.frame, outcome: entry.outcome };
    case "frame-failed":
      return { type: "frame-failed", task: entry.task, frame: entry.frame };
    case "run-cancelled":
      return { type: "cancelled" };
  }
}

/** Whether the entry makes a position of the run itself, whose state somebody may ask for; not each shows a step. */
export function isCheckpoint(entry: LogEntry): boolean {
  if (entry.type === "run-started" || entry.type === "state-updated" || entry.type === "run-migrated") return true;
  // What is done in a frame is nobody's state yet: it leaves with its composite (R10).
  return (entry.type === "task-succeeded" || entry.type === "task-failed") && !isInFrame(entry.task);
}

/** The same within a frame: its beginning, and what its own tasks end with. */
export function isFrameCheckpoint(entry: Pick<LogEntry, "type"> & { readonly task?: TaskId }): boolean {
  if (entry.type === "frame-started" || entry.type === "frame-updated") return true;
  const isEnd = entry.type === "task-succeeded" || entry.type === "task-failed";
  return isEnd && entry.task !== undefined && isInFrame(entry.task);
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
  /** Number in the thread of the last step that the commit shows, as LangGraph counts (-1 first); null where it shows none. */
  readonly step: number | null;
  /** How many steps it shows; null in rows written before steps were levels: a step of those showed everything. */
  readonly shows: number | null;
  readonly entry: LogEntry;
}

/** A piece of what a task streamed while it ran: consecutive frame ids from `first` on, so many for each of its pieces. */
export interface Chunk {
  readonly first: number;
  /** 1 in rows that were written before a piece had more than one frame. */
  readonly each: number;
  readonly task: TaskId;
  readonly node: number;
  readonly kind: "say" | "emit";
  /** For "say": the id of the message the text belongs to. */
  readonly messageId: string;
  readonly data: readonly Json[];
}

/** Frame ids of one streamed piece: there are so many modes that may show it, each with a frame of its own. */
export const PIECE_IDS = 4;

/** The chunk's last frame id. */
export function lastOfChunk({ first, each, data }: Pick<Chunk, "first" | "each" | "data">): number {
  return first + data.length * each - 1;
}
