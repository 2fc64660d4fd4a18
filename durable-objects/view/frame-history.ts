import { failure } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { Step, TaskId } from "../../src/engine/types.ts";
import type { ThreadCore } from "../core.ts";
import type { LogEntry } from "../log/entry.ts";
import type { FrameHead } from "../log/frame-heads.ts";
import { Playback } from "../run/playback.ts";
import type { ThreadState } from "../thread-api.ts";
import { type Asked, matchesRun, noteQuestion, withInterrupts } from "./checkpoints.ts";
import { frameNamed, type NamedFrame, noFrame } from "./frame-names.ts";
import { FramePositions } from "./frame-positions.ts";
import { frameState, loadFrames, standOf } from "./frame-states.ts";
import { checkpointId, checkpointSeq } from "./identity.ts";

/**
 * What went on in frames (R10), read off the log: the engine forgets a frame when it is over. The commits of the frame are found
 * by a scan of rows; then the run is played once, up to the last one that is asked for.
 */

export interface FrameQuery {
  readonly threadId: string;
  readonly namespace: string;
}

/** A frame's state now, as it was left, or at one of its checkpoints. @throws EdgewiseError `not_found` */
export function frameStateOf(
  core: ThreadCore,
  query: FrameQuery & { readonly checkpointId?: string | undefined; readonly deep: boolean },
): ThreadState {
  const { threadId, namespace, deep } = query;
  const id = query.checkpointId;
  const read = readerOf(core, { threadId, namespace });
  const { frame, positions, own } = read;
  const { head } = core;
  if (id === undefined && head?.row.n === frame.run.n) {
    const stand = standOf(core, threadId, head, { positions, deep });
    loadFrames(stand);
    const open = frameState(stand, frame.place);
    if (open !== undefined) return open;
  }
  const seq = id === undefined ? own.at(-1)?.seq : checkpointOf(read, threadId, id).seq;
  const [state] = seq === undefined ? [] : statesAt(core, read, threadId, [seq], deep);
  if (state === undefined) throw noFrame(namespace);
  return state;
}

/** A frame's states, newest first. @throws EdgewiseError `not_found` */
export function frameHistoryOf(
  core: ThreadCore,
  query: FrameQuery & {
    readonly limit: number;
    readonly before?: string;
    readonly metadata?: JsonObject;
  },
): ThreadState[] {
  const { threadId, before, limit, metadata } = query;
  const read = readerOf(core, query);
  const end = before === undefined ? Number.POSITIVE_INFINITY : checkpointOf(read, threadId, before).seq;
  const runs = new Map(
    read.frame.segments.map(({ row }) => [row.n, metadata === undefined || matchesRun(row, metadata)]),
  );
  const matching = read.own.filter(({ seq, run }) => seq < end && runs.get(run) === true);
  const wanted = matching.slice(-limit).map(({ seq }) => seq);
  return statesAt(core, read, threadId, wanted, false).reverse();
}

interface Reader {
  readonly frame: NamedFrame;
  readonly positions: FramePositions;
  /** The frame's commits. */
  readonly own: readonly FrameHead[];
}

function readerOf(core: ThreadCore, { threadId, namespace }: FrameQuery): Reader {
  const frame = frameNamed(core, namespace);
  const positions = new FramePositions(core, threadId, frame.run, frame.segments);
  const own = positions.of(frame.place);
  if (own.length === 0) throw noFrame(namespace);
  return { frame, positions, own };
}

function checkpointOf({ own }: Reader, threadId: string, id: string): FrameHead {
  const seq = checkpointSeq(id);
  const found = own.find((head) => head.seq === seq);
  if (found !== undefined && checkpointId(threadId, found) === id.toLowerCase()) return found;
  throw noCheckpoint(id);
}

function noCheckpoint(id: string): Error {
  return failure("not_found", `Checkpoint ${id} not found`, { pointer: "/checkpoint/checkpoint_id" });
}

/** The states after these of a frame's commits, in order: one pass over the run's log. */
function statesAt(
  core: ThreadCore,
  { frame, positions, own }: Reader,
  threadId: string,
  seqs: readonly number[],
  deep: boolean,
): ThreadState[] {
  const { plan, run, segments, place, prefix } = frame;
  const playback = new Playback(plan, segments[0]?.row ?? run, core.past.base(run));
  const errors = new Map<TaskId, string>();
  const errorOf = (task: TaskId): string | null => errors.get(task) ?? null;
  const [isOwn, wanted] = [new Set(own.map(({ seq }) => seq)), new Set(seqs)];
  const shown: { readonly state: ThreadState; readonly asked: Asked }[] = [];
  let asked: Asked | undefined;
  for (const { seq, entry } of seqs.length === 0 ? [] : core.past.commits(segments)) {
    // What follows the last of them until the frame's next commit is only what was asked.
    if (shown.length === seqs.length && isOwn.has(seq)) break;
    const step = playback.apply(entry);
    noteErrors(errors, entry, step);
    if (!isOwn.has(seq)) {
      if (asked !== undefined) noteQuestion(asked, run, entry, prefix);
      continue;
    }
    asked = undefined;
    if (!wanted.has(seq)) continue;
    const stand = { core, threadId, run, playback, positions, seq, errorOf, questions: [], deep };
    loadFrames(stand);
    const state = frameState(stand, place, step);
    if (state !== undefined) shown.push({ state, asked: (asked = new Map()) });
  }
  return shown.map(({ state, asked: open }) => withInterrupts(state, open));
}

function noteErrors(errors: Map<TaskId, string>, entry: LogEntry, step: Step | undefined): void {
  if (entry.type === "task-failed") errors.set(entry.task, entry.error.message);
  for (const { task, error } of step?.failed ?? []) errors.set(task.id, error.message);
}
