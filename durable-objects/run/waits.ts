import { canonicalJson, type Json } from "../../src/base/json.ts";
import type { TaskId } from "../../src/engine/types.ts";
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
    return [...this.#waiting.keys()].filter((task) => this.endOf(task, now) !== undefined);
  }

  /** What ends a task's wait now; a signal rather than the time. Undefined while it goes on. */
  endOf(task: TaskId, now: number): { readonly signal?: string } | undefined {
    const waiting = this.#waiting.get(task);
    if (waiting === undefined) return undefined;
    const signal = waiting.signal && this.#signalFor(task, waiting.signal);
    if (signal !== undefined) return { signal: signal.id };
    return waiting.until !== undefined && waiting.until <= now ? {} : undefined;
  }

  /** Signals go to waits in the order of both. */
  #signalFor(task: TaskId, wanted: SignalName): Signal | undefined {
    const rivals = [...this.#waiting].filter(([, { signal }]) => signal !== undefined && isSame(signal, wanted));
    const place = rivals.findIndex(([rival]) => rival === task);
    return [...this.#kept.values()].filter((signal) => isSame(signal, wanted))[place];
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

function isSame(one: SignalName, other: SignalName): boolean {
  return one.name === other.name && one.key === other.key;
}

function contentOf({ name, key, payload }: Signal): string {
  return canonicalJson([name, key, payload]);
}
