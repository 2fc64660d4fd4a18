import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import type { Task } from "../../src/engine/types.ts";
import type { ThreadCore } from "../core.ts";
import type { Commit, LogEntry } from "../log/entry.ts";
import { rootTaskOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { LiveRun } from "../run/live-run.ts";
import { Playback, type Values } from "../run/playback.ts";
import type { HistoryQuery, ThreadState } from "../thread-api.ts";
import { checkpointCommit, checkpointId, taskUuid } from "./identity.ts";

/** Looking back is playing the log again, from the nearest snapshot up to the position asked for. */

/** What the run was given, by channel. */
export function inputOf(core: ThreadCore, run: RunRow): JsonObject {
  const [first] = core.store.commits(run.firstSeq, run.firstSeq);
  const writes = first?.entry.type === "run-started" ? first.entry.outcome.writes : [];
  return Object.fromEntries(writes.map((write) => [write.channel, write.value]));
}

/** The channels a finished run shows as its result. */
export function resultOf(core: ThreadCore, run: RunRow): JsonObject {
  if (run.lastSeq === core.lastCommit.seq) return pick(core.values, core.plan(run.graphHash).output);
  const played = core.past.played(run);
  return played.values(played.plan.output);
}

/** The thread's state at its newest checkpoint, or at the one named. @throws EdgewiseError `not_found`. */
export function stateOf(core: ThreadCore, threadId: string, id?: string): ThreadState {
  const seq = id === undefined ? undefined : checkpointCommit(core.store, threadId, id).seq;
  const [newest] = core.store.checkpoints(seq === undefined ? core.lastCommit.seq + 1 : seq + 1, 1);
  if (!newest) return { ...NEVER_RUN };
  const { head } = core;
  if (head && newest.seq === newestSeq(core)) return headState(core, threadId, head, newest.seq);
  if (newest.seq === core.lastCommit.seq) return lastState(core, threadId, newest.seq);
  return statesAt(core, threadId, [newest.seq])[0] ?? { ...NEVER_RUN };
}

/** Newest first. Metadata is matched by containment. */
export function historyOf(core: ThreadCore, query: HistoryQuery): ThreadState[] {
  return statesAt(core, query.threadId, checkpointsOf(core, query).reverse()).reverse();
}

/** The commits whose states a query asks for, newest first. */
export function checkpointsOf(core: ThreadCore, query: HistoryQuery): number[] {
  const { threadId, limit, metadata } = query;
  const before =
    query.before === undefined ? core.lastCommit.seq + 1 : checkpointCommit(core.store, threadId, query.before).seq;
  const wanted: number[] = [];
  const matching = new Map<number, boolean>();
  const matches = (run: number, seq: number): boolean => {
    const known = matching.get(run) ?? runMatches(core, seq, metadata);
    matching.set(run, known);
    return known;
  };
  for (let from = before; wanted.length < limit; ) {
    const page = core.store.checkpoints(from, Math.max(limit, 100));
    for (const { seq, run } of page) {
      if (wanted.length < limit && matches(run, seq)) wanted.push(seq);
    }
    const last = page.at(-1);
    if (!last || page.length < Math.max(limit, 100)) break;
    from = last.seq;
  }
  return wanted;
}

const NEVER_RUN: ThreadState = {
  values: {},
  next: [],
  tasks: [],
  metadata: null,
  created_at: null,
  checkpoint: null,
  parent_checkpoint: null,
  interrupts: [],
};

/** A commit's place: what a checkpoint's id is made of. */
export type Position = Pick<Commit, "seq" | "at">;

/** The states after these commits, given in ascending order: one pass over the log, from the first's run to the last. */
function statesAt(core: ThreadCore, threadId: string, seqs: readonly number[]): ThreadState[] {
  const [first, last] = [seqs[0], seqs.at(-1)];
  const firstRun = first === undefined ? undefined : core.store.runAt(first);
  if (first === undefined || last === undefined || !firstRun) return [];
  const wanted = new Set(seqs);
  const shown: Shown[] = [];
  let before: { readonly playback: Playback; readonly seq: number; readonly newest: Position | undefined } | undefined;
  for (const run of core.store.runsAfter(firstRun.firstSeq - 1, last + 1)) {
    const playback = before ? after(core, run, before.playback, before.seq) : core.past.begin(run);
    const stands = before?.newest !== undefined && run.from === null ? before.newest : standsOn(core, run);
    const { shown: states, newest } = statesOf(core, { threadId, run, stands }, playback, wanted);
    shown.push(...states);
    before = { playback, seq: run.lastSeq ?? core.lastCommit.seq, newest };
  }
  return shown.map(({ state, asked }) => withInterrupts(state, asked));
}

/** The run before its first commit; where it stands on the end of the one before, that one's playback goes on. */
function after(core: ThreadCore, run: RunRow, played: Playback, seq: number): Playback {
  if (run.from === null) return core.past.begin(run, played.threadValues());
  return run.from.seq === seq && !run.from.anew ? played : core.past.begin(run);
}

/** By the task's UUID. */
type Asked = Map<string, readonly Json[]>;

/** A state, and what was asked before the next one. */
interface Shown {
  readonly state: ThreadState;
  readonly asked: Asked;
}

function statesOf(
  core: ThreadCore,
  { threadId, run, stands }: { readonly threadId: string; readonly run: RunRow; readonly stands: Position | undefined },
  playback: Playback,
  wanted: ReadonlySet<number>,
): { readonly shown: readonly Shown[]; readonly newest: Position | undefined } {
  const shown: Shown[] = [];
  let parent = stands;
  let newest: Shown | undefined;
  for (const commit of core.store.commits(run.firstSeq, run.lastSeq ?? core.lastCommit.seq)) {
    playback.apply(commit.entry);
    if (commit.step === null) {
      if (newest !== undefined) noteQuestion(newest.asked, run, commit.entry);
      continue;
    }
    newest = wanted.has(commit.seq)
      ? { state: stateAt(threadId, run, playback, commit, parent), asked: new Map() }
      : undefined;
    if (newest !== undefined) shown.push(newest);
    parent = commit;
  }
  return { shown, newest: parent };
}

/** The checkpoint before a run's first. */
export function standsOn(core: ThreadCore, run: RunRow): Position | undefined {
  return previous(core, run.from === null ? run.firstSeq : run.from.seq + 1);
}

function noteQuestion(asked: Asked, run: RunRow, entry: LogEntry): void {
  if (entry.type !== "task-waiting" || entry.ask === undefined || entry.ask.kind === "breakpoint") return;
  const { id, value } = entry.ask;
  const uuid = taskUuid(run.lineage, rootTaskOf(entry.task));
  const others = (asked.get(uuid) ?? []).filter((other) => !isJsonObject(other) || other["id"] !== id);
  asked.set(uuid, [...others, { id, value }]);
}

/** The open questions of what can go on, as LangGraph's clients read them: by task. */
export function interruptsOf(head: LiveRun): Asked {
  const asked: Asked = new Map();
  for (const { task, ask } of head.waits.open())
    noteQuestion(asked, head.row, { type: "task-waiting", task, until: null, ask });
  return asked;
}

function withInterrupts(state: ThreadState, asked: Asked): ThreadState {
  if (asked.size === 0) return state;
  const tasks = state.tasks.map((task): Json => {
    if (!isJsonObject(task)) return task;
    return { ...task, interrupts: [...(asked.get(String(task["id"])) ?? [])] };
  });
  return { ...state, tasks, interrupts: [...asked.values()].flat() };
}

/** Of what can go on the newest state is at hand: who asks often must not have a long run played each time. */
function headState(core: ThreadCore, threadId: string, head: LiveRun, seq: number): ThreadState {
  const [commit] = core.store.commits(seq, seq);
  if (!commit) return { ...NEVER_RUN };
  const run = core.store.runAt(seq) ?? head.row;
  const state = stateAt(threadId, run, head.playback, commit, parentOf(core, run, seq));
  return withInterrupts(state, interruptsOf(head));
}

/** Of a run that came to its end nothing is left to be done, and the values it left are at hand as well. */
function lastState(core: ThreadCore, threadId: string, seq: number): ThreadState {
  const [run, [commit]] = [core.store.runAt(seq), core.store.commits(seq, seq)];
  if (run?.status !== "success" || commit === undefined) return statesAt(core, threadId, [seq])[0] ?? { ...NEVER_RUN };
  return {
    ...NEVER_RUN,
    ...summaryOf(threadId, run, { ...commit, source: sourceOf(commit.entry, run) }, parentOf(core, run, seq)),
    values: Object.fromEntries(core.values),
  };
}

/** Of the run's first checkpoint it is that of what the run stands on. */
function parentOf(core: ThreadCore, run: RunRow, seq: number): Position | undefined {
  const before = previous(core, seq);
  if (run.from === null || (before !== undefined && before.seq >= run.firstSeq)) return before;
  return standsOn(core, run);
}

function newestSeq(core: ThreadCore): number | undefined {
  return core.store.checkpoints(core.lastCommit.seq + 1, 1)[0]?.seq;
}

function stateAt(
  threadId: string,
  run: RunRow,
  playback: Playback,
  commit: Commit,
  parent: Position | undefined,
): ThreadState {
  const tasks = playback.engine.inFlight().map(({ task }) => task);
  const pending = playback.engine.pending().map(({ node }) => nameOf(playback, node));
  return {
    values: Object.fromEntries(playback.threadValues()),
    next: [...new Set([...tasks.map((task) => nameOf(playback, task.node)), ...pending])],
    tasks: tasks.map((task) => taskView(run, playback, task)),
    interrupts: [],
    ...summaryOf(threadId, run, { ...commit, source: sourceOf(commit.entry, run) }, parent),
  };
}

/** What is known of a state without playing the log. */
export type Summary = Pick<ThreadState, "metadata" | "created_at" | "checkpoint" | "parent_checkpoint">;

export function summaryOf(
  threadId: string,
  run: RunRow,
  commit: Position & { readonly step: number | null; readonly source: string },
  parent: Position | undefined,
): Summary {
  return {
    metadata: metadataOf(threadId, run, commit),
    created_at: new Date(commit.at).toISOString(),
    checkpoint: checkpointView(threadId, commit),
    parent_checkpoint: parent ? checkpointView(threadId, parent) : null,
  };
}

function taskView(run: RunRow, playback: Playback, task: Task): Json {
  const name = nameOf(playback, task.node);
  const failed = run.error?.node === name ? run.error.message : null;
  return {
    id: taskUuid(run.lineage, task.id),
    name,
    path: ["__pregel_pull", name],
    error: failed,
    interrupts: [],
    checkpoint: null,
    state: null,
    result: null,
  };
}

function metadataOf(
  threadId: string,
  run: RunRow,
  { source, step }: { readonly source: string; readonly step: number | null },
): JsonObject {
  return {
    ...run.metadata,
    source,
    step,
    parents: {},
    run_id: run.runId,
    thread_id: threadId,
    graph_id: run.graphId,
    assistant_id: run.assistantId,
  };
}

export function sourceOf(entry: Pick<LogEntry, "type">, run: RunRow): string {
  if (run.hidden) return run.from !== null && run.lineage === run.runId ? "fork" : "update";
  if (entry.type === "state-updated") return "update";
  return entry.type === "run-started" ? "input" : "loop";
}

export function checkpointView(threadId: string, commit: Position): JsonObject {
  return {
    thread_id: threadId,
    checkpoint_id: checkpointId(threadId, commit),
    checkpoint_ns: "",
    checkpoint_map: null,
  };
}

/** The checkpoint before a commit. */
function previous(core: ThreadCore, seq: number): Position | undefined {
  return core.store.checkpoints(seq, 1)[0];
}

function runMatches(core: ThreadCore, seq: number, wanted: JsonObject | undefined): boolean {
  if (!wanted) return true;
  const run = core.store.runAt(seq);
  return run !== undefined && contains({ ...run.metadata, run_id: run.runId }, wanted);
}

/** Every given key equal, nested objects recursively (langgraph-protocol, section 1). */
function contains(actual: Json | undefined, wanted: Json): boolean {
  if (!isJsonObject(wanted)) return JSON.stringify(actual) === JSON.stringify(wanted);
  return (
    isJsonObject(actual) &&
    Object.entries(wanted).every(([key, value]) => Object.hasOwn(actual, key) && contains(actual[key], value))
  );
}

function nameOf(playback: Playback, node: number): string {
  return playback.plan.nodes[node]?.id ?? "?";
}

function pick(values: Values, names: readonly string[]): JsonObject {
  const picked: Record<string, Json> = {};
  for (const name of names) {
    const value = values.get(name);
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
