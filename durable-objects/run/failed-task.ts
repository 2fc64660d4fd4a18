import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { Outcome, Task } from "../../src/engine/types.ts";
import type { Plan, Scope } from "../../src/graph/plan.ts";
import { route } from "../../src/graph/route.ts";
import type { LogEntry } from "../log/entry.ts";
import { scopeAfter } from "./scope.ts";
import { toWrites } from "./writes.ts";

/**
 * A task's last failure. Where its node has an `on_error` the error is written and the run goes on (R9); otherwise, and
 * where that fails in its turn, the task stays in flight, failed.
 * @param plan the graph of the task's frame
 */
export function failedTask(
  plan: Plan,
  task: Task,
  attempt: number,
  error: ErrorRecord,
  scope: Scope,
): Extract<LogEntry, { readonly type: "task-failed" }> {
  const outcome = outcomeOf(plan, task, { ...error, attempt }, scope);
  const failed = { type: "task-failed", task: task.id, attempt, error } as const;
  return outcome === undefined ? failed : { ...failed, outcome };
}

function outcomeOf(plan: Plan, task: Task, error: ErrorRecord, scope: Scope): Outcome | undefined {
  const node = plan.nodes[task.node];
  if (node?.onError === undefined) return undefined;
  const { to, write } = node.onError;
  try {
    const said = write === undefined ? [] : [{ channel: write, value: shown(error) }];
    const writes = toWrites(plan, said, node.id, (index) => `${task.id}:error:${index}`);
    if (to === "end") return { writes, takes: [], sends: [] };
    if (to !== undefined) return { writes, takes: [to], sends: [] };
    return { writes, ...route(plan, task.node, scopeAfter(plan, scope, writes)) };
  } catch {
    // The error itself is what the run's owner has to hear of.
    return undefined;
  }
}

/** What a graph may decide by: no provider's words, no long lists. */
function shown({ code, message, node, attempt, retryable }: ErrorRecord): Json {
  return { code, message, retryable, node: node ?? null, attempt: attempt ?? null };
}
