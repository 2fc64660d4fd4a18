/**
 * The concurrency limit (R2): it delays the start of what is ready and nothing else. First ready, first started; a task
 * that waits or has failed holds no slot (R8).
 */
export class Slots<Task> {
  readonly #limit: number;
  #taken = 0;
  #queue: Task[] = [];
  #next = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  enqueue(task: Task): void {
    this.#queue.push(task);
  }

  /** What was enqueued and is not started is not to be. */
  remove(tasks: ReadonlySet<Task>): void {
    this.#queue = this.#queue.slice(this.#next).filter((task) => !tasks.has(task));
    this.#next = 0;
  }

  release(): void {
    this.#taken -= 1;
  }

  /** Takes a slot for each task that may start now. */
  fill(): Task[] {
    const started: Task[] = [];
    while (this.#taken < this.#limit && this.#next < this.#queue.length) {
      const task = this.#queue[this.#next];
      this.#next += 1;
      this.#taken += 1;
      if (task !== undefined) started.push(task);
    }
    if (this.#next === this.#queue.length) [this.#queue, this.#next] = [[], 0];
    return started;
  }
}
