import type { Task, TaskId } from "../src/engine/types.ts";

/** Launches in one turn of the event loop, before requests such as a cancel get theirs. */
const LAUNCHES_PER_TURN = 128;

/**
 * Launches tasks one after the other. What a launch makes ready joins the queue, so a chain of nodes that do not wait runs
 * without a stack of its own, and gives way now and then.
 */
export class Performer {
  readonly #launch: (task: Task) => void;
  readonly #queue = new Map<TaskId, Task>();
  #isAtWork = false;

  constructor(launch: (task: Task) => void) {
    this.#launch = launch;
  }

  get isIdle(): boolean {
    return this.#queue.size === 0;
  }

  add(tasks: readonly Task[]): void {
    for (const task of tasks) this.#queue.set(task.id, task);
  }

  clear(): void {
    this.#queue.clear();
  }

  async perform(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    try {
      // A map hands out what is added while it is walked, in the order of adding.
      let launches = 0;
      for (const [id, task] of this.#queue) {
        this.#queue.delete(id);
        this.#launch(task);
        launches += 1;
        if (launches % LAUNCHES_PER_TURN === 0) await scheduler.wait(0);
      }
    } finally {
      this.#isAtWork = false;
    }
  }
}
