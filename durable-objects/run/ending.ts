import type { ErrorRecord } from "../../src/base/errors.ts";
import { toPointer } from "../../src/base/pointer.ts";
import type { Step } from "../../src/engine/types.ts";
import type { Commit, LogEntry } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import type { ThreadStatus } from "../thread-api.ts";
import type { LiveRun } from "./live-run.ts";

/** The run's last row if this entry ended it: a run ends done, failed at rest (R9) or cancelled, each with its reason. */
export function verdictOn(live: LiveRun, entry: LogEntry, step: Step | undefined, commit: Commit): RunRow | undefined {
  if (!step || step.rest.kind === "running") return undefined;
  const over = { ...live.row, updatedAt: commit.at, lastSeq: commit.seq, usage: live.usage };
  switch (step.rest.kind) {
    case "done": {
      const conflict = live.playback.conflict();
      const wrong = conflict?.record ?? misfit(live);
      return wrong ? { ...over, status: "error", error: wrong } : { ...over, status: "success" };
    }
    case "paused":
      // What waits for a time goes on by itself (R8).
      if (step.rest.waiting.length > 0) return undefined;
      return { ...over, status: "error", error: live.failure(step.rest.failed) };
    case "cancelled":
      return { ...over, status: "interrupted", error: cancelled(entry) };
  }
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

function cancelled(entry: LogEntry): ErrorRecord {
  const reason = entry.type === "run-cancelled" ? entry.reason : "cancelled";
  return { code: "run_cancelled", message: `The run was cancelled: ${reason}.`, retryable: false };
}

/** A thread's status when no run of it is live. */
export function statusAfter(last: RunRow | undefined): ThreadStatus {
  if (last?.status === "error") return "error";
  return last?.status === "interrupted" ? "interrupted" : "idle";
}
