import type { TaskId } from "../../src/engine/types.ts";
import type { Plan, PlanNode } from "../../src/graph/plan.ts";

/** A task's id is its place (R5): `level.node.ordinal`, behind the task of each composite it is in (R10). */

export function isInFrame(task: TaskId): boolean {
  return task.includes("/");
}

/** The task of the run itself that a task is, or is in a frame of. */
export function rootTaskOf(task: TaskId): TaskId {
  return taskIn("", task);
}

/** The task of a frame that a task is, or is in a frame of. @param prefix with which the names of the frame's tasks begin */
export function taskIn(prefix: string, task: TaskId): TaskId {
  const end = task.slice(prefix.length).search(/[[/]/);
  return end < 0 ? task : task.slice(0, prefix.length + end);
}

/** Whether a task is in a frame of the other one, however deep. */
export function isInside(task: TaskId, composite: TaskId): boolean {
  const next = task[composite.length];
  return (next === "[" || next === "/") && task.startsWith(composite);
}

/** A frame, by the task that it belongs to and its number; that of a composite with one frame is 0. */
export interface FramePlace {
  readonly composite: TaskId;
  readonly frame: number;
}

/** With what the names of a frame's tasks begin. @throws TypeError as {@link planOf} */
export function prefixOf(plan: Plan, { composite, frame }: FramePlace): string {
  return nodeOf(plan, composite).many === true ? `${composite}[${frame}]/` : `${composite}/`;
}

/** A frame and those around it, outermost first. */
export function framesTo(place: FramePlace): readonly FramePlace[] {
  const around = frameOf(place.composite);
  return around === undefined ? [place] : [...framesTo(around), place];
}

/** The composite's task and the frame's number that a task is in; undefined for one of the run itself. */
export function frameOf(task: TaskId): FramePlace | undefined {
  const end = task.lastIndexOf("/");
  if (end < 0) return undefined;
  const name = task.slice(0, end);
  const bracket = name.endsWith("]") ? name.lastIndexOf("[") : -1;
  if (bracket < 0) return { composite: name, frame: 0 };
  return { composite: name.slice(0, bracket), frame: Number(name.slice(bracket + 1, -1)) };
}

/** The graph that a task's frame runs. @throws TypeError where the plan has no such place: a bug of the caller. */
export function planOf(plan: Plan, task: TaskId): Plan {
  const frame = frameOf(task);
  if (frame === undefined) return plan;
  const inside = nodeOf(plan, frame.composite).inside;
  if (inside === undefined) throw new TypeError(`Task ${task} is in a frame of what is no composite.`);
  return inside;
}

/** @throws TypeError as {@link planOf}. */
export function nodeOf(plan: Plan, task: TaskId): PlanNode {
  const place = task.slice(task.lastIndexOf("/") + 1);
  const node = planOf(plan, task).nodes[Number(place.split(".")[1])];
  if (node === undefined) throw new TypeError(`Task ${task} is of a node that the plan does not have.`);
  return node;
}

/** The names of a task's node and of the composites around it, outermost first: `summaries/draft`. */
export function pathOf(plan: Plan, task: TaskId): string {
  const frame = frameOf(task);
  const { id } = nodeOf(plan, task);
  return frame === undefined ? id : `${pathOf(plan, frame.composite)}/${id}`;
}
