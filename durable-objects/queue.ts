import { type EdgewiseError, failure, toErrorRecord } from "../src/base/errors.ts";
import type { Plan } from "../src/graph/plan.ts";
import type { NodeKinds } from "../src/nodes/registry.ts";
import { checkStart, startRun } from "./commands.ts";
import type { ThreadCore } from "./core.ts";
import type { RunRow } from "./log/rows.ts";
import { cancelledFor, isOver } from "./run/ending.ts";
import { bounded } from "./run/failures.ts";
import type { CancelAction, CancelledRuns, CancelRuns, StartRun } from "./thread-api.ts";
import { checkpointCommit } from "./view/identity.ts";

/**
 * Runs as they come, wait, and are taken back (decision 0027). A thread has one live run at a time; what comes meanwhile is
 * refused, waits for its turn, or takes the place of what was there. Everything here happens in one turn of the event loop, so
 * that of several requests each meets what the one before it left.
 */

/** Runs that may wait on one thread. */
const MOST_WAITING = 1_000;

/**
 * A run is taken on: it begins, or waits for its turn. What takes the place of others is checked before those are cancelled.
 * @throws EdgewiseError `thread_busy` under `reject`; what the graph or the thread refuses, with nothing written
 */
export function acceptRun(core: ThreadCore, asked: StartRun, plan: () => Plan, kinds: NodeKinds): RunRow {
  const { multitask = "reject", afterMs = 0 } = asked;
  const command = multitask === "rollback" ? withoutItsCheckpoint(core, asked) : asked;
  const [first] = activeRuns(core);
  if (first !== undefined && multitask === "reject") throw busy(first);
  const now = core.now();
  const waits = multitask === "enqueue" && (core.live !== undefined || core.queue.due(now) !== undefined);
  if (first === undefined && afterMs <= 0) return startRun(core, command, plan, kinds);
  checkStart(core, command, plan());
  if (multitask === "interrupt" || multitask === "rollback")
    cancelRuns(core, { ...command, action: multitask }, `run ${command.runId} took its place`);
  if (!waits && afterMs <= 0) return startRun(core, command, plan, kinds);
  return enqueue(core, command, now);
}

/** Clients send the newest checkpoint along: of a run that is taken out, what was before it is meant. */
function withoutItsCheckpoint({ live, store }: ThreadCore, command: StartRun): StartRun {
  const { checkpointId, ...others } = command;
  if (live === undefined || checkpointId === undefined) return command;
  const { run } = checkpointCommit(store, command.threadId, checkpointId, "/checkpoint_id");
  return run === live.row.n ? others : command;
}

/** The run that is live, and those that wait for their turn. */
function activeRuns({ live, queue }: ThreadCore): string[] {
  return [...(live === undefined ? [] : [live.row.runId]), ...queue.pending.map(({ runId }) => runId)];
}

/** @throws EdgewiseError `conflict` for the id of a run that was rolled back or deleted: made again it would be another */
export function refuseDeleted(core: ThreadCore, runId: string): void {
  if (core.store.run(runId) === undefined && !core.queue.wasDeleted(runId)) return;
  throw failure("conflict", `Run ${runId} was rolled back or deleted. Take a new Idempotency-Key to start another.`);
}

/** @throws EdgewiseError `thread_busy` */
export function refuseWhileBusy(core: ThreadCore): void {
  const [first] = activeRuns(core);
  if (first !== undefined) throw busy(first);
}

function busy(runId: string): EdgewiseError {
  const text = `Thread is already running a task. Wait for run ${runId} to finish, cancel it, or choose another multitask_strategy.`;
  return failure("thread_busy", text);
}

function enqueue(core: ThreadCore, command: StartRun, now: number): RunRow {
  if (core.queue.pending.length >= MOST_WAITING) {
    const message = `${MOST_WAITING} runs wait for their turn on this thread already; start this one when some of them are over.`;
    throw failure("thread_busy", message);
  }
  const { tenant, threadId, runId, assistantId, graph } = command;
  const due = now + (command.afterMs ?? 0);
  core.keep((record) => {
    record.belong(tenant, threadId, { graph_id: graph.graphId, assistant_id: assistantId }, now);
    core.queue.add(command, due, now);
    core.notices.queued({ runId, createdAt: now }, due, now);
  });
  const row = core.queue.row(runId);
  if (row === undefined) throw new Error(`Run ${runId} was accepted and is not there.`);
  return row;
}

