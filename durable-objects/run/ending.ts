import { type ErrorRecord, toErrorRecord } from "../../src/base/errors.ts";
import { isJsonObject } from "../../src/base/json.ts";
import { toPointer } from "../../src/base/pointer.ts";
import type { Step, TaskId } from "../../src/engine/types.ts";
import type { LogEntry } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import type { ThreadStatus } from "../thread-api.ts";
import { bounded } from "./failures.ts";
import type { LiveRun } from "./live-run.ts";

/** What became of a run, beside when: a run ends done, failed or asking at rest (R8, R9), stopped or cancelled, each with its reason. */
type Over = Pick<RunRow, "status" | "error">;

/** The run's last row if this entry ended it. */
export function verdictOn(live: LiveRun, entry: LogEntry | undefined, step: Step | undefined): RunRow | undefined {
  const over = becameOf(live, entry, step);
  return over && { ...live.row, ...over, usage: live.usage };
}

function becameOf(live: LiveRun, entry: LogEntry | undefined, step: Step | undefined): Over | undefined {
  if (entry?.type === "run-cancelled") return { status: "interrupted", error: cancelledFor(entry.reason) };
  if (entry?.type === "run-stopped") return { status: isOfTime(entry.error) ? "timeout" : "error", error: entry.error };
  const rest = step?.rest ?? live.playback.engine.rest;
  switch (rest.kind) {
    case "running": {
      if (live.pause !== undefined && !live.isPerforming) return paused(live.pause);
      const stopped = live.playback.plan.onFailure === "stop" ? failures(live, entry, step) : [];
      return stopped.length === 0 ? undefined : { status: "error", error: live.failure(stopped) };
    }
    case "done": {
      const wrong = live.playback.conflict()?.record ?? misfit(live);
      return wrong ? { status: "error", error: wrong } : { status: "success", error: null };
    }
    case "paused":
      // What waits for a time, or for a signal, goes on by itself (R8).
      if (live.waits.moves(rest.waiting)) return live.pause === undefined ? undefined : paused(live.pause);
      if (rest.failed.length > 0) return { status: "error", error: live.failure(rest.failed) };
      return { status: "interrupted", error: null };
    case "cancelled":
      return { status: "interrupted", error: cancelledFor("cancelled") };
  }
}

/** What a write from outside leaves, which performs nothing. What was stopped before it stays so. @param before the run it stands on */
export function restingAs(live: LiveRun, before: RunRow | undefined): Over {
  const { rest } = live.playback.engine;
  // A fork from further back has nothing to do with how that one ended.
  const standsOnEnd = before !== undefined && live.row.from?.seq === restOf(before);
  if (standsOnEnd && rest.kind !== "done" && !goesOnAlone(before))
    return isCancelled(before) ? paused("it was cancelled") : { status: before.status, error: before.error };
  if (rest.kind === "paused" && rest.failed.length > 0) return { status: "error", error: live.failure(rest.failed) };
  return { status: rest.kind === "done" ? "success" : "interrupted", error: null };
}

/** A run whose graph this version cannot read ends with that reason instead of staying live for ever. */
export function givenUp(run: RunRow, thrown: unknown, lastSeq: number, now: number): RunRow {
  return { ...run, status: "error", error: bounded(toErrorRecord(thrown)), lastSeq, updatedAt: now };
}

/** The tasks that have failed by this, where nothing around them bears it. */
function failures(live: LiveRun, entry: LogEntry | undefined, step: Step | undefined): TaskId[] {
  const failed = (step?.failed ?? []).map(({ task }) => task.id);
  if (entry?.type === "task-failed" && entry.outcome === undefined) failed.unshift(entry.task);
  return failed.filter((task) => !live.playback.engine.isBorne(task));
}

/** Nothing of it can go on: it is done. */
export function isOver(row: RunRow): boolean {
  return row.status === "success" || row.lastSeq === null;
}

/** What it left goes on by itself when its time has come; not what somebody, or a budget, has stopped. */
export function goesOnAlone({ error }: RunRow): boolean {
  return error === null || !STOPPED.has(error.code);
}

const STOPPED: ReadonlySet<ErrorRecord["code"]> = new Set(["run_cancelled", "run_paused", "budget_exceeded"]);

/** LangGraph's status for a run whose time is up; one without money or tokens is an error like any. */
function isOfTime({ details }: ErrorRecord): boolean {
  return isJsonObject(details) && details["limit"] === "time";
}

export function isCancelled({ error }: RunRow): boolean {
  return error?.code === "run_cancelled";
}

/** The last commit of a run that counts when it goes on: a cancel drops what was in flight, and is not gone on from. */
export function restOf(row: RunRow): number {
  const last = row.lastSeq ?? row.firstSeq;
  return isCancelled(row) ? last - 1 : last;
}

/** The result breaks what the graph says of its result. */
function misfit({ playback }: LiveRun): ErrorRecord | undefined {
  const { plan } = playback;
  const fault = plan.outputSchema?.check(playback.values(plan.output));
  if (fault === undefined) return undefined;
  const pointer = toPointer(fault.path);
  const message = `The result of "${plan.id}" does not fit its output schema at ${pointer || "its root"}: ${fault.message}.`;
  return { code: "invalid_output", message, retryable: false, pointer };
}

function paused(reason: string): Over {
  const message = `The run was paused: ${reason}. Go on with it by a run with \`input: null\`.`;
  return { status: "interrupted", error: { code: "run_paused", message, retryable: false } };
}

/** @param reason by which it was, or by whom */
export function cancelledFor(reason: string): ErrorRecord {
  return { code: "run_cancelled", message: `The run was cancelled: ${reason}.`, retryable: false };
}

/** A thread's status when no run of it is live. */
export function statusAfter(last: RunRow | undefined): ThreadStatus {
  if (last?.status === "error" || last?.status === "timeout") return "error";
  return last?.status === "interrupted" ? "interrupted" : "idle";
}
