import { uuidv5 } from "../../src/base/ids.ts";
import { positionId, positionOf } from "../../src/base/position-id.ts";
import type { TaskId } from "../../src/engine/types.ts";

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
