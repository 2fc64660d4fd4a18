import type { ErrorRecord } from "../../src/base/errors.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { PlanNode } from "../../src/graph/plan.ts";
import type { LogEntry } from "../log/entry.ts";

/**
 * An attempt of an unsafe node died with its object, and nobody knows whether it took effect: it is not repeated by itself
 * (design, section 3).
 */
export function outcomeUnknown(task: TaskId, attempt: number, node: PlanNode | undefined): LogEntry {
  const id = node?.id ?? "?";
  const message =
    `An attempt at "${id}" was cut off by a restart, and whether it took effect is unknown; because its effect is unsafe ` +
    "it is not repeated by itself. Look at what it acts on, then start another run.";
  return {
    type: "task-failed",
    task,
    attempt,
    error: { code: "outcome_unknown", message, retryable: false, node: id },
  };
}

/** Attempts at one task that restarts may cut off. */
export const MOST_LOSSES = 20;

/** A task whose attempts never live to their end would be begun for ever: it is taken for what brings the object down. */
export function attemptLost(times: number, node: PlanNode | undefined): ErrorRecord | undefined {
  if (times <= MOST_LOSSES) return undefined;
  const id = node?.id ?? "?";
  const message =
    `Attempts at "${id}" were cut off by restarts ${times} times, and none came to an end; it may be what brings the ` +
    "server down, and is not tried again.";
  return { code: "attempt_lost", message, retryable: false, node: id };
}
