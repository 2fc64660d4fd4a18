import type { TaskId } from "../../src/engine/types.ts";
import type { LogEntry } from "../log/entry.ts";
import { isInside } from "../log/places.ts";

/** What waits for a time (R8), and what has waited. The object's one alarm follows the earliest. */
export class Waits {
  readonly #until = new Map<TaskId, number>();
  readonly #resumedAt = new Map<TaskId, number>();

  apply(entry: LogEntry): void {
    if (entry.type === "task-waiting") this.#until.set(entry.task, entry.until);
    if (entry.type === "task-resumed") {
      this.#resumedAt.set(entry.task, this.#until.get(entry.task) ?? 0);
      this.#until.delete(entry.task);
    }
    if (entry.type === "task-succeeded" || entry.type === "task-failed") {
      this.#until.delete(entry.task);
      this.#resumedAt.delete(entry.task);
    }
  }

  /** What waits in the frames of a composite that is over waits for nothing. */
  dropInside(composite: TaskId): void {
    for (const task of this.#until.keys()) if (isInside(task, composite)) this.#until.delete(task);
  }

  /** Unix milliseconds, of the earliest. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const until of this.#until.values()) if (next === undefined || until < next) next = until;
    return next;
  }

  due(now: number): TaskId[] {
    return [...this.#until].flatMap(([task, until]) => (until <= now ? [task] : []));
  }

  /** When a task that has waited was to go on. */
  resumedAt(task: TaskId): number | undefined {
    return this.#resumedAt.get(task);
  }
}
