import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { LogEntry } from "../log/entry.ts";
import { isInside } from "../log/places.ts";
import { combine } from "./failures.ts";

export interface FailedAttempt {
  readonly attempt: number;
  /** Unix milliseconds. */
  readonly retryAt: number;
}

/** What the log says of tasks beside the rules: attempts that ended or were cut off, steps that were made, failures. */
export class TaskNotes {
  readonly #steps = new Map<TaskId, Map<string, Json>>();
  readonly #losses = new Map<TaskId, number>();
  readonly #failures = new Map<TaskId, ErrorRecord>();
  readonly #failedAttempts = new Map<TaskId, FailedAttempt>();
  /** Unsafe tasks of which an attempt has begun and has not ended (design, section 3). */
  readonly #begun = new Set<TaskId>();

  apply(entry: LogEntry): void {
    switch (entry.type) {
      case "attempt-started":
        this.#begun.add(entry.task);
        return;
      case "attempt-lost":
        this.#losses.set(entry.task, this.losses(entry.task) + 1);
        return;
      case "attempt-failed":
        this.#begun.delete(entry.task);
        this.#failedAttempts.set(entry.task, { attempt: entry.attempt, retryAt: entry.retryAt });
        return;
      case "step-recorded": {
        const steps = this.#steps.get(entry.task) ?? new Map<string, Json>();
        this.#steps.set(entry.task, steps.set(entry.key, entry.value));
        return;
      }
      case "task-waiting":
        // Who is halted may have begun, and been cut off before that: it is as unknown as it was.
        if (entry.ask?.kind !== "breakpoint") this.#begun.delete(entry.task);
        return;
      case "frames-announced":
        this.#begun.delete(entry.task);
        return;
      case "task-resumed":
        // A redrive has all attempts again.
        if (this.#failures.delete(entry.task)) this.settle(entry.task);
        return;
      case "task-succeeded":
        this.forget(entry.task);
        return;
      case "task-failed":
        this.settle(entry.task);
        if (entry.outcome === undefined) this.#failures.set(entry.task, entry.error);
        return;
      case "run-continued":
        // Whoever goes on means to try: what stops and cancels have cut off is not held against a task.
        this.#losses.clear();
        return;
      case "run-started":
      case "run-migrated":
      case "run-paused":
      case "run-stopped":
      case "run-cancelled":
      case "state-updated":
      case "signal-received":
      case "frames-extended":
      case "frame-started":
      case "frame-updated":
      case "frame-failed":
    }
  }

  get failures(): ReadonlyMap<TaskId, ErrorRecord> {
    return this.#failures;
  }

  failed(task: TaskId, error: ErrorRecord): void {
    this.#failures.set(task, error);
  }

  /** The run's failure when these tasks are what is left of it. */
  failure(failed: readonly TaskId[]): ErrorRecord {
    return combine(failed, this.#failures);
  }

  /** Restarts that cut its attempts off. */
  losses(task: TaskId): number {
    return this.#losses.get(task) ?? 0;
  }

  hasBegun(task: TaskId): boolean {
    return this.#begun.has(task);
  }

  lastFailed(task: TaskId): FailedAttempt | undefined {
    return this.#failedAttempts.get(task);
  }

  step(task: TaskId, key: string): Json | undefined {
    return this.#steps.get(task)?.get(key);
  }

  /** What it has recorded, in the order in which it did. */
  steps(task: TaskId): readonly (readonly [key: string, value: Json])[] {
    return [...(this.#steps.get(task) ?? [])];
  }

  /** Its attempts are over. Steps stay: a redrive does not make them again. */
  settle(task: TaskId): void {
    this.#failedAttempts.delete(task);
    this.#begun.delete(task);
    this.#losses.delete(task);
  }

  /**
   * A composite is over, and redriven it begins anew with tasks of the same names. That an unsafe one of them has begun, and
   * was cut off, stays known: it is not repeated unasked.
   */
  dropInside(composite: TaskId): void {
    for (const notes of [this.#steps, this.#losses, this.#failures, this.#failedAttempts])
      for (const task of notes.keys()) if (isInside(task, composite)) notes.delete(task);
  }

  /** The task is over, or its frame is. */
  forget(task: TaskId): void {
    this.settle(task);
    this.#failures.delete(task);
    this.#steps.delete(task);
  }
}
