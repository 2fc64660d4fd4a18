import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Step } from "../../src/engine/types.ts";
import type { Commit, LogEntry } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import type { LiveRun } from "./live-run.ts";

/** The run's last row if this entry ended it: a run ends done, failed at rest (R9) or cancelled, each with its reason. */
export function verdictOn(live: LiveRun, entry: LogEntry, step: Step | undefined, commit: Commit): RunRow | undefined {
  if (!step || step.rest.kind === "running") return undefined;
  const over = { ...live.row, updatedAt: commit.at, lastSeq: commit.seq, usage: live.usage };
  switch (step.rest.kind) {
    case "done": {
      const conflict = live.playback.conflict();
      return conflict ? { ...over, status: "error", error: conflict.record } : { ...over, status: "success" };
    }
    case "paused":
      return { ...over, status: "error", error: live.failure(step.rest.failed) };
    case "cancelled":
      return { ...over, status: "interrupted", error: cancelled(entry) };
  }
}

function cancelled(entry: LogEntry): ErrorRecord {
  const reason = entry.type === "run-cancelled" ? entry.reason : "cancelled";
  return { code: "run_cancelled", message: `The run was cancelled: ${reason}.`, retryable: false };
}
