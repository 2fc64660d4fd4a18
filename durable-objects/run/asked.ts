import type { TaskId } from "../../src/engine/types.ts";
import type { Commit } from "../log/entry.ts";
import { type Open, Waits } from "./waits.ts";

/** The questions that are open at a place of the log, as it alone tells them: what was played needs no live run. */
export class Asked {
  readonly #waits = new Waits();
  readonly #composites = new Set<TaskId>();

  apply({ entry, at }: Pick<Commit, "entry" | "at">): void {
    this.#waits.apply(entry, at, "");
    if (entry.type === "frames-announced") this.#composites.add(entry.task);
    // R11: who waits in a race that is decided is asked no more.
    if ((entry.type === "task-succeeded" || entry.type === "task-failed") && this.#composites.delete(entry.task))
      this.#waits.dropInside(entry.task);
  }

  /** In the order in which they were asked. */
  open(): readonly Open[] {
    return this.#waits.open();
  }
}
