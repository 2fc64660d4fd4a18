import type { Reply } from "../src/base/errors.ts";

/** A commit of a thread's log: the finer list behind its steps. */
export interface CommitView {
  /** 1, 2, 3 … in the thread. */
  readonly seq: number;
  readonly at: string;
  readonly run_id: string;
  /** What was committed. */
  readonly type: string;
  /** Null for what is no task's; in a frame the task's name there, as the profile tells it. */
  readonly task: string | null;
  /** LangGraph's name of it; null within frames too. */
  readonly task_id: string | null;
  /** In a frame with the nodes around it: `summaries/draft`. */
  readonly node: string | null;
  /** The number of the last step that it shows, and how many; null and 0 where it shows none. */
  readonly step: number | null;
  readonly shows: number;
  /** By which a state read, a fork or an update names the position; null where nobody can stand. */
  readonly checkpoint_id: string | null;
}

export interface CommitsQuery {
  readonly tenant: string;
  readonly threadId: string;
  readonly limit: number;
  /** Only commits before this one. */
  readonly before?: number;
}

export interface CommitsApi {
  /** The newest first; `next`: there may be more before that commit. */
  listCommits(
    query: CommitsQuery,
  ): Promise<Reply<{ readonly commits: readonly CommitView[]; readonly next: number | null }>>;
}
