import type { CommitsQuery, CommitView } from "../commits-api.ts";
import type { ThreadCore } from "../core.ts";
import { type Commit, isCheckpoint } from "../log/entry.ts";
import { isInFrame, pathOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import { checkpointId, taskUuid } from "./identity.ts";

/** The log as it is, commit by commit: what steps gather. */
export function commitsOf(
  core: ThreadCore,
  { threadId, limit, before = core.lastCommit.seq + 1 }: CommitsQuery,
): { readonly commits: readonly CommitView[]; readonly next: number | null } {
  const { items, isCut } = core.store.commitsBefore(before, limit);
  const runs = new Map<number, RunRow | undefined>();
  const views = items.map((commit) => {
    if (!runs.has(commit.run)) runs.set(commit.run, core.store.runAt(commit.seq));
    return viewOf(core, threadId, runs.get(commit.run), commit);
  });
  const last = items.at(-1);
  const isMore = last !== undefined && last.seq > 1 && (isCut || items.length === limit);
  return { commits: views, next: isMore ? last.seq : null };
}

function viewOf(core: ThreadCore, threadId: string, run: RunRow | undefined, commit: Commit): CommitView {
  const { seq, at, entry, step } = commit;
  const task = "task" in entry ? entry.task : undefined;
  const shows = commit.shows ?? (step === null ? 0 : 1);
  const isPosition = shows > 0 || (isCheckpoint(entry) && entry.type !== "run-started");
  return {
    seq,
    at: new Date(at).toISOString(),
    run_id: run?.runId ?? "",
    type: entry.type,
    task: task ?? null,
    task_id: task === undefined || run === undefined || isInFrame(task) ? null : taskUuid(run.lineage, task),
    node: task === undefined || run === undefined ? null : pathOf(core.plan(run.graphHash), task),
    step,
    shows,
    checkpoint_id: isPosition ? checkpointId(threadId, { seq, at, shows, part: shows - 1 }) : null,
  };
}
