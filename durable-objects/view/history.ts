import type { Json, JsonObject } from "../../src/base/json.ts";
import type { ThreadCore } from "../core.ts";
import type { Before, Checkpoint, CheckpointHead } from "../log/checkpoint-rows.ts";
import type { RunRow } from "../log/rows.ts";
import { checkpointAt, standsOn } from "../log/standing.ts";
import { Asked as OpenQuestions } from "../run/asked.ts";
import type { LiveRun } from "../run/live-run.ts";
import type { Playback, Values } from "../run/playback.ts";
import type { Open } from "../run/waits.ts";
import type { HistoryQuery, ThreadState } from "../thread-api.ts";
import { type Asked, matchesStep, noteQuestion, sourceOf, summaryOf, withInterrupts } from "./checkpoints.ts";
import { segmentsOf } from "./frame-names.ts";
import { FramePositions } from "./frame-positions.ts";
import { standOf } from "./frame-states.ts";
import { checkpointCommit, type NamedCheckpoint, type Position } from "./identity.ts";
import { parentOf, stateAt } from "./step-state.ts";

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
  const isNewest = newest !== undefined && wanted.seq === newest.seq && wanted.part === newest.part;
  const { head } = core;
  // A fork without a checkpoint of its own stands on another's: whoever names that one means what it was there.
  const isHead = id === undefined || core.store.runAt(wanted.seq)?.lineage === head?.row.lineage;
  if (head?.playback.steps.areAllShown === true && isHead && isNewest)
    return headState(core, threadId, head, newest, deep);
  if (isNewest && wanted.seq === core.lastCommit.seq) return lastState(core, threadId, newest, deep);
  return statesAt(core, threadId, [wanted], deep)[0] ?? { ...NEVER_RUN };
}

/** Newest first. Metadata is matched by containment. */
export function historyOf(core: ThreadCore, query: HistoryQuery): ThreadState[] {
  return statesAt(core, query.threadId, checkpointsOf(core, query).reverse()).reverse();
}

/** The checkpoints whose states a query asks for, newest first. */
export function checkpointsOf(core: ThreadCore, query: HistoryQuery): Checkpoint[] {
  const { threadId, limit, metadata } = query;
  const wanted: Checkpoint[] = [];
  const runs = new Map<number, RunRow | undefined>();
  const matches = (checkpoint: CheckpointHead): boolean => {
    if (metadata === undefined) return true;
    const { run: n, seq } = checkpoint;
    if (!runs.has(n)) runs.set(n, core.store.runAt(seq));
    const run = runs.get(n);
    return run !== undefined && matchesStep(threadId, run, checkpoint, metadata);
  };
  let before: Before =
    query.before === undefined
      ? { seq: core.lastCommit.seq + 1, part: 0 }
      : checkpointCommit(core.store, threadId, query.before);
  while (wanted.length < limit) {
    const page = core.store.checkpoints.newest(before, Math.max(limit, 100));
    for (const checkpoint of page) {
      if (wanted.length < limit && matches(checkpoint)) wanted.push(checkpoint);
    }
    const last = page.at(-1);
    if (last === undefined) break;
    before = { seq: last.seq, part: 0 };
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

/** The states at these checkpoints, given in ascending order: one pass over the log, from the first's run to the last. */
function statesAt(
  core: ThreadCore,
  threadId: string,
  checkpoints: readonly NamedCheckpoint[],
  deep = false,
): ThreadState[] {
  const [first, last] = [checkpoints[0], checkpoints.at(-1)];
  const firstRun = first && core.store.runAt(first.seq);
  if (first === undefined || last === undefined || !firstRun) return [];
  const wanted = Map.groupBy(checkpoints, ({ seq }) => seq);
  const shown: Shown[] = [];
  let before: Played | undefined;
  for (const run of core.store.runsAfter(firstRun.firstSeq - 1, last.seq + 1)) {
    const stands = before?.newest !== undefined && run.from === null ? before.newest : standsOn(core.store, run);
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
  wanted: ReadonlyMap<number, readonly NamedCheckpoint[]>,
  shown: Shown[],
): Played {
  const positions = new FramePositions(core, threadId, run, deep ? segmentsOf(core, run) : []);
  let parent = stands;
  let newest = last;
  for (const commit of core.store.commits(run.firstSeq, endOf(core, run))) {
    const { seq, at, shows } = commit;
    playback.apply(commit.entry);
    open.apply(commit);
    // What is asked by a commit that shows steps was asked at the one before as well.
    if (newest !== undefined) noteQuestion(newest.asked, run, commit.entry);
    const asked = wanted.get(seq) ?? [];
    const steps = playback.shown(commit);
    const unshown = asked.filter(({ isUnshown }) => isUnshown).map(({ step }) => ({ step, part: 0, upTo: undefined }));
    for (const step of steps.length > 0 ? steps : unshown) {
      const isWanted = asked.some(({ part }) => part === step.part);
      const stand = { core, threadId, run, playback, positions, seq, errorOf: () => null, questions: [], deep };
      newest = isWanted
        ? { state: stateAt(stand, { run, commit, shown: step, parent }), asked: askedOf(run, open.open()) }
        : undefined;
      if (newest !== undefined) shown.push(newest);
      if (steps.length > 0) parent = { seq, at, shows, part: step.part };
    }
  }
  return { run, playback, open, newest: parent, last: newest };
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
function headState(
  core: ThreadCore,
  threadId: string,
  head: LiveRun,
  { seq, step, part }: Checkpoint,
  deep: boolean,
): ThreadState {
  const [commit] = core.store.commits(seq, seq);
  if (!commit) return { ...NEVER_RUN };
  const run = core.store.runAt(seq) ?? head.row;
  const shown = { step, part, upTo: undefined };
  const positions = new FramePositions(core, threadId, head.row, deep ? segmentsOf(core, head.row) : []);
  const stand = standOf(core, threadId, head, { positions, deep });
  const state = stateAt(stand, { run, commit, shown, parent: parentOf(core.store, run, { seq, part }) });
  return core.asking === undefined ? state : withInterrupts(state, interruptsOf(head));
}

/** Of a run that came to its end nothing is left to be done, and the values it left are at hand as well. */
function lastState(core: ThreadCore, threadId: string, checkpoint: Checkpoint, deep: boolean): ThreadState {
  const { seq } = checkpoint;
  const [run, [commit]] = [core.store.runAt(seq), core.store.commits(seq, seq)];
  if (run?.status !== "success" || commit === undefined)
    return statesAt(core, threadId, [checkpoint], deep)[0] ?? { ...NEVER_RUN };
  const of = { ...checkpoint, source: sourceOf(commit.entry, run, checkpoint.part) };
  return {
    ...NEVER_RUN,
    ...summaryOf(threadId, run, of, parentOf(core.store, run, checkpoint)),
    values: Object.fromEntries(core.values),
  };
}

function pick(values: Values, names: readonly string[]): JsonObject {
  const picked: Record<string, Json> = {};
  for (const name of names) {
    const value = values.get(name);
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