/**
 * The next whose turn has come begins; one that cannot any more (what it was to answer is answered, say) is over with its
 * reason. Answers whether one began.
 */
export function beginNext(core: ThreadCore, kinds: NodeKinds): boolean {
  for (;;) {
    const next = core.live === undefined && core.record.row?.deleted === false ? core.queue.due(core.now()) : undefined;
    if (next === undefined) return false;
    const { runId } = next;
    try {
      const command = core.queue.request(runId);
      startRun(core, command, () => core.plan(command.graph.hash), kinds);
      return true;
    } catch (thrown) {
      const error = bounded(toErrorRecord(thrown));
      core.keep((_, now) => {
        core.queue.end(runId, "error", error, now);
        core.notices.ended(core.queue.row(runId));
        core.notices.gone({ runId });
      });
    }
  }
}

/**
 * Cancels runs of the thread: those that are named, or all that are live or wait. One that is over, or at rest, is not meant
 * unless it is named.
 */
export function cancelRuns(
  core: ThreadCore,
  { runIds, status, action }: Omit<CancelRuns, "tenant" | "threadId">,
  reason: string,
): CancelledRuns {
  const missing = (runIds ?? []).filter((runId) => findRun(core, runId) === undefined);
  const active = activeRuns(core);
  const meant = (runIds ?? active)
    .filter((runId) => !missing.includes(runId))
    .filter((runId) => {
      if (status === undefined) return true;
      return status === "running" ? core.live?.row.runId === runId : core.queue.isPending(runId);
    });
  // What waits goes first: nothing of it may begin when the live run is over.
  const order = [...new Set(meant)].sort((one, other) => Number(one === active[0]) - Number(other === active[0]));
  for (const runId of order) cancelRun(core, runId, action, reason);
  return { cancelled: order, missing };
}

/** A run that can be looked at: it has begun, waits, or never will begin. */
export function findRun(core: ThreadCore, runId: string): RunRow | undefined {
  const begun = core.store.run(runId);
  if (begun !== undefined) return begun.struck === true ? undefined : begun;
  return core.queue.row(runId);
}

/** G10, in whatever state it is. Once it returns nothing of the run starts any more by itself. */
export function cancelRun(core: ThreadCore, runId: string, action: CancelAction, reason: string): void {
  if (core.queue.isPending(runId)) {
    core.keep((_, now) => {
      core.queue.end(runId, "interrupted", cancelledFor(reason), now);
      core.notices.ended(core.queue.row(runId));
      core.notices.gone({ runId });
    });
  } else if (core.live?.row.runId === runId) core.cancelRun(runId, reason);
  else if (action === "interrupt") leaveAtRest(core, runId);
  if (action === "rollback") deleteRun(core, runId);
}

/**
 * What has come to rest with a question may have a deadline by which it goes on by itself: it has none any more. Whoever answers
 * goes on with it. What has failed stays as it ended: that has been told.
 */
function leaveAtRest(core: ThreadCore, runId: string): void {
  const { asking } = core;
  if (asking === undefined || asking.row.runId !== runId || isOver(asking.row) || asking.nextTime() === undefined)
    return;
  const { row } = asking;
  if (row.status !== "interrupted") return;
  const message = "The run was cancelled while it was at rest: it does not go on by itself. An answer goes on with it.";
  core.revise([row], () => core.store.endRun({ ...row, error: { code: "run_paused", message, retryable: false } }));
}

/** Takes a run that is over, or waits, out of the thread; one that is live is cancelled before. */
export function deleteRun(core: ThreadCore, runId: string): void {
  core.cancelRun(runId, "it was deleted");
  const row = core.store.run(runId);
  if (row !== undefined) core.revise([row], () => core.store.queue.strike(row.n));
  else
    core.keep((_, now) => {
      core.queue.remove(runId, now);
      core.notices.gone({ runId });
    });
}

/**
 * The sweep's touch: the index thinks this run is late. Goes on with what should have moved; answers whether there is
 * something to come. The sweep itself puts the row off; a second notice would only have to be taken back.
 */
export async function touchRun(core: ThreadCore, runId: string): Promise<boolean> {
  await core.tick();
  if (core.queue.isPending(runId) || core.live?.row.runId === runId) return true;
  const { waiting } = core;
  return core.live === undefined && waiting?.row.runId === runId && waiting.nextTime() !== undefined;
}
