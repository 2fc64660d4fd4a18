import { schedulerStub } from "../durable-objects/scheduler-api.ts";
import { threadExpiry, threadTouch } from "./api/threads-port.ts";
import { toErrorRecord } from "./base/errors.ts";
import type { Config } from "./config.ts";
import { type Database, openDatabase } from "./storage/database.ts";
import { deadMessage, insertDeadLetter } from "./storage/dead-letters.ts";
import { removeExpiredItems } from "./storage/items.ts";
import { type DueRun, deferLiveRun, dueLiveRuns, removeLiveRun } from "./storage/live-runs.ts";
import { removeExpiredResults } from "./storage/node-results.ts";
import { deferScheduler, dueSchedulers, removeScheduler, type SchedulerRow } from "./storage/schedulers.ts";
import { deferExpiry, deleteThread, expiredThreads } from "./storage/threads.ts";
import type { Wake } from "./storage/wakes.ts";

const BATCH = 100;
/** At two calls a run, this many stay below the 1,000 that one invocation may make. */
const MAX_BATCHES = 4;
/** At a start it is nobody's turn but the sweep's, and the local runtime counts no calls. */
const MAX_BATCHES_AT_START = 40;
const AT_ONCE = 10;
/** A run that was touched and did not say itself when it is due again is looked at after this. */
const DEFER_MS = 60_000;
/** One whose thread is out of reach is looked at ever less often … */
const LONGEST_DEFER_MS = 60 * 60_000;
/** … and is a dead letter after so many times in a row: four hours. Its thread's own alarm stands all the same. */
export const MOST_FAILED_TOUCHES = 10;
/** Expired results of nodes and expired items answer nobody; they are swept out this often … */
const BROOM_MINUTES = 60;
/** … the items in so many batches of so many; what is left then waits for the next time. */
const ITEM_BATCHES = 50;
const ITEM_BATCH = 1_000;
/** The trigger by which `npm start` says that every object of the last start is gone. */
export const STARTUP = "startup";

/** A scheduler whose time has passed by this much has lost its alarm, or is late all the same: it is touched. */
const SCHEDULER_OVERDUE_MS = 60_000;
const MOST_SCHEDULERS = 200;
const SCHEDULER_DEADLINE_MS = 10_000;

/** Touches the threads of all runs, and the schedulers, that should have moved by now. Two indexed queries when there are none. */
export async function sweep(config: Config, cron: string, nowMs: number): Promise<void> {
  const database = openDatabase(config.database);
  const isStart = cron === STARTUP;
  const dueBy = isStart ? Number.MAX_SAFE_INTEGER : nowMs;
  await sweepSchedulers(config, database, isStart, nowMs);
  if (Math.floor(nowMs / 60_000) % BROOM_MINUTES === 0) await sweepOut(database, nowMs);
  await expire(config, database, nowMs);
  const touched = new Set<string>();
  let after: DueRun | undefined;
  for (let batch = 0; batch < (isStart ? MAX_BATCHES_AT_START : MAX_BATCHES); batch += 1) {
    // Behind the last batch, not from the beginning: what was put off may still stand in front of what was not looked at.
    const due = await dueLiveRuns(database, dueBy, BATCH, after);
    after = due.at(-1);
    const fresh = due.filter((run) => !touched.has(run.runId));
    for (const run of fresh) touched.add(run.runId);
    await inLanes(fresh, (run) => touch(config, database, run, nowMs));
    if (due.length < BATCH) return;
  }
}

async function sweepOut(database: Database, nowMs: number): Promise<void> {
  await removeExpiredResults(database, nowMs);
  for (let batch = 0; batch < ITEM_BATCHES; batch += 1) {
    if ((await removeExpiredItems(database, nowMs, ITEM_BATCH)) < ITEM_BATCH) return;
  }
}

/** So many at once, each lane going on by itself: an object that hangs holds up one of them. */
async function inLanes<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** Threads whose time to live may be over: each looks itself (0029). One indexed query when there are none. */
async function expire(config: Config, database: Database, nowMs: number): Promise<void> {
  const expired = await expiredThreads(database, nowMs, BATCH);
  await inLanes(expired, async (thread) => {
    try {
      if (await threadExpiry(config.threads, thread)) await deleteThread(database, thread.tenant, thread.threadId);
    } catch (error) {
      console.error(`sweep: thread ${thread.threadId} could not be asked whether it is to be erased:`, error);
      await deferExpiry(database, thread, nowMs + LONGEST_DEFER_MS);
    }
  });
}

/** A thread that fails its touch must not keep the others from theirs. */
async function touch(config: Config, database: Database, run: DueRun, nowMs: number): Promise<void> {
  const { tenant, threadId, runId } = run;
  let isLive: boolean;
  try {
    isLive = await threadTouch(config.threads, run);
  } catch (error) {
    console.error(`sweep: thread ${threadId} could not be touched (${run.failedTouches + 1} times):`, error);
    return await putOff(database, run, error, nowMs);
  }
  if (!isLive) return await removeLiveRun(database, tenant, threadId, runId);
  // At a start every run is touched; one that is due in a week stays due in a week.
  await deferLiveRun(database, tenant, run, Math.max(run.dueAt, nowMs + DEFER_MS));
}

async function putOff(database: Database, run: DueRun, error: unknown, nowMs: number): Promise<void> {
  const { tenant, threadId, runId } = run;
  const failed = run.failedTouches + 1;
  if (failed < MOST_FAILED_TOUCHES) {
    const deferMs = Math.min(DEFER_MS * 2 ** (failed - 1), LONGEST_DEFER_MS);
    return await deferLiveRun(database, tenant, run, Math.max(run.dueAt, nowMs + deferMs), failed);
  }
  const cause = toErrorRecord(error);
  const last = { attempt: failed, at: nowMs, error: { code: cause.code, message: cause.message } };
  const body: Wake = { tenant, thread: threadId, run: runId, at: run.dueAt };
  await insertDeadLetter(database, tenant, deadMessage(tenant, { threadId, runId }, { ...body }, last, cause));
  await removeLiveRun(database, tenant, threadId, runId);
}

async function sweepSchedulers(config: Config, database: Database, isStart: boolean, nowMs: number): Promise<void> {
  const dueBy = isStart ? Number.MAX_SAFE_INTEGER : nowMs - SCHEDULER_OVERDUE_MS;
  const due = await dueSchedulers(database, dueBy, MOST_SCHEDULERS);
  await inLanes(due, async (row) => {
    try {
      const next = await touchScheduler(config.schedulers, row);
      // It tells the index itself what is new; the row is put off, so that it does not stand in front of the others.
      if (next === null) await removeScheduler(database, row);
      else await deferScheduler(database, row, Math.max(next, nowMs));
    } catch (error) {
      console.error(`sweep: scheduler ${row.name} could not be touched:`, error);
      await deferScheduler(database, row, Math.max(row.dueAt, nowMs + DEFER_MS)).catch(() => undefined);
    }
  });
}

async function touchScheduler(
  namespace: DurableObjectNamespace,
  { tenant, name }: SchedulerRow,
): Promise<number | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${SCHEDULER_DEADLINE_MS} ms`)), SCHEDULER_DEADLINE_MS);
  });
  try {
    return await Promise.race([schedulerStub(namespace, name).touch({ tenant }), late]);
  } finally {
    clearTimeout(timer);
  }
}
