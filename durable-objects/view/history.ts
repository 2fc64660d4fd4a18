import type { Json, JsonObject } from "../../src/base/json.ts";
import type { ThreadCore } from "../core.ts";
import type { Commit } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import { checkpointAt } from "../log/standing.ts";
import { Asked as OpenQuestions } from "../run/asked.ts";
import type { LiveRun } from "../run/live-run.ts";
import { Playback, type Values } from "../run/playback.ts";
import type { Open } from "../run/waits.ts";
import type { HistoryQuery, ThreadState } from "../thread-api.ts";
import {
  type Asked,
  matchesRun,
  noteQuestion,
  type Position,
  sourceOf,
  summaryOf,
  withInterrupts,
} from "./checkpoints.ts";
import { segmentsOf } from "./frame-names.ts";
import { FramePositions } from "./frame-positions.ts";
import { loadFrames, standOf, type Stand, taskState } from "./frame-states.ts";
import { checkpointCommit } from "./identity.ts";

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

/** Which state, and whether what composites do inside is told with it. */
export interface StateQuery {
  readonly threadId: string;
  readonly checkpointId?: string;
  readonly subgraphs?: boolean;
}

/** The thread's state at its newest checkpoint, or at the one named. @throws EdgewiseError `not_found`. */
export function stateOf(core: ThreadCore, query: StateQuery): ThreadState {
  const { threadId, checkpointId: id, subgraphs: deep = false } = query;
  const newest = checkpointAt(core.store, core.lastCommit.seq);
  const wanted = id === undefined ? newest : checkpointCommit(core.store, threadId, id);
  if (!wanted) return { ...NEVER_RUN };
  const { head } = core;
  // A fork without a checkpoint of its own stands on another's: whoever names that one means what it was there.
  const isHead = id === undefined || core.store.runAt(wanted.seq)?.lineage === head?.row.lineage;
  if (head && isHead && wanted.seq === newest?.seq) return headState(core, threadId, head, wanted.seq, deep);
  if (wanted.seq === core.lastCommit.seq) return lastState(core, threadId, wanted.seq, deep);
  return statesAt(core, threadId, [wanted.seq], deep)[0] ?? { ...NEVER_RUN };
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

/** The states after these commits, given in ascending order: one pass over the log, from the first's run to the last. */
function statesAt(core: ThreadCore, threadId: string, seqs: readonly number[], deep = false): ThreadState[] {
  const [first, last] = [seqs[0], seqs.at(-1)];
  const firstRun = first === undefined ? undefined : core.store.runAt(first);
  if (first === undefined || last === undefined || !firstRun) return [];
  const wanted = new Set(seqs);
  const shown: Shown[] = [];
  let before: Played | undefined;
  for (const run of core.store.runsAfter(firstRun.firstSeq - 1, last + 1)) {
    const stands = before?.newest !== undefined && run.from === null ? before.newest : standsOn(core, run);
    const begun = begunAs(core, run, before);
    before = statesOf(core, { threadId, run, stands, deep }, begun, wanted, shown);
  }
  if (before?.last !== undefined) askedLater(core, before.run, before.last);
  return shown.map(({ state, asked }) => withInterrupts(state, asked));
}

/** A run as far as it was played. */
interface Played {
  readonly run: RunRow;
  readonly playback: Playback;
  readonly open: OpenQuestions;
  /** Its newest checkpoint, or what it stands on. */
  readonly newest: Position | undefined;
  /** The state there, if it is wanted: what is asked next was asked there. */
  readonly last: Shown | undefined;
}

type Begun = Pick<Played, "playback" | "open" | "last">;

/** The run before its first commit; where it stands on the end of the one before, that one's playback goes on. */
function begunAs(core: ThreadCore, run: RunRow, before: Played | undefined): Begun {
  if (before !== undefined && run.from !== null && !run.from.anew && run.from.seq === endOf(core, before.run))
    return run.lineage === before.run.lineage ? before : { ...before, last: undefined };
  const playback = core.past.begin(run, run.from === null ? before?.playback.threadValues() : undefined);
  const open = new OpenQuestions();
  for (const commit of core.past.commits(core.past.before(run))) open.apply(commit);
  return { playback, open, last: undefined };
}

function endOf(core: ThreadCore, run: RunRow): number {
  return run.lastSeq ?? core.lastCommit.seq;
}

/** Whoever goes on without a checkpoint of its own has asked for the one before. */
function askedLater(core: ThreadCore, from: RunRow, { asked }: Shown): void {
  for (let run = core.past.next(from); run !== undefined; run = core.past.next(run))
    for (const { step, entry } of core.store.commits(run.firstSeq, endOf(core, run))) {
      if (step !== null) return;
      noteQuestion(asked, run, entry);
    }
}

/** A state, and what was asked before the next one. */
interface Shown {
  readonly state: ThreadState;
  readonly asked: Asked;
}

interface Stretch {
  readonly threadId: string;
  readonly run: RunRow;
  readonly stands: Position | undefined;
  readonly deep: boolean;
}

function statesOf(
  core: ThreadCore,
  { threadId, run, stands, deep }: Stretch,
  { playback, open, last }: Begun,
  wanted: ReadonlySet<number>,
  shown: Shown[],
): Played {
  const positions = new FramePositions(core, threadId, run, deep ? segmentsOf(core, run) : []);
  let parent = stands;
  let newest = last;
  for (const commit of core.store.commits(run.firstSeq, endOf(core, run))) {
    playback.apply(commit.entry);
    open.apply(commit);
    if (commit.step === null) {
      if (newest !== undefined) noteQuestion(newest.asked, run, commit.entry);
      continue;
    }
    const stand = {
      core,
      threadId,
      run,
      playback,
      positions,
      seq: commit.seq,
      errorOf: () => null,
      questions: [],
      deep,
    };
    newest = wanted.has(commit.seq)
      ? { state: stateAt(stand, { run, commit, parent }), asked: askedOf(run, open.open()) }
      : undefined;
    if (newest !== undefined) shown.push(newest);
    parent = commit;
  }
  return { run, playback, open, newest: parent, last: newest };
}

/** The checkpoint before a run's first. */
export function standsOn(core: ThreadCore, run: RunRow): Position | undefined {
  return checkpointAt(core.store, run.from === null ? run.firstSeq - 1 : run.from.seq);
}

/** The open questions of what can go on, as LangGraph's clients read them: by task. */
export function interruptsOf(head: LiveRun): Asked {
  return askedOf(head.row, head.waits.open());
}

function askedOf(run: RunRow, open: readonly Open[]): Asked {
  const asked: Asked = new Map();
  for (const { task, ask } of open) noteQuestion(asked, run, { type: "task-waiting", task, until: null, ask });
  return asked;
}

/** Of what can go on the newest state is at hand: who asks often must not have a long run played each time. */
function headState(core: ThreadCore, threadId: string, head: LiveRun, seq: number, deep: boolean): ThreadState {
  const [commit] = core.store.commits(seq, seq);
  if (!commit) return { ...NEVER_RUN };
  const run = core.store.runAt(seq) ?? head.row;
  const by = { run, commit, parent: parentOf(core, run, seq) };
  const positions = new FramePositions(core, threadId, head.row, deep ? segmentsOf(core, head.row) : []);
  const state = stateAt(standOf(core, threadId, head, { positions, deep }), by);
  return core.asking === undefined ? state : withInterrupts(state, interruptsOf(head));
}

/** Of a run that came to its end nothing is left to be done, and the values it left are at hand as well. */
function lastState(core: ThreadCore, threadId: string, seq: number, deep: boolean): ThreadState {
  const [run, [commit]] = [core.store.runAt(seq), core.store.commits(seq, seq)];
  if (run?.status !== "success" || commit === undefined)
    return statesAt(core, threadId, [seq], deep)[0] ?? { ...NEVER_RUN };
  return {
    ...NEVER_RUN,
    ...summaryOf(threadId, run, { ...commit, source: sourceOf(commit.entry, run) }, parentOf(core, run, seq)),
    values: Object.fromEntries(core.values),
  };
}

/** Of the run's first checkpoint it is that of what the run stands on. */
function parentOf(core: ThreadCore, run: RunRow, seq: number): Position | undefined {
  return seq > run.firstSeq ? checkpointAt(core.store, seq - 1) : standsOn(core, run);
}

/** A checkpoint, by which run it was made, and the one before it. */
interface Made {
  readonly run: RunRow;
  readonly commit: Commit;
  readonly parent: Position | undefined;
}

function stateAt(stand: Stand, { run, commit, parent }: Made): ThreadState {
  const { threadId, playback } = stand;
  loadFrames(stand);
  const tasks = playback.engine.inFlight().map(({ task }) => task);
  const pending = playback.engine.pending().map(({ node }) => nameOf(playback, node));
  return {
    values: Object.fromEntries(playback.threadValues()),
    next: [...new Set([...tasks.map((task) => nameOf(playback, task.node)), ...pending])],
    tasks: tasks.map(({ id, node }) => taskState(stand, id, errorOf(run, nameOf(playback, node)))),
    interrupts: [],
    ...summaryOf(threadId, run, { ...commit, source: sourceOf(commit.entry, run) }, parent),
  };
}

function errorOf({ error }: RunRow, node: string): string | null {
  return error?.node === node ? error.message : null;
}

function runMatches(core: ThreadCore, seq: number, wanted: JsonObject | undefined): boolean {
  if (!wanted) return true;
  const run = core.store.runAt(seq);
  return run !== undefined && matchesRun(run, wanted);
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
