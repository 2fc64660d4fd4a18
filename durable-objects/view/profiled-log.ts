import type { Step, TaskId } from "../../src/engine/types.ts";
import type { Commit, LogEntry, TaskUsage } from "../log/entry.ts";
import { nodeOf, pathOf } from "../log/places.ts";
import type { Playback } from "../run/playback.ts";

/** A task's times, Unix milliseconds. */
export interface TimedTask {
  readonly id: TaskId;
  readonly node: string;
  readonly readyAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly status: "succeeded" | "failed" | "open";
  readonly attempts: number;
  readonly usage?: TaskUsage;
}

/** A piece of the critical path, Unix milliseconds; `task` and `node` are null for what came from outside. */
export interface PathPiece {
  readonly task: TaskId | null;
  readonly node: string | null;
  readonly from: number;
  readonly to: number;
}

/** What is asked of a playback: its plan, and what each entry makes possible. */
type Played = Pick<Playback, "plan" | "apply">;

type Timing = { -readonly [Key in keyof TimedTask]: TimedTask[Key] } & { performing: boolean };

/** A commit, and the one before it without which it could not have come when it did. */
interface Link {
  readonly at: number;
  readonly task: TaskId | undefined;
  readonly cause: Link | undefined;
}

/**
 * A run's log with the times of its tasks and what each commit had to wait for: the commit that made its task ready; of a
 * task that waited, the one that let it go on; of a frame, the one that asked for it; of a composite, the one that ended
 * its last frame. Nothing is known of other causes, so what comes from outside follows what came before it.
 */
export class ProfiledLog {
  readonly #playback: Played;
  readonly #tasks = new Map<TaskId, Timing>();
  /** By task, the commit since which it has been able to go on. */
  readonly #since = new Map<TaskId, Link>();
  readonly #asked = new Map<string, Link>();
  #first: Link | undefined;
  #last: Link | undefined;
  #performing = 0;
  #most = 0;
  /** Milliseconds spent performing, all tasks together. */
  #spent = 0;

  constructor(playback: Played) {
    this.#playback = playback;
  }

  get startedAt(): number {
    return this.#first?.at ?? 0;
  }

  get lastAt(): number {
    return this.#last?.at ?? 0;
  }

  /** In the order in which they were made ready. */
  tasks(): readonly TimedTask[] {
    return [...this.#tasks.values()];
  }

  /** The chain of commits that determined the last one, in order; its pieces follow each other without a gap. */
  criticalPath(): readonly PathPiece[] {
    const path: PathPiece[] = [];
    for (let link = this.#last; link?.cause !== undefined; link = link.cause) {
      const { task } = link;
      const node = task === undefined ? null : pathOf(this.#playback.plan, task);
      const piece = { task: task ?? null, node, from: link.cause.at, to: link.at };
      const later = path.at(-1);
      if (later !== undefined && later.task === piece.task) path[path.length - 1] = { ...later, from: piece.from };
      else path.push(piece);
    }
    return path.reverse();
  }

  concurrency(): { readonly max: number; readonly mean: number } {
    const whole = this.lastAt - this.startedAt;
    return { max: this.#most, mean: whole === 0 ? this.#most : Math.round((this.#spent / whole) * 100) / 100 };
  }

  add(commit: Commit): void {
    const { at, entry } = commit;
    this.#spent += this.#performing * (at - this.lastAt);
    const { task, frame }: Place = entry;
    const link: Link = { at, task, cause: this.#causeOf(task, frame) };
    this.#first ??= link;
    this.#last = link;
    const timing = task === undefined ? undefined : this.#tasks.get(task);
    if (timing !== undefined) this.#take(timing, entry, link);
    const step = this.#playback.apply(entry);
    if (step !== undefined) this.#follow(step, link);
    if (step?.rest.kind === "cancelled") for (const open of this.#tasks.values()) this.#perform(open, false);
    this.#most = Math.max(this.#most, this.#performing);
  }

  #causeOf(task: TaskId | undefined, frame: number | undefined): Link | undefined {
    if (task === undefined) return this.#last;
    const known = frame === undefined ? this.#since.get(task) : this.#asked.get(frameKey(task, frame));
    return known ?? this.#last;
  }

  /** What the entry says of its own task. */
  #take(timing: Timing, entry: LogEntry, link: Link): void {
    const { type, attempt }: Place = entry;
    timing.attempts = Math.max(timing.attempts, attempt ?? 0);
    if (type === "task-waiting" || type === "task-resumed") this.#since.set(timing.id, link);
    if (type === "task-waiting" || type === "frames-announced") this.#perform(timing, false);
    if (entry.type !== "task-succeeded" && entry.type !== "task-failed") return;
    timing.status = entry.type === "task-succeeded" ? "succeeded" : "failed";
    timing.endedAt = link.at;
    if (entry.type === "task-succeeded" && entry.usage !== undefined) timing.usage = entry.usage;
    this.#perform(timing, false);
  }

  /** What the commit made possible. */
  #follow(step: Step, link: Link): void {
    for (const { id } of step.ready) this.#ready(id, link);
    for (const { task } of step.failed) {
      const timing = this.#tasks.get(task.id) ?? this.#ready(task.id, link);
      timing.status = "failed";
      timing.endedAt = link.at;
    }
    for (const { id } of step.start) {
      // Where the run goes on from another, the task was made ready by that one.
      const timing = this.#tasks.get(id) ?? this.#ready(id, link);
      timing.startedAt ??= link.at;
      timing.status = "open";
      delete timing.endedAt;
      this.#perform(timing, nodeOf(this.#playback.plan, id).inside === undefined);
    }
    for (const { composite, frame } of step.frames?.begin ?? []) this.#asked.set(frameKey(composite.id, frame), link);
    for (const { id } of step.frames?.due ?? []) this.#since.set(id, link);
  }

  #ready(id: TaskId, link: Link): Timing {
    const node = pathOf(this.#playback.plan, id);
    const timing: Timing = { id, node, readyAt: link.at, status: "open", attempts: 0, performing: false };
    this.#tasks.set(id, timing);
    this.#since.set(id, link);
    return timing;
  }

  #perform(timing: Timing, performing: boolean): void {
    if (timing.performing !== performing) this.#performing += performing ? 1 : -1;
    timing.performing = performing;
  }
}

/** What entries of any type may say of where they belong. */
interface Place {
  readonly type: string;
  readonly task?: TaskId;
  readonly frame?: number;
  readonly attempt?: number;
}

function frameKey(task: TaskId, frame: number): string {
  return `${task}[${frame}]`;
}
