import { threadStub } from "./api/threads-port.ts";
import type { Config } from "./config.ts";
import { type Database, openDatabase } from "./storage/database.ts";
import { removeExpiredResults } from "./storage/node-results.ts";
import { type LiveRun, deferLiveRun, dueLiveRuns, removeLiveRun } from "./storage/live-runs.ts";

const BATCH = 100;
/** At two calls a run, this many stay below the 1,000 that one invocation may make. */
const MAX_BATCHES = 4;
const AT_ONCE = 10;
/** A run that was touched and did not say itself when it is due again is looked at after this. */
const DEFER_MS = 60_000;
/** Expired results of nodes answer nobody; they are swept out this often. */
const BROOM_MINUTES = 60;
/** The trigger by which `npm start` says that every object of the last start is gone. */
export const STARTUP = "startup";

type DueRun = LiveRun & { readonly tenant: string };

/** Touches the threads of all runs that should have moved by now. One indexed query when there are none. */
export async function sweep(config: Config, cron: string, nowMs: number): Promise<void> {
  const database = openDatabase(config.database);
  const dueBy = cron === STARTUP ? Number.MAX_SAFE_INTEGER : nowMs;
  if (Math.floor(nowMs / 60_000) % BROOM_MINUTES === 0) await removeExpiredResults(database, nowMs);
  const touched = new Set<string>();
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const due = await dueLiveRuns(database, dueBy, BATCH);
    const fresh = due.filter((run) => !touched.has(run.runId));
    for (let start = 0; start < fresh.length; start += AT_ONCE) {
      await Promise.all(fresh.slice(start, start + AT_ONCE).map((run) => touch(config, database, run, nowMs)));
    }
    for (const run of fresh) touched.add(run.runId);
    if (due.length < BATCH || fresh.length === 0) return;
  }
}

/** A thread that fails its touch must not keep the others from theirs: its row stays, and comes again later. */
async function touch(config: Config, database: Database, run: DueRun, nowMs: number): Promise<void> {
  const { tenant, threadId, runId } = run;
  try {
    const live = await threadStub(config.threads, { tenant, threadId }).touch({ tenant, threadId, runId });
    if (!live) return await removeLiveRun(database, tenant, threadId, runId);
  } catch (error) {
    console.error(`sweep: thread ${threadId} could not be touched:`, error);
  }
  // At a start every run is touched; one that is due in a week stays due in a week.
  await deferLiveRun(database, tenant, run, Math.max(run.dueAt, nowMs + DEFER_MS));
}
