import { canonicalJson, type Json } from "../../src/base/json.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { GivenAnswer } from "../../src/nodes/contract.ts";
import type { LogEntry, Signal, SignalName } from "../log/entry.ts";
import { isInside } from "../log/places.ts";

/** What a task waits for: a time in Unix milliseconds, a signal, or whichever comes first. */
export interface Waiting {
  readonly until?: number;
  readonly signal?: SignalName;
}

/** How a wait ended. */
export interface Resumption {
  /** The time it was for; 0 where there was none. */
  readonly at: number;
  readonly payload?: Json;
}

/** What a task's waits have come to so far. */
export interface Waited {
  readonly answers: readonly GivenAnswer[];
  /** Waits that ended because their time had come. */
  readonly expired: number;
  /** When the first began, Unix milliseconds. */
  readonly since: number | undefined;
}

/** What waits (R8), what has come from outside for it, and what has waited. The object's one alarm follows the earliest time. */
export class Waits {
  /** In the order in which they began to wait. */
  readonly #waiting = new Map<TaskId, Waiting>();
  readonly #resumed = new Map<TaskId, Resumption>();
  /** Signals that ended no wait yet, in the order in which they came. */
  readonly #kept = new Map<string, Signal>();
  /** Every signal's content, by its id. */
  readonly #received = new Map<string, string>();

  apply(entry: LogEntry): void {
    if (entry.type === "task-waiting") this.#waiting.set(entry.task, waitingOf(entry));
    if (entry.type === "signal-received") {
      this.#kept.set(entry.signal.id, entry.signal);
      this.#received.set(entry.signal.id, contentOf(entry.signal));
    }
    if (entry.type === "task-resumed") this.#resume(entry.task, entry.signal);
    if (entry.type === "task-succeeded" || entry.type === "task-failed") {
      this.#waiting.delete(entry.task);
      this.#resumed.delete(entry.task);
    }
  }

  #resume(task: TaskId, id: string | undefined): void {
    const at = this.#waiting.get(task)?.until ?? 0;
    const signal = id === undefined ? undefined : this.#kept.get(id);
    this.#resumed.set(task, signal === undefined ? { at } : { at, payload: signal.payload });
    this.#waiting.delete(task);
    if (id !== undefined) this.#kept.delete(id);
  }

  /** What waits in the frames of a composite that is over waits for nothing. */
  dropInside(composite: TaskId): void {
    for (const task of this.#waiting.keys()) if (isInside(task, composite)) this.#waiting.delete(task);
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  list(): readonly (Waiting & { readonly task: TaskId })[] {
    return [...this.#waiting].map(([task, waiting]) => ({ task, ...waiting }));
  }

  /** Unix milliseconds, of the earliest. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const { until } of this.#waiting.values())
      if (until !== undefined && (next === undefined || until < next)) next = until;
    return next;
  }

  /** Tasks whose wait is over: by their time, or by a signal that has come. */
  over(now: number): TaskId[] {
    const answers = this.#answers();
    return [...this.#waiting].flatMap(([task, { until }]) => (answers.has(task) || isOver(until, now) ? [task] : []));
  }

  /** What ends a task's wait now; a signal rather than the time. Undefined while it goes on. */
  endOf(task: TaskId, now: number): { readonly signal?: string } | undefined {
    const signal = this.#answers().get(task);
    if (signal !== undefined) return { signal };
    return isOver(this.#waiting.get(task)?.until, now) ? {} : undefined;
  }

  /** Signals go to waits in the order of both: the id of the one that each wait gets. */
  #answers(): ReadonlyMap<TaskId, string> {
    const answers = new Map<TaskId, string>();
    if (this.#kept.size === 0) return answers;
    const kept = Map.groupBy(this.#kept.values(), nameOf);
    for (const [task, { signal }] of this.#waiting) {
      const answer = signal && kept.get(nameOf(signal))?.shift();
      if (answer !== undefined) answers.set(task, answer.id);
    }
    return answers;
  }

  /** Whether a signal of that id has come; `other` when it said something else. */
  knows(signal: Signal): "no" | "same" | "other" {
    const known = this.#received.get(signal.id);
    if (known === undefined) return "no";
    return known === contentOf(signal) ? "same" : "other";
  }

  isKept(id: string): boolean {
    return this.#kept.has(id);
  }

  /** How the wait of a task ended that goes on. */
  resumption(task: TaskId): Resumption | undefined {
    return this.#resumed.get(task);
  }
}

function waitingOf({ until, signal }: Extract<LogEntry, { readonly type: "task-waiting" }>): Waiting {
  return { ...(until === null ? {} : { until }), ...(signal === undefined ? {} : { signal }) };
}

function isOver(until: number | undefined, now: number): boolean {
  return until !== undefined && until <= now;
}

function nameOf({ name, key }: SignalName): string {
  return JSON.stringify([name, key]);
}

function contentOf({ name, key, payload }: Signal): string {
  return canonicalJson([name, key, payload]);
}
