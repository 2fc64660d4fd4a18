import type { ErrorRecord } from "../base/errors.ts";
import type { Json } from "../base/json.ts";

/**
 * A task's name: its place (R5), the same in every schedule. Root frame: `level.node.ordinal`;
 * inside a composite's frame: `<task of the composite>/level.node.ordinal` (R10).
 */
export type TaskId = string;

export interface Write {
  readonly channel: string;
  readonly value: Json;
}

/** An activation with a payload of its own; sends never merge (R1). */
export interface Send {
  readonly to: number;
  readonly payload: Json;
}

/** What a task leaves behind. `takes` are the targets of the edges it takes, in document order. */
export interface Outcome {
  readonly writes: readonly Write[];
  readonly takes: readonly number[];
  readonly sends: readonly Send[];
}

/** A task's window on the state (R4): fixed when it was made ready. */
export interface View {
  /**
   * The fold of what the task sees; undefined while the channel is absent.
   * @throws EdgewiseError `conflicting_write` naming both writers (R6), `unknown_channel`.
   */
  read(channel: string): Json | undefined;
}

export interface Task {
  readonly id: TaskId;
  readonly node: number;
  readonly level: number;
  readonly ordinal: number;
  /** Present iff a send activated it. */
  readonly payload?: Json;
  readonly view: View;
}

/** Everything that can happen to a run. The log is a list of these; replaying it rebuilds the run. */
export type EngineEvent =
  /** First event of a run (R7). */
  | { readonly type: "started"; readonly outcome: Outcome }
  | { readonly type: "task-succeeded"; readonly task: TaskId; readonly outcome: Outcome }
  /** Without an outcome the task stays in flight, failed (R9); with one it took its error edge. */
  | { readonly type: "task-failed"; readonly task: TaskId; readonly error: ErrorRecord; readonly outcome?: Outcome }
  /** R8: in flight without a slot. */
  | { readonly type: "task-waiting"; readonly task: TaskId }
  /** R8, and a redrive of a failed task (R9): ready again; its view is refreshed by outside writes and its level raised above them. */
  | { readonly type: "task-resumed"; readonly task: TaskId }
  /** R7: a write from outside; `takes`/`sends` are those of the node it is written as, if any. */
  | { readonly type: "state-updated"; readonly outcome: Outcome; readonly as?: number }
  /** Nothing starts any more; what is in flight is dropped. */
  | { readonly type: "cancelled" };

export type Rest =
  /** A task is running or ready to. */
  | { readonly kind: "running" }
  /** Nothing in flight, nothing pending. */
  | { readonly kind: "done" }
  /** Only waiting and failed tasks are left in flight; at least one of both lists is not empty. */
  | { readonly kind: "paused"; readonly waiting: readonly TaskId[]; readonly failed: readonly TaskId[] }
  | { readonly kind: "cancelled" };

/** What one event made of a run. */
export interface Step {
  /** Made ready by this event, together (R2), in canonical order; includes those that must wait for a slot. */
  readonly ready: readonly Task[];
  /** To be started now (first start or resumed), within the concurrency limit. */
  readonly start: readonly Task[];
  /** Made ready (or resumed) beyond the step limit and failed at once (R9); these are not in `ready`, and stay in flight as failed. */
  readonly failed: readonly { readonly task: Task; readonly error: ErrorRecord }[];
  readonly rest: Rest;
}

export interface EngineOptions {
  /** Highest level a task may have is `steps` - 1. */
  readonly steps: number;
  /** Tasks running at once; waiting and composite ones hold no slot. */
  readonly concurrency: number;
  /** What messages call a node (R6 names writers and reader); without it, `#` and its position. */
  readonly nodeName?: (node: number) => string;
}

/** One run of a graph. Deterministic: no clock, no randomness, no I/O. */
export interface Engine {
  /** @throws TypeError when the event does not fit the run (an unknown task, a second outcome): a bug of the caller. */
  apply(event: EngineEvent): Step;
  /** The task with this id while it is in flight. */
  task(id: TaskId): Task | undefined;
  inFlight(): readonly { readonly task: Task; readonly state: "ready" | "running" | "waiting" | "failed" }[];
  pending(): readonly { readonly node: number; readonly count: number }[];
  /** The fold of everything committed so far, in canonical order (R5); O(1) when the channel did not change since the last call. Conflicts throw as in a view. */
  readonly state: View;
  /** Why a pending node does not run: the nearest thing in flight or pending that reaches it, and one path. */
  explain(node: number): { readonly waitsFor: number; readonly path: readonly number[] } | undefined;
}
