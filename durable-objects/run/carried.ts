import { uuidv5 } from "../../src/base/ids.ts";
import type { Task, TaskId } from "../../src/engine/types.ts";
import type { PlanNode } from "../../src/graph/plan.ts";
import type { Ask, LogEntry } from "../log/entry.ts";
import type { LiveRun } from "./live-run.ts";
import { DECISION, questionId } from "./questions.ts";
import { outcomeUnknown } from "./recovery.ts";
import type { Waiting } from "./waits.ts";

/** A task that is taken along to another version of its graph. */
export interface Carried {
  readonly task: Task;
  /** Its node there. */
  readonly node: PlanNode;
  /** What it waits for. */
  readonly waiting: Waiting | undefined;
}

/**
 * What the task in its place begins with, some entries at a time; before each the task must be running. It is told what the
 * one before it had heard (answers, a time that had come, a signal), and then waits as that did, or stands at a breakpoint.
 */
export function* takenUp(head: LiveRun, live: LiveRun, old: Carried | undefined, id: TaskId): Generator<LogEntry[]> {
  const { lineage } = live.row;
  const breakpoint: Ask = { id: questionId(lineage, id, "breakpoint"), kind: "breakpoint", value: null };
  if (old === undefined) return yield [{ type: "task-waiting", task: id, until: null, ask: breakpoint }];
  const { task, node, waiting } = old;
  const steps = head.notes
    .steps(task.id)
    .map(([key, value]): LogEntry => ({ type: "step-recorded", task: id, key, value }));
  yield steps;
  yield* toldAgain(head, old, id);
  if (waiting !== undefined) {
    const { until = null, signal, ask } = waiting;
    return yield [{ type: "task-waiting", task: id, until, ...(signal && { signal }), ...(ask && { ask }) }];
  }
  // Nothing unsafe is repeated unasked, on whatever version it was begun.
  if (node.effect === "unsafe" && node.onUnknown !== "retry" && head.notes.hasBegun(task.id))
    return yield [outcomeUnknown(lineage, id, "unknown before", node, undefined)];
  yield [{ type: "task-waiting", task: id, until: null, ask: breakpoint }];
}

/** The last is what it goes on with. */
function* toldAgain(head: LiveRun, { task, waiting }: Carried, id: TaskId): Iterable<LogEntry[]> {
  const { answers, expired } = head.waits.waited(task.id);
  const { at = 0, payload, answered } = head.waits.resumption(task.id) ?? {};
  const times = Array.from({ length: expired }, (): LogEntry[] => [
    { type: "task-waiting", task: id, until: at },
    { type: "task-resumed", task: id },
  ]);
  const said = answers.map(({ key, by, value }): LogEntry[] => {
    const ask = askOf(head, task.id, key, waiting?.ask);
    return answerTo(id, ask, by, value);
  });
  yield* answered?.kind === "gate" ? [...times, ...said] : [...said, ...times];
  if (waiting !== undefined) return;
  if (payload !== undefined) {
    const signal = { id: uuidv5(`${task.id}#signal`, head.row.lineage), name: "told again", key: null };
    yield [
      { type: "signal-received", signal: { ...signal, payload } },
      { type: "task-waiting", task: id, until: at === 0 ? null : at, signal: { name: signal.name, key: null } },
      { type: "task-resumed", task: id, signal: signal.id },
    ];
  }
  if (answered?.kind === "outcome_unknown" && !head.notes.hasBegun(task.id)) {
    const ask: Ask = {
      id: questionId(head.row.lineage, task.id, "told again"),
      kind: "outcome_unknown",
      value: null,
      schema: DECISION,
    };
    yield answerTo(id, ask, null, answered.value);
  }
}

function answerTo(task: TaskId, ask: Ask, by: string | null, value: Ask["value"]): LogEntry[] {
  return [
    { type: "task-waiting", task, until: null, ask },
    { type: "task-resumed", task, answer: { ask: ask.id, by, value } },
  ];
}

/** The question that is open still, or one like that which was answered. */
function askOf(head: LiveRun, task: TaskId, key: string, open: Ask | undefined): Ask {
  if (open?.kind === "gate" && (open.key ?? "") === key) return open;
  return { id: questionId(head.row.lineage, task, key), kind: "gate", value: null, ...(key === "" ? {} : { key }) };
}
