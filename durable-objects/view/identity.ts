import { failure } from "../../src/base/errors.ts";
import { uuidv5 } from "../../src/base/ids.ts";
import { positionId, positionOf } from "../../src/base/position-id.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { ThreadStore } from "../log/store.ts";

/** LangGraph's clients know tasks by UUIDs: the task's place, named within its run, is the same in every schedule (R5). */
export function taskUuid(runId: string, task: TaskId): string {
  return uuidv5(task, runId);
}

/** A checkpoint is a position of the log; its id sorts as text in the order of creation, and names the position. */
export function checkpointId(threadId: string, commit: { readonly seq: number; readonly at: number }): string {
  return positionId(commit.at, commit.seq, Number.parseInt(threadId.slice(-6), 16) || 0);
}

/** The commit that a checkpoint id names, if it is an id of this kind; whether it is this thread's the caller must check. */
export function checkpointSeq(id: string): number | undefined {
  return positionOf(id);
}

/** The checkpoint that an id names; `pointer` is where a body did. @throws EdgewiseError `not_found`: an id of another form, another thread's, or of no checkpoint. */
export function checkpointCommit(
  store: ThreadStore,
  threadId: string,
  id: string,
  pointer?: string,
): ReturnType<ThreadStore["checkpoints"]>[number] {
  const seq = checkpointSeq(id);
  const [found] = seq === undefined ? [] : store.checkpoints(seq + 1, 1);
  if (found !== undefined && found.seq === seq && checkpointId(threadId, found) === id.toLowerCase()) return found;
  throw failure("not_found", `Checkpoint ${id} not found`, pointer === undefined ? {} : { pointer });
}
