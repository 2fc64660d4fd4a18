import { toErrorRecord } from "../../src/base/errors.ts";
import type { Starter } from "../scheduler-api.ts";
import type { Outcome } from "./agenda.ts";
import type { Crons } from "./crons.ts";
import type { Due } from "./due.ts";
import type { SchedulerStore } from "./store.ts";

/** A thread that does not answer for so long counts as out of reach; it is asked again, for the same run. */
const DEADLINE_MS = 15_000;
const RETRY_FROM_MS = 1_000;
/** Shorter than a run without a thread is remembered (`stateless.ts`): one that was started, and not heard of, is met again. */
const LONGEST_RETRY_MS = 240_000;
/** Half an hour in all; then the cron says why, and goes on with its next instant. */
export const MOST_STARTS = 16;

interface StartBody {
  readonly cronId: string;
  readonly instant: number;
  readonly runId: string;
}

/** Starts the run of an instant, with what the cron says now. */
export async function startDue(
  due: Due,
  { store, crons, starter, now }: { store: SchedulerStore; crons: Crons; starter: Starter; now: () => number },
): Promise<Outcome> {
  const body = due.body as unknown as StartBody;
  const { cronId, instant, runId } = body;
  const tenant = store.record?.tenant;
  const cron = store.crons.find(cronId);
  if (tenant === undefined || cron === undefined) return { kind: "done" };
  const { threadId, payload, onRunCompleted } = cron;
  try {
    await inTime(starter.start({ tenant, cronId, instant, runId, threadId, payload, onRunCompleted }));
    return { kind: "done", write: () => crons.note(cronId, instant, runId, null) };
  } catch (thrown) {
    const error = toErrorRecord(thrown);
    const attempts = due.attempts + 1;
    // What has no name is the platform's: an object that was reset, an index that is away.
    if ((error.retryable || error.code === "internal") && attempts < MOST_STARTS) {
      const at = now() + Math.min(RETRY_FROM_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS);
      return { kind: "again", at, attempts, body: due.body };
    }
    return { kind: "done", write: () => crons.note(cronId, instant, null, error) };
  }
}

async function inTime(started: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The run was not started within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    await Promise.race([started, late]);
  } finally {
    clearTimeout(timer);
  }
}
