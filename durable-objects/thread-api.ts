import type { ErrorRecord, Reply } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";

/** The Thread object's RPC surface, as `src/api` sees it. Every call names the tenant; an object refuses another's. */

export type ThreadStatus = "idle" | "busy" | "interrupted" | "error";
export type RunStatus = "pending" | "running" | "error" | "success" | "timeout" | "interrupted";
export type StreamMode = "values" | "updates" | "messages-tuple" | "custom" | "tasks";

export interface Address {
  readonly tenant: string;
  readonly threadId: string;
}

/** A graph version, whole: the object keeps it, so that the run stays on it whatever is published later. */
export interface GraphVersion {
  readonly graphId: string;
  readonly version: number;
  /** The plan's hash: equal for equal documents (src/graph/identity.ts). */
  readonly hash: string;
  /** The document as JSON, its nodes and channels in their order. */
  readonly document: string;
}

export interface ThreadView {
  readonly thread_id: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly metadata: JsonObject;
  readonly status: ThreadStatus;
  readonly config: JsonObject;
  readonly values: JsonObject | null;
  readonly interrupts: JsonObject;
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
  readonly multitask_strategy: "reject";
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
  /** The request's stream modes, kept in the run's kwargs. */
  readonly streamMode: readonly StreamMode[];
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

export interface UpdateState extends Address {
  /** Channel values, as one writes them. */
  readonly values: readonly (readonly [channel: string, value: Json])[];
  /** A node: the write is its outcome if it waits or has failed, and its edges are taken. */
  readonly asNode?: string;
  /** Fork from there; absent: the thread's newest. */
  readonly checkpointId?: string;
  /** For a thread that has never run. */
  readonly graph?: GraphVersion;
  readonly assistantId?: string;
  readonly metadata?: JsonObject;
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
  /** Only frames with a greater id; -1 = all of them. */
  readonly after: number;
  /** Cancel the run when this follower goes away. */
  readonly cancelOnDisconnect: boolean;
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

export interface ThreadApi {
  createThread(
    command: Address & { readonly metadata: JsonObject; readonly ifExists: "raise" | "do_nothing" },
  ): Promise<Reply<ThreadView>>;
  getThread(address: Address): Promise<Reply<ThreadView>>;
  patchThread(command: Address & { readonly metadata: JsonObject }): Promise<Reply<ThreadView>>;
  /** 409 `thread_busy` while a run is live. */
  deleteThread(address: Address): Promise<Reply<null>>;
  /** Answers after the run is durable (G1). `thread_busy` (422 on LangGraph paths) while another run is live. */
  startRun(command: StartRun): Promise<Reply<RunView>>;
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
  /** Answers after the cancel is durable: nothing starts any more, provider sockets are being closed (G10). Idempotent. */
  cancelRun(command: Address & { readonly runId: string }): Promise<Reply<RunView>>;
  getState(query: StateQuery): Promise<Reply<ThreadState>>;
  getHistory(query: HistoryQuery): Promise<Reply<readonly ThreadState[]>>;
  /** {@link getState} as JSON: a long conversation is a text sooner than it is copied message by message. */
  getStateJson(query: StateQuery & Selection): Promise<Reply<string>>;
  /** {@link getHistory} as JSON; what asks for neither values, tasks nor what is next is read off the rows, and nothing is played. */
  getHistoryJson(query: HistoryQuery & Selection): Promise<Reply<string>>;
  /** The sweep's hand: restores, and goes on with what should have moved. False: the run is not live, its row may go. */
  touch(query: Address & { readonly runId: string }): Promise<boolean>;
}
