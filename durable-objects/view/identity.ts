import { failure } from "../../src/base/errors.ts";
import { uuidv5 } from "../../src/base/ids.ts";
import { logOf, positionId, positionOf } from "../../src/base/position-id.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { Checkpoint } from "../log/checkpoint-rows.ts";
import { isCheckpoint } from "../log/entry.ts";
import { checkpointAt } from "../log/standing.ts";
import type { ThreadStore } from "../log/store.ts";

/** LangGraph's clients know tasks by UUIDs: the task's place, named within its run, is the same in every schedule (R5). */
export function taskUuid(runId: string, task: TaskId): string {
  return uuidv5(task, runId);
}

/** A commit, or one of the steps that it shows: what a checkpoint's id is made of. */
export interface Position {
  readonly seq: number;
  /** Unix milliseconds. */
  readonly at: number;
  /** How many steps the commit shows. */
  readonly shows?: number | null;
  /** Which of them, where there are several. */
  readonly part?: number;
}

/** So many bits of an id tell the steps of one commit apart; what is left of that half tells threads apart. */
const THREAD_BITS = 12;
const THREAD_MASK = 2 ** THREAD_BITS - 1;

/** A checkpoint is a position of the log; its id sorts as text in the order of creation, and names the position. */
export function checkpointId(threadId: string, { seq, at, shows, part }: Position): string {
  const log = Number.parseInt(threadId.slice(-6), 16) || 0;
  const isOneOfSeveral = part !== undefined && (shows ?? 1) > 1;
  return positionId(at, seq, isOneOfSeveral ? part * (THREAD_MASK + 1) + (log & THREAD_MASK) : log);
}

/** The commit that a checkpoint id names, if it is an id of this kind; whether it is this thread's the caller must check. */
export function checkpointSeq(id: string): number | undefined {
  return positionOf(id);
}

/** A checkpoint that an id names. */
export interface NamedCheckpoint extends Checkpoint {
  /** It is a commit that shows no step: its state is all that was committed, and its number that of the newest step then. */
  readonly isUnshown?: true;
}

/** The checkpoint that an id names; `pointer` is where a body did. @throws EdgewiseError `not_found`: an id of another form, another thread's, or of no checkpoint. */
export function checkpointCommit(store: ThreadStore, threadId: string, id: string, pointer?: string): NamedCheckpoint {
  const seq = checkpointSeq(id);
  const isIt = (position: Position): boolean => checkpointId(threadId, position) === id.toLowerCase();
  const shown = seq === undefined ? [] : store.checkpoints.heads(seq, seq);
  const [first] = shown;
  const asked = shown[(logOf(id) ?? 0) >> THREAD_BITS];
  if (asked !== undefined && isIt(asked)) return asked;
  if (first !== undefined && isIt({ seq: first.seq, at: first.at })) return first;
  const unshown = seq === undefined || first !== undefined ? undefined : unshownAt(store, seq);
  if (unshown !== undefined && isIt(unshown)) return unshown;
  throw failure("not_found", `Checkpoint ${id} not found`, pointer === undefined ? {} : { pointer });
}

/** A commit of the run itself that shows no step. */
function unshownAt(store: ThreadStore, seq: number): NamedCheckpoint | undefined {
  const [commit] = store.commits(seq, seq);
  const run = commit && store.runAt(seq);
  const before = checkpointAt(store, seq);
  if (commit === undefined || run === undefined || before === undefined || run.struck === true) return undefined;
  if (!isCheckpoint(commit.entry) || commit.entry.type === "run-started") return undefined;
  const { at } = commit;
  return { seq, at, run: run.n, step: before.step, part: 0, shows: 1, isUnshown: true };
}
