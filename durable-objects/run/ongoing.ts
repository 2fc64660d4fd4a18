import type { Task, TaskId } from "../../src/engine/types.ts";
import type { Chunk, LogEntry } from "../log/entry.ts";
import { isInside } from "../log/places.ts";
import type { Attempt } from "./attempt.ts";
import type { FailedAttempt } from "./task-notes.ts";

/** A task between its start and its outcome. */
type State =
  | { readonly kind: "running"; readonly attempt: Attempt }
  /** A composite whose result may be at hand. */
  | { readonly kind: "looking-up" }
  | ({ readonly kind: "backing-off"; readonly task: Task } & FailedAttempt);

const ENDS_ATTEMPT: ReadonlySet<LogEntry["type"]> = new Set([
  "task-waiting",
  "frames-announced",
  "task-succeeded",
  "task-failed",
]);

/** What memory alone knows of tasks: attempts that run, and those that come next. A restart forgets it all. */
export class Ongoing {
  readonly #states = new Map<TaskId, State>();

  run(attempt: Attempt): void {
    this.#states.set(attempt.task.id, { kind: "running", attempt });
  }

  /** Answers whether it is looked for still. */
  lookUp(task: TaskId): () => boolean {
    const state: State = { kind: "looking-up" };
    this.#states.set(task, state);
    return () => this.#states.get(task) === state;
  }

  backOff(task: Task, failed: FailedAttempt): void {
    this.#states.set(task.id, { kind: "backing-off", task, ...failed });
  }

  /** Its next try may not begin yet: it is not under way, and no time brings it on. */
  hold(task: TaskId): undefined {
    this.#states.delete(task);
    return undefined;
  }

  /** Fenced: only the attempt that is still the task's may speak for it. */
  isRunning(attempt: Attempt): boolean {
    const state = this.#states.get(attempt.task.id);
    return state?.kind === "running" && state.attempt === attempt;
  }

  /** Takes a committed entry in. */
  apply(entry: LogEntry): void {
    if (ENDS_ATTEMPT.has(entry.type) && "task" in entry) this.#states.delete(entry.task);
  }

  /** R11: what is under way in a composite's frames is cancelled; answers whose it was. */
  dropInside(composite: TaskId): TaskId[] {
    const dropped = [...this.#states].filter(([task]) => isInside(task, composite));
    for (const [task, state] of dropped) {
      if (state.kind === "running") state.attempt.abort();
      this.#states.delete(task);
    }
    return dropped.map(([task]) => task);
  }

  get isPerforming(): boolean {
    for (const state of this.#states.values()) if (state.kind !== "backing-off") return true;
    return false;
  }

  /** Tasks whose next try is due. */
  due(now: number): Task[] {
    return [...this.#states.values()].flatMap((state) =>
      state.kind === "backing-off" && state.retryAt <= now ? [state.task] : [],
    );
  }

  /** Unix milliseconds, of the earliest next try. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const state of this.#states.values())
      if (state.kind === "backing-off" && (next === undefined || state.retryAt < next)) next = state.retryAt;
    return next;
  }

  /** Chunks of attempts that are not settled yet and hold a frame id above `after`, in order of their ids. */
  chunks(after: number): Chunk[] {
    const chunks = [...this.#states.values()].flatMap((state) =>
      state.kind === "running" ? state.attempt.chunksAfter(after) : [],
    );
    return chunks.sort((one, other) => one.first - other.first);
  }

  chunksInside(composite: TaskId): Chunk[] {
    return this.chunks(-1).filter((chunk) => isInside(chunk.task, composite));
  }

  /** The attempts that run, in the order in which they began: all, or those in the frames of a composite. */
  attempts(inside?: TaskId): readonly Attempt[] {
    const running = [...this.#states.values()].flatMap((state) => (state.kind === "running" ? [state.attempt] : []));
    return inside === undefined ? running : running.filter(({ task }) => isInside(task.id, inside));
  }

  /** Closes every socket and forgets every timer; what the attempts have streamed is answered, to be kept. */
  abortAll(): Chunk[] {
    const streamed = this.chunks(-1);
    for (const state of this.#states.values()) if (state.kind === "running") state.attempt.abort();
    this.#states.clear();
    return streamed;
  }
}
