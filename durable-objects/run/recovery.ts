import { type ErrorRecord, toErrorRecord } from "../../src/base/errors.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { Outcome, Task, TaskId, Write } from "../../src/engine/types.ts";
import type { Plan, PlanNode, Scope } from "../../src/graph/plan.ts";
import { route } from "../../src/graph/route.ts";
import type { LogEntry } from "../log/entry.ts";
import { nodeOf, pathOf } from "../log/places.ts";
import { failedTask } from "./failed-task.ts";
import { bounded } from "./failures.ts";
import { DECISION, isDecision, questionId } from "./questions.ts";
import { scopeAfter } from "./scope.ts";
import { toWrites } from "./writes.ts";

/** What unsafe nodes have done, so that nothing repeats it unasked: by task, and by path for a fork, whose tasks may have other names. */
export class UnsafeEffects {
  readonly #plan: Plan;
  readonly #byTask = new Map<TaskId, readonly Write[]>();
  readonly #elsewhere = new Map<string, readonly Write[]>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Takes in what was committed. */
  apply(entry: LogEntry): void {
    if (entry.type === "task-succeeded" && this.#isUnsafe(entry.task))
      this.#byTask.set(entry.task, entry.outcome.writes);
  }

  #isUnsafe(task: TaskId): boolean {
    return nodeOf(this.#plan, task).effect === "unsafe";
  }

  /** Takes in what was committed after the point that a fork starts from, by a run on that plan. */
  remember(entry: LogEntry, plan: Plan): void {
    if (entry.type === "task-succeeded" && nodeOf(plan, entry.task).effect === "unsafe")
      this.#elsewhere.set(pathOf(plan, entry.task), entry.outcome.writes);
  }

  /** What the task has done before, if it has. */
  of(task: TaskId): readonly Write[] | undefined {
    const here = this.#byTask.get(task);
    return here ?? (this.#elsewhere.size === 0 ? undefined : this.#elsewhere.get(pathOf(this.#plan, task)));
  }
}

/**
 * An attempt of an unsafe node died with its object, and nobody knows whether it took effect; or it is known that it did,
 * before a fork: it is not repeated by itself but waits for an answer (design, section 3).
 */
export function outcomeUnknown(
  lineage: string,
  task: TaskId,
  key: string,
  node: PlanNode,
  recorded: readonly Write[] | undefined,
): LogEntry {
  const why =
    recorded === undefined
      ? "An attempt was cut off, and whether it took effect is unknown."
      : "It has been done already, and its result is recorded.";
  const value: JsonObject = {
    code: "outcome_unknown",
    node: node.id,
    message: `${why} It is not repeated by itself. Answer {"decision": "done", "writes": {…}}, "repeat" or "fail".`,
    ...(recorded === undefined ? {} : { recorded: asObject(recorded) }),
  };
  const ask = { id: questionId(lineage, task, key), kind: "outcome_unknown", value, schema: DECISION } as const;
  return { type: "task-waiting", task, until: null, ask };
}

/** What was decided of it; undefined: it is to be made again. */
export function decided(
  plan: Plan,
  task: Task,
  attempt: number,
  answer: Json,
  recorded: readonly Write[] | undefined,
  scope: Scope,
): LogEntry | undefined {
  if (!isDecision(answer) || answer.decision === "repeat") return undefined;
  const node = plan.nodes[task.node]?.id ?? "?";
  const failed = (error: ErrorRecord): LogEntry => failedTask(plan, task, attempt, { ...error, node }, scope);
  if (answer.decision === "fail")
    return failed({ code: "outcome_unknown", message: `"${node}" was said to have failed.`, retryable: false });
  try {
    const said = answer.writes === undefined ? recorded : fromObject(answer.writes);
    const writes = toWrites(plan, said ?? [], node, (index) => `${task.id}:decided:${index}`);
    const outcome: Outcome = { writes, ...route(plan, task.node, scopeAfter(plan, scope, writes)) };
    return { type: "task-succeeded", task: task.id, attempt, outcome };
  } catch (thrown) {
    return failed(bounded(toErrorRecord(thrown)));
  }
}

function asObject(writes: readonly Write[]): JsonObject {
  return Object.fromEntries(writes.map(({ channel, value }) => [channel, value]));
}

function fromObject(values: JsonObject): Write[] {
  return Object.entries(values).map(([channel, value]) => ({ channel, value }));
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
