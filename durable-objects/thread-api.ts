import type { ErrorRecord, Reply } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import type { CommitsApi } from "./commits-api.ts";
import type {
  Address,
  CopyPage,
  CopyQuery,
  CopyThread,
  CreateThread,
  GraphVersion,
  PatchThread,
  ThreadView,
  UpdateState,
} from "./thread-resource.ts";

/** The Thread object's RPC surface, as `src/api` sees it. Every call names the tenant; an object refuses another's. */

export type {
  Address,
  CopyPage,
  CopyQuery,
  CopyThread,
  CreateThread,
  GraphVersion,
  PatchThread,
  Superstep,
  ThreadStatus,
  ThreadView,
  TimeToLive,
  UpdateState,
} from "./thread-resource.ts";

export type RunStatus = "pending" | "running" | "error" | "success" | "timeout" | "interrupted";
export const STREAM_MODES = [
  "values",
  "updates",
  "messages",
  "messages-tuple",
  "custom",
  "tasks",
  "checkpoints",
  "debug",
  "events",
  "tools",
] as const;
export type StreamMode = (typeof STREAM_MODES)[number];

/** As LangGraph's clients know it: a run that asks has done its part, and its *thread* is interrupted (langgraph-protocol, section 2). */
export function shownStatus({ status, error }: Pick<RunView, "status" | "error">): RunStatus {
  return status === "interrupted" && error === null ? "success" : status;
}

export interface RunView {
  readonly run_id: string;
  readonly thread_id: string;
  readonly assistant_id: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly status: RunStatus;
  readonly metadata: JsonObject;
  readonly kwargs: JsonObject;
  readonly multitask_strategy: MultitaskStrategy;
  /** Ours: the version it is pinned to, what it used, and, when it failed, why. */
  readonly graph: { readonly graph_id: string; readonly version: number; readonly hash: string };
  readonly usage: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly unit: string;
    readonly cost_usd: number | null;
  };
  readonly error: ErrorRecord | null;
}

/** What a new run does on a thread that has one already, running or waiting for its turn. */
export type MultitaskStrategy = "reject" | "enqueue" | "interrupt" | "rollback";
/** How a run is cancelled: with what it has done kept, or taken out of the thread. */
export type CancelAction = "interrupt" | "rollback";
/** Nodes by name; all of them. */
export type BreakpointNodes = readonly string[] | "*";

/** Where a run's kwargs keep {@link StartRun.requestHash}. */
export const REQUEST_HASH = "request_hash";

export interface StartRun extends Address {
  readonly runId: string;
  readonly assistantId: string;
  readonly graph: GraphVersion;
  readonly input: Json;
  readonly config: JsonObject;
  readonly context: JsonObject;
  readonly metadata: JsonObject;
  /** What its assistant says, under all of that (see `run/configured.ts`). */
  readonly defaults?: { readonly config: JsonObject; readonly context: JsonObject; readonly metadata: JsonObject };
  /** The request's stream modes, kept in the run's kwargs. */
  readonly streamMode: readonly StreamMode[];
  /** What goes on in frames is streamed too; kept in the run's kwargs. */
  readonly streamSubgraphs?: boolean;
  /** Only when the run id was made from an `Idempotency-Key`: the hash of what was asked for. */
  readonly requestHash?: string;
  /** Make the thread if there is none; otherwise a missing one is `not_found`. */
  readonly ifNotExists: "create" | "reject";
  /**
   * Where it begins: with an input, on the state at that checkpoint; without one it goes on from there, as a fork. Absent:
   * at the thread's newest.
   */
  readonly checkpointId?: string;
  /** Goes on with what is at rest instead of starting with an input; `{}` (and `input: null` alone) only resumes what failed or was stopped. */
  readonly command?: RunCommand;
  /** What the whole run may use, runs that it goes on from included; over the graph's own limits. */
  readonly budget?: Budget;
  /** Absent: `reject`. */
  readonly multitask?: MultitaskStrategy;
  /** It begins no sooner, and is `pending` until then. */
  readonly afterMs?: number;
  /** Nodes before which, or after which, the run stops and is at rest; over what the graph itself declares. */
  readonly interruptBefore?: BreakpointNodes;
  readonly interruptAfter?: BreakpointNodes;
  /** The thread is for this run alone: it is erased some minutes after the run is over (see `stateless.ts`). */
  readonly onCompletion?: "delete";
  /** Told of the run's end; kept in its kwargs. */
  readonly webhook?: string;
}

