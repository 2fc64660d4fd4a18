import type { ThreadCore } from "./core.ts";
import { dropBlobs, dropRuns, dropSnapshots, showOnly } from "./log/prune-rows.ts";
import { checkpointAt } from "./log/standing.ts";

/**
 * Drops a thread's history before its newest checkpoint: its rows, but for the execution that the thread stands on, of which only the
 * newest checkpoint is shown from then on. What waits goes on waiting.
 * @returns false where nothing was dropped: there is no checkpoint, or a run is live or waits for its turn
 */
export function keepLatest(core: ThreadCore, sql: SqlStorage): boolean {
  const last = core.store.lastRun();
  const newest = checkpointAt(core.store, core.lastCommit.seq);
  if (core.status() === "busy" || last === undefined || newest === undefined) return false;
  const execution = [...core.past.before(last).map(({ row }) => row), last];
  const [root = last] = execution;
  if (!execution.some(({ n }) => n === newest.run)) return false;
  const standsAt = root.from === null ? root.firstSeq - 1 : root.from.seq;
  const base = Object.fromEntries(core.past.base(root));
  core.revise([], () => {
    dropRuns(
      sql,
      execution.map(({ n }) => n),
    );
    showOnly(sql, newest.seq);
    dropSnapshots(sql);
    core.store.forget();
    if (standsAt > 0) core.store.saveSnapshot(standsAt, { base: 0, text: JSON.stringify([base, {}]) }, base);
    dropBlobs(sql);
    core.record.facts.set("pruned", { before: newest.seq });
  });
  return true;
}
