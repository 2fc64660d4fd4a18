import { failure } from "../../src/base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import type { Task } from "../../src/engine/types.ts";
import type { ThreadCore } from "../core.ts";
import type { Commit } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import type { LiveRun } from "../run/live-run.ts";
import { Playback, type Values } from "../run/playback.ts";
import type { HistoryQuery, ThreadState } from "../thread-api.ts";
import { checkpointId, checkpointSeq, taskUuid } from "./identity.ts";

/** Looking back is playing the log again, from the nearest snapshot up to the position asked for. */

/** Every channel's value when the run began. */
export function valuesBefore(core: ThreadCore, run: RunRow): Values {
  const snapshot = core.store.snapshot(run.firstSeq - 1);
  let values: Values = new Map(Object.entries(snapshot?.values ?? {}));
  for (const earlier of core.store.runsAfter(snapshot?.seq ?? 0, run.firstSeq)) {
    values = playWhole(core, earlier, values).threadValues();
  }
  return values;
}

/** What the run was given, by channel. */
export function inputOf(core: ThreadCore, run: RunRow): JsonObject {
  const [first] = core.store.commits(run.firstSeq, run.firstSeq);
  const writes = first?.entry.type === "run-started" ? first.entry.outcome.writes : [];
  return Object.fromEntries(writes.map((write) => [write.channel, write.value]));
}

/** The channels a finished run shows as its result. */
export function resultOf(core: ThreadCore, run: RunRow): JsonObject {
  if (run.lastSeq === core.lastCommit.seq) return pick(core.values, core.plan(run.graphHash).output);
  const played = playWhole(core, run, valuesBefore(core, run));
  return played.values(played.plan.output);
}

/** The thread's state at its newest checkpoint, or at the one named. @throws EdgewiseError `not_found`. */
export function stateOf(core: ThreadCore, threadId: string, id?: string): ThreadState {
  const seq = id === undefined ? undefined : seqOf(core, threadId, id);
  const [newest] = core.store.checkpoints(seq === undefined ? core.lastCommit.seq + 1 : seq + 1, 1);
  if (!newest) return { ...NEVER_RUN };
  if (core.live && newest.seq === newestSeq(core)) return liveState(core, threadId, core.live, newest.seq);
  return statesAt(core, threadId, [newest.seq])[0] ?? { ...NEVER_RUN };
}

/** Newest first. Metadata is matched by containment. */
export function historyOf(core: ThreadCore, query: HistoryQuery): ThreadState[] {
  const { threadId, limit, metadata } = query;
  const before = query.before === undefined ? core.lastCommit.seq + 1 : seqOf(core, threadId, query.before);
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
  return statesAt(core, threadId, wanted.reverse()).reverse();
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
type Position = Pick<Commit, "seq" | "at">;

/** The states after these commits, given in ascending order: one pass over the log, from the first's run to the last. */
function statesAt(core: ThreadCore, threadId: string, seqs: readonly number[]): ThreadState[] {
  const [first, last] = [seqs[0], seqs.at(-1)];
  const firstRun = first === undefined ? undefined : core.store.runAt(first);
  if (first === undefined || last === undefined || !firstRun) return [];
  const wanted = new Set(seqs);
  const states: ThreadState[] = [];
  let values = valuesBefore(core, firstRun);
  let parent = previous(core, firstRun.firstSeq);
  for (const run of core.store.runsAfter(firstRun.firstSeq - 1, last + 1)) {
    const playback = new Playback(core.plan(run.graphHash), run, values);
    for (const commit of core.store.commits(run.firstSeq, run.lastSeq ?? core.lastCommit.seq)) {
      playback.apply(commit.entry);
      if (commit.step === null) continue;
      if (wanted.has(commit.seq)) states.push(stateAt(threadId, run, playback, commit, parent));
      parent = commit;
    }
    values = playback.threadValues();
  }
  return states;
}

/** Of a run that goes on the newest state is at hand: who asks often must not have a long run played each time. */
function liveState(core: ThreadCore, threadId: string, { row, playback }: LiveRun, seq: number): ThreadState {
  const [commit] = core.store.commits(seq, seq);
  if (!commit) return { ...NEVER_RUN };
  return stateAt(threadId, row, playback, commit, previous(core, seq));
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
    metadata: metadataOf(threadId, run, commit),
    created_at: new Date(commit.at).toISOString(),
    checkpoint: checkpointView(threadId, commit),
    parent_checkpoint: parent ? checkpointView(threadId, parent) : null,
    interrupts: [],
  };
}

function taskView(run: RunRow, playback: Playback, task: Task): Json {
  const name = nameOf(playback, task.node);
  const failed = run.error?.node === name ? run.error.message : null;
  return {
    id: taskUuid(run.runId, task.id),
    name,
    path: ["__pregel_pull", name],
    error: failed,
    interrupts: [],
    checkpoint: null,
    state: null,
    result: null,
  };
}

function metadataOf(threadId: string, run: RunRow, commit: Commit): JsonObject {
  return {
    ...run.metadata,
    source: commit.entry.type === "run-started" ? "input" : "loop",
    step: commit.step,
    parents: {},
    run_id: run.runId,
    thread_id: threadId,
    graph_id: run.graphId,
    assistant_id: run.assistantId,
  };
}

function checkpointView(threadId: string, commit: Position): JsonObject {
  return {
    thread_id: threadId,
    checkpoint_id: checkpointId(threadId, commit),
    checkpoint_ns: "",
    checkpoint_map: null,
  };
}

/** @throws EdgewiseError `not_found`: an id of another form, another thread's, or of no checkpoint. */
function seqOf(core: ThreadCore, threadId: string, id: string): number {
  const seq = checkpointSeq(id);
  const [found] = seq === undefined ? [] : core.store.checkpoints(seq + 1, 1);
  if (!found || found.seq !== seq || checkpointId(threadId, found) !== id.toLowerCase()) {
    throw failure("not_found", `Checkpoint ${id} not found`);
  }
  return found.seq;
}

/** The checkpoint before a commit. */
function previous(core: ThreadCore, seq: number): Position | undefined {
  return core.store.checkpoints(seq, 1)[0];
}

function playWhole(core: ThreadCore, run: RunRow, base: Values): Playback {
  const playback = new Playback(core.plan(run.graphHash), run, base);
  for (const commit of core.store.commits(run.firstSeq, run.lastSeq ?? core.lastCommit.seq))
    playback.apply(commit.entry);
  return playback;
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
