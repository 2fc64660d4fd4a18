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
