import type { TaskId } from "../../src/engine/types.ts";

/**
 * Canonical order of tasks by their names (R5): a name is a place, `level.node.ordinal`, behind `@` the task it was caused
 * by, behind `/` one in a frame of the composite before it.
 */
export function compareTasks(one: TaskId, other: TaskId): number {
  const [a, b] = [keyOf(one), keyOf(other)];
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? -1) - (b[index] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Per place: level and node, then whether it has a cause (one without comes first), the cause's own key, and the ordinal. */
function keyOf(task: TaskId): number[] {
  return task.split("/").flatMap((place) => {
    const [name = "", frame = "0"] = place.split("[");
    return [...causeKey(name.split("@")), Number.parseInt(frame, 10)];
  });
}

function causeKey([place = "", ...causes]: readonly string[]): number[] {
  const [level = 0, node = 0, ordinal = 0] = place.split(".").map(Number);
  return [level, node, ...(causes.length === 0 ? [0] : [1, ...causeKey(causes)]), ordinal];
}