export interface CancelRun extends Address {
  readonly runId: string;
  /** Absent: `interrupt`. */
  readonly action?: CancelAction;
  readonly reason?: string;
}

/** Which runs were meant, and which of those named there are not. */
export interface CancelledRuns {
  readonly cancelled: readonly string[];
  readonly missing: readonly string[];
}

export interface CancelRuns extends Address {
  /** Absent: all that the thread has. */
  readonly runIds?: readonly string[];
  /** Only those that wait for their turn, or only the one that runs. */
  readonly status?: "pending" | "running";
  readonly action: CancelAction;
}

/** LangGraph's command. */
export interface RunCommand {
  /** An answer: to the one question that is open, or to several by their ids. */
  readonly resume?: { readonly value: Json } | { readonly byId: JsonObject };
  /** Written to the state before anything goes on. */
  readonly update?: readonly (readonly [channel: string, value: Json])[];
  /** Nodes that are activated besides. */
  readonly goto?: readonly { readonly node: string; readonly input?: Json }[];
  /** Who answers. */
  readonly by?: string;
}

/** Limits that a run, or the run that goes on from it, may set; absent ones are the graph's. */
export interface Budget {
  readonly tokens?: number;
  readonly costUsd?: number;
  /** Milliseconds from the start of a run to its end, waits included; a run that goes on has its time anew. */
  readonly timeMs?: number;
}

/** A question that is open. */
export interface InterruptView {
  readonly id: string;
  readonly value: Json;
  readonly kind: "gate" | "breakpoint" | "outcome_unknown";
  /** In a frame with the nodes around it: `each/approve`. */
  readonly node: string;
  readonly task: string;
  readonly run_id: string;
  readonly since: string;
  /** When it goes on by itself. */
  readonly until: string | null;
  readonly schema: JsonObject | null;
  readonly from: readonly string[] | null;
  readonly answers: readonly { readonly by: string | null; readonly value: Json }[];
}

export interface AnswerInterrupt extends Address {
  readonly interruptId: string;
  readonly value: Json;
  readonly by: string | null;
  /** Of the run that goes on, where the one that asked is at rest. */
  readonly runId: string;
  readonly budget?: Budget;
}

export interface SignalRun extends Address {
  readonly runId: string;
  /** A UUID: the same one, the same signal. */
  readonly id: string;
  readonly name: string;
  readonly key: string | null;
  readonly payload: Json;
}

export interface WaitView {
  readonly task: string;
  /** In a frame with the nodes around it: `each/approve`. */
  readonly node: string;
  readonly until: string | null;
  readonly signal: { readonly name: string; readonly key: string | null } | null;
}

export interface FollowRun extends Address {
  readonly runId: string;
  readonly modes: readonly StreamMode[];
  /** What goes on in frames too. Absent: as the run was started. */
  readonly subgraphs?: boolean;
  /** Only what is in frames whose names begin so, `metadata` and `error` besides; "" is the run itself. */
  readonly namespaces?: readonly string[];
  /** Only frames with a greater id; -1 = all of them. One that the run has not handed out is `invalid_request`. */
  readonly after: number;
  /** Cancel the run when this follower goes away. */
  readonly cancelOnDisconnect: boolean;
}

/** What is shown of a thread: its runs' own streams, that they begin and end, what is written from outside. */
export type ThreadStreamMode = "run_modes" | "lifecycle" | "state_update";

export interface FollowThread extends Address {
  readonly modes: readonly ThreadStreamMode[];
  /** An id of this stream, in decimal digits: only what comes after it. "-1": everything. Absent: from the run that is live, or the next, on. */
  readonly after?: string;
}

/** A run's end: the result's channels, or why there is none. */
export interface RunResult {
  readonly run: RunView;
  readonly values: JsonObject;
  /** What it asks, if it is the thread's newest and waits for answers: `{id, value}` of each question. */
  readonly interrupts: readonly Json[];
}

