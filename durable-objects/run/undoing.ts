import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { Done } from "../../src/nodes/contract.ts";
import type { LogEntry } from "../log/entry.ts";
import { nodeOf, planOf } from "../log/places.ts";

/** What a committed task has done that its saga can undo (0019); undefined where its node says nothing of it. */
export function doneBy(
  plan: Plan,
  { task, outcome }: Extract<LogEntry, { readonly type: "task-succeeded" }>,
  payload: Json | undefined,
): Done | undefined {
  const { id: node, undo } = nodeOf(plan, task);
  const by = undo === undefined ? undefined : planOf(plan, task).nodes[undo];
  if (by === undefined) return undefined;
  const written = Map.groupBy(outcome.writes, ({ channel }) => channel);
  const writes = Object.fromEntries(
    [...written].map(([channel, all]): [string, Json] => {
      const values = all.map(({ value }) => value);
      return [channel, values.length === 1 ? (values[0] ?? null) : values];
    }),
  );
  return { task, node, undo: by.id, writes, payload: payload ?? null };
}

/** R5: tasks of one frame, by their names. */
export function inCanonicalOrder(done: readonly Done[]): Done[] {
  return done.toSorted((one, other) => comparePlaces(localName(one.task), localName(other.task)));
}

function localName(task: TaskId): string {
  return task.slice(task.lastIndexOf("/") + 1);
}

/** (level, node, ordinal); tasks of an each node (R11) by the places of their causes first. */
function comparePlaces(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0;
  if (one === undefined) return -1;
  if (other === undefined) return 1;
  const [a, b] = [placeOf(one), placeOf(other)];
  const order = a.level - b.level || a.node - b.node;
  if (order !== 0) return order;
  return a.cause === b.cause ? a.ordinal - b.ordinal : comparePlaces(a.cause, b.cause);
}

function placeOf(name: string) {
  const at = name.indexOf("@");
  const [level = 0, node = 0, ordinal = 0] = (at === -1 ? name : name.slice(0, at)).split(".").map(Number);
  return { level, node, ordinal, cause: at === -1 ? undefined : name.slice(at + 1) };
}

/** A saga is held: what undoes a node has failed for good, for this reason (R9). */
export function compensationFailed(saga: string, done: Done, error: ErrorRecord): ErrorRecord {
  const message =
    `"${done.undo}" could not undo what "${done.node}" has done in the saga "${saga}": ${error.message} ` +
    "Mend the cause and go on with the run; what has been undone is not undone again.";
  const { code, message: cause, node = done.undo } = error;
  const details = {
    code,
    saga,
    undoes: done.node,
    task: done.task,
    ...(error.details === undefined ? {} : { of: error.details }),
  };
  return { code: "compensation_failed", message, retryable: false, node, cause, details };
}
