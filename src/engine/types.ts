import type { ErrorRecord } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Structure } from "../graph/structure.ts";
import type { Topology } from "../graph/topology.ts";

/**
 * A task's name: its place (R5), the same in every schedule. Root frame: `level.node.ordinal`;
 * inside a composite's frame: `<task of the composite>/level.node.ordinal`, of many frames `<task>[3]/level.node.ordinal` (R10).
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
  /** Its position in the graph of its frame. */
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
  /** R7: a write from outside; `takes`/`sends` are those of the node it is written as, if any, or of `anywhere`. */
  | { readonly type: "state-updated"; readonly outcome: Outcome; readonly as?: number | "anywhere" }
  /** R7, R10: the same to an open frame: nobody's edges are taken. */
  | { readonly type: "frame-updated"; readonly task: TaskId; readonly frame: number; readonly outcome: Outcome }
  /** A run at rest is to go on, maybe with another step limit (R9). What failed or waits is resumed by events of its own. */
  | { readonly type: "continued"; readonly steps?: number }
  /**
   * R10: a running composite opens; it holds no slot any more, and asks for its frames in order. The caller has read what
   * they share: a conflict there is the task's failure (R6).
   */
  | ({ readonly type: "frames-announced"; readonly task: TaskId } & Announcement)
  /** R10, R7: a frame that was asked for begins; the outcome is that of the inner graph's start. */
  | { readonly type: "frame-started"; readonly task: TaskId; readonly frame: number; readonly outcome: Outcome }
  /**
   * R10: a composite that is due goes on with one frame more. `holds`: from now on a frame in which only failed tasks are
   * left holds the composite, even if it was announced as tolerant, and all that is around it, even where that bears failures.
   */
  | { readonly type: "frames-extended"; readonly task: TaskId; readonly holds?: true }
  /** R10: a frame that was asked for cannot begin; it is over. */
  | { readonly type: "frame-failed"; readonly task: TaskId; readonly frame: number }
  /** Nothing starts any more; what is in flight is dropped. */
  | { readonly type: "cancelled" };

/** How a composite opens. */
export interface Announcement {
  readonly frames: number;
  /** Frames open at once. */
  readonly concurrency: number;
  /** A frame in which nothing is left but failed tasks is over; otherwise it holds the composite (R9). */
  readonly tolerant: boolean;
  /** When so many frames are done without a failure its outcome is due, and drops the others (R11). */
  readonly winners?: number;
}

export type Rest =
  /** A task is running or ready to, or the caller owes a frame or an outcome to a composite. */
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
  /** R10: what became of frames; only where an event had to do with one. */
  readonly frames?: FrameStep;
  readonly rest: Rest;
}

export interface FrameStep {
  /** To be begun by `frame-started`, or given up by `frame-failed`. */
  readonly begin: readonly FrameRequest[];
  /** Frames that are over; the engine has forgotten them. */
  readonly left: readonly LeftFrame[];
  /** Open composites whose frames are all over, or won: their outcome is to come, as of a running task. */
  readonly due: readonly Task[];
}

export interface FrameRequest {
  readonly composite: Task;
  readonly frame: number;
}

export interface LeftFrame extends FrameRequest {
  /** Everything committed in it. */
  readonly state: View;
  /** What was written to a shared channel, in canonical order (R5). @throws as reading it does. */
  readonly writesTo: (channel: string) => readonly Json[];
  /** The tasks in which it failed; empty when it is done. */
  readonly failed: readonly TaskId[];
}

/** The graph that a composite's frames run. */
export interface Interior {
  readonly structure: Structure;
  readonly topology: Topology;
  readonly nodeName?: (node: number) => string;
  /** As {@link EngineOptions.steps}, within a frame. */
  readonly steps: number;
  /** Each activation may have several frames: their tasks carry the frame's number. */
  readonly many: boolean;
  /** Channels that begin with what the composite's task sees. */
  readonly shares: readonly string[];
  /** Each frame begins with every channel as the one before it left it. */
  readonly carries?: boolean;
  readonly interiors?: Interiors;
}

/** By the composite's node. */
export type Interiors = ReadonlyMap<number, Interior>;

export interface EngineOptions {
  /** Highest level a task may have is `steps` - 1. */
  readonly steps: number;
  /** Tasks running at once; waiting and composite ones hold no slot. */
  readonly concurrency: number;
  /** What messages call a node (R6 names writers and reader); without it, `#` and its position. */
  readonly nodeName?: (node: number) => string;
  readonly interiors?: Interiors;
  /** {@link Engine.stateUpTo} will be asked: what was overwritten is kept as long as it may be asked for. */
  readonly keepsParts?: boolean;
}

export type FlightState = "ready" | "running" | "waiting" | "failed" | "open";

/** One run of a graph, composites aside. Deterministic: no clock, no randomness, no I/O. */
export interface FlatEngine {
  /** @throws TypeError when the event does not fit the run (an unknown task, a second outcome): a bug of the caller. */
  apply(event: EngineEvent): Step;
  /** The task with this id while it is in flight. */
  task(id: TaskId): Task | undefined;
  /** Of the run itself, in canonical order; those of frames are {@link inFrames}. */
  inFlight(): readonly { readonly task: Task; readonly state: FlightState }[];
  pending(): readonly { readonly node: number; readonly count: number }[];
  /** The fold of everything committed so far, in canonical order (R5); O(1) when the channel did not change since the last call. Conflicts throw as in a view. */
  readonly state: View;
  /** Why a pending node does not run: the nearest thing in flight or pending that reaches it, and one path. */
  explain(node: number): { readonly waitsFor: number; readonly path: readonly number[] } | undefined;
}

/** R10: a frame that is open, for reading: it answers as things stand when it is asked. */
export interface OpenFrame {
  readonly frame: number;
  /** The fold of everything committed in it so far. */
  readonly state: View;
  /** Its own tasks, in canonical order; not those of frames within. */
  inFlight(): readonly { readonly task: Task; readonly state: FlightState }[];
  /** By node. */
  pending(): readonly { readonly node: number; readonly count: number }[];
}

/** One run of a graph, with the frames of its composites (R10). */
export interface Engine extends FlatEngine {
  readonly rest: Rest;
  /** The lowest level of a task of the run itself that is in flight: nothing of it gets a lower one any more. Infinity: none is. */
  readonly lowestLevel: number;
  /** The highest level of what the run itself has committed, from outside too; -1 before that. */
  readonly committedLevel: number;
  /**
   * The fold of what was committed up to a level, a prefix of the canonical order (R5): of one that is not below the last
   * that was complete before the last event. @throws TypeError without {@link EngineOptions.keepsParts}; when read, as {@link state} does
   */
  stateUpTo(level: number): View;
  /** Whether the task is in a frame whose composite bears failures, or in one within: then its failure does not hold the run. */
  isBorne(task: TaskId): boolean;
  /** Of the run's own pending activations those that are sends, by node and in the order that they will run in (R5). */
  pendingSends(): readonly Send[];
  /** What is in flight in all open frames. */
  inFrames(): readonly { readonly task: Task; readonly state: FlightState }[];
  /** The open frames of a composite, by number; none where the task is no open composite. */
  framesOf(task: TaskId): readonly OpenFrame[];
  /** What the caller owes to composites: all that `begin` and `due` asked for and that has not come. */
  owed(): Omit<FrameStep, "left">;
}