export interface StateQuery extends Address {
  readonly checkpointId?: string;
  /** Of a frame, by its name (`checkpoint_ns`); the thread's own if left out. */
  readonly namespace?: string;
  /** Tasks that are composites with one frame have that frame's state. */
  readonly subgraphs?: boolean;
}

export interface HistoryQuery extends Address {
  /** As {@link StateQuery.namespace}. */
  readonly namespace?: string;
  readonly limit: number;
  /** A checkpoint id: only older ones. */
  readonly before?: string;
  readonly metadata?: JsonObject;
}

/** Members of a state that are asked for, `values.<channel>` among them; all if left out. */
export interface Selection {
  readonly select?: readonly string[];
}

export interface ThreadState {
  readonly values: JsonObject;
  readonly next: readonly string[];
  readonly tasks: readonly Json[];
  readonly metadata: JsonObject | null;
  readonly created_at: string | null;
  readonly checkpoint: JsonObject | null;
  readonly parent_checkpoint: JsonObject | null;
  readonly interrupts: readonly Json[];
}

/** Where a run's time went, as its log tells it. Times are RFC 3339 texts, durations milliseconds. */
export interface RunProfile {
  readonly run_id: string;
  readonly thread_id: string;
  readonly status: RunStatus;
  readonly graph: RunView["graph"];
  readonly started_at: string;
  /** Of the last commit: the run's end, or how far it has come. */
  readonly last_commit_at: string;
  readonly duration_ms: number;
  /** In the order in which they were made ready. */
  readonly tasks: readonly TaskProfile[];
  /** Tasks beyond those listed. */
  readonly omitted_tasks: number;
  readonly critical_path: readonly PathStep[];
  /** Steps of the path before those listed. */
  readonly omitted_steps: number;
  /** The node that most of the critical path's time went to. */
  readonly bottleneck: { readonly node: string; readonly ms: number; readonly share: number } | null;
  /** Tasks performed at once: what waits, and what only has frames, is not counted. */
  readonly concurrency: { readonly max: number; readonly mean: number };
}

export interface TaskProfile {
  readonly task: string;
  /** Inside a frame with the nodes around it: `summaries/draft`. */
  readonly node: string;
  readonly status: "succeeded" | "failed" | "open";
  readonly ready_at: string;
  /** Later than `ready_at` where it waited for a slot. */
  readonly started_at: string | null;
  readonly ended_at: string | null;
  /** From its start to its end, retries and their delays included. */
  readonly duration_ms: number | null;
  readonly attempts: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly unit: string;
  readonly cost_usd: number | null;
}

/** A piece of the critical path: from the commit that let it begin to the commit that ended it. */
export interface PathStep {
  /** Null for what came from outside, such as an answer that was waited for. */
  readonly task: string | null;
  readonly node: string | null;
  readonly from: string;
  readonly to: string;
  readonly ms: number;
  /** Of the path's whole time, 0 to 1. */
  readonly share: number;
}

export interface ThreadApi extends CommitsApi {
  /** This, and whatever writes to the thread from outside, answers when the index knows of it, or after a second. */
  createThread(command: CreateThread): Promise<Reply<ThreadView>>;
  getThread(address: Address): Promise<Reply<ThreadView>>;
  patchThread(command: PatchThread): Promise<Reply<ThreadView>>;
  /** Cancels what runs. */
  deleteThread(address: Address): Promise<Reply<null>>;
  /** Erases the thread if its time to live is over. True: there is none, its line may go. */
  expireThread(address: Address): Promise<boolean>;
  /** Whole or not at all; `thread_busy` while the other one runs. */
  copyThread(command: CopyThread): Promise<Reply<ThreadView>>;
  /** For the object that copies this one. */
  copyPage(query: CopyQuery): Promise<Reply<CopyPage>>;
  /** Drops the history before the newest checkpoint; false: there was nothing to drop, or a run is live. */
  pruneThread(address: Address): Promise<Reply<boolean>>;
  /** Answers after the run is durable (G1). `thread_busy` (422 on LangGraph paths) while another run is live. */
  startRun(command: StartRun): Promise<Reply<RunView>>;
  /** Refuses what {@link startRun} would, as far as that does not depend on the state; nothing is written. Whether there is such a thread. */
  checkStart(command: StartRun): Promise<Reply<boolean>>;
  /** {@link startRun}, then {@link followRun} from the first frame, in one call. */
  startAndFollow(
    command: StartRun,
    cancelOnDisconnect: boolean,
  ): Promise<Reply<{ readonly run: RunView; readonly frames: ReadableStream<Uint8Array> }>>;
  getRun(query: Address & { readonly runId: string }): Promise<Reply<RunView>>;
  listRuns(
    query: Address & { readonly limit: number; readonly offset: number; readonly status?: RunStatus },
  ): Promise<Reply<readonly RunView[]>>;
  /** Plays the run's log: of a run that goes on, as far as it has come. */
  profileRun(query: Address & { readonly runId: string }): Promise<Reply<RunProfile>>;
  /** Answers when the run is over, however it ended. */
  joinRun(query: Address & { readonly runId: string }): Promise<Reply<RunResult>>;
  /** Server-sent events as bytes; ends when the run is over and everything was sent. Heartbeats are in it. */
  followRun(query: FollowRun): Promise<Reply<ReadableStream<Uint8Array>>>;
  /** The same of all runs of the thread, one after the other; it ends with the thread. */
  followThread(query: FollowThread): Promise<Reply<ReadableStream<Uint8Array>>>;
  /**
   * Answers after the signal is durable. `delivered`: it has ended a wait; `kept`: it will end one that is to come.
   * `conflict` when the run is over, `idempotency_mismatch` for a known id with other words.
   */
  signalRun(command: SignalRun): Promise<Reply<{ readonly status: "delivered" | "kept" }>>;
  /** What the run waits for, in the order in which it began to. */
  waitsOf(query: Address & { readonly runId: string }): Promise<Reply<readonly WaitView[]>>;
  /** The open questions of the thread's newest run, in the order in which they were asked. */
  interruptsOf(address: Address): Promise<Reply<readonly InterruptView[]>>;
  /**
   * Answers one question; `wait_over` with what is open where it is not. The same answer again is the same reply. The run
   * that goes on by it is a new one where the one that asked is at rest (`interrupted`).
   */
  answerInterrupt(command: AnswerInterrupt): Promise<Reply<{ readonly status: "accepted"; readonly run: RunView }>>;
  /** Nothing new starts; the run is at rest when what runs has ended. Goes on by a run with `input: null`. Idempotent. */
  pauseRun(command: Address & { readonly runId: string }): Promise<Reply<RunView>>;
  /** R7: a write from outside, while no run is live; answers its checkpoint. */
  updateState(command: UpdateState): Promise<Reply<{ readonly checkpoint: JsonObject }>>;
  /** Moves what is at rest to another version of its graph, whole or not at all: `migration_refused` with a pointer. */
  migrate(command: Address & { readonly graph: GraphVersion }): Promise<Reply<{ readonly checkpoint: JsonObject }>>;
  /** Answers after the cancel is durable: nothing starts any more, sockets are being closed (G10). Idempotent. With `rollback` it is {@link deleteRun deleted} besides. */
  cancelRun(command: CancelRun): Promise<Reply<RunView>>;
  /** Several of a thread, at once. */
  cancelRuns(command: CancelRuns): Promise<Reply<CancelledRuns>>;
  /** The run and its checkpoints are gone, what came after it stays. A live one is cancelled first. */
  deleteRun(command: Address & { readonly runId: string }): Promise<Reply<null>>;
  getState(query: StateQuery): Promise<Reply<ThreadState>>;
  getHistory(query: HistoryQuery): Promise<Reply<readonly ThreadState[]>>;
  /** {@link getState} as JSON: a long conversation is a text sooner than it is copied message by message. */
  getStateJson(query: StateQuery & Selection): Promise<Reply<string>>;
  /** {@link getHistory} as JSON; what asks for neither values, tasks nor what is next is read off the rows, and nothing is played. */
  getHistoryJson(query: HistoryQuery & Selection): Promise<Reply<string>>;
  /** The sweep's hand: restores, and goes on with what should have moved. False: the run is not live, its row may go. */
  touch(query: Address & { readonly runId: string }): Promise<boolean>;
}
