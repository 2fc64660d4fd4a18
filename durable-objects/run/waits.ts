import { canonicalJson, type Json } from "../../src/base/json.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { GivenAnswer } from "../../src/nodes/contract.ts";
import type { Answer, Ask, LogEntry, Signal, SignalName } from "../log/entry.ts";
import { isInside } from "../log/places.ts";

/** What a task waits for: a time in Unix milliseconds, a signal, an answer, or whichever comes first. */
export interface Waiting {
  readonly until?: number;
  readonly signal?: SignalName;
  readonly ask?: Ask;
}

/** How a wait ended. */
export interface Resumption {
  /** The time it was for; 0 where there was none. */
  readonly at: number;
  readonly payload?: Json;
  /** The kind of question that was answered, and what was said. */
  readonly answered?: { readonly kind: Ask["kind"]; readonly value: Json };
}

/** What a task's waits have come to so far. */
export interface Waited {
  readonly answers: readonly GivenAnswer[];
  /** Waits that ended because their time had come. */
  readonly expired: number;
  /** When the first began, Unix milliseconds. */
  readonly since: number | undefined;
}

/** A question that is open. */
export interface Open {
  readonly task: TaskId;
  readonly ask: Ask;
  readonly since: number;
  readonly until: number | undefined;
  /** To this question, in the order in which they came. */
  readonly answers: readonly GivenAnswer[];
}

const NEVER: Waited = { answers: [], expired: 0, since: undefined };

/** What waits (R8), what has come from outside for it, and what has waited. The object's one alarm follows the earliest time. */
export class Waits {
  /** In the order in which they began to wait. */
  readonly #waiting = new Map<TaskId, Waiting>();
  readonly #waited = new Map<TaskId, Waited>();
  readonly #resumed = new Map<TaskId, Resumption>();
  /** Signals that ended no wait yet, in the order in which they came. */
  readonly #kept = new Map<string, Signal>();
  /** Every signal's content, by its id. */
  readonly #received = new Map<string, string>();
  /** Who said what to which question, and the run that took it: an answer may come twice (G9). */
  readonly #answered = new Map<string, Map<string | null, { readonly said: string; readonly runId: string }>>();

  /** Questions that were answered, by task. */
  readonly #asksOf = new Map<TaskId, Set<string>>();

  /** @param at when it was committed, Unix milliseconds; @param runId by which run */
  apply(entry: LogEntry, at: number, runId: string): void {
    if (entry.type === "task-waiting") {
      this.#waiting.set(entry.task, waitingOf(entry));
      const waited = this.waited(entry.task);
      if (waited.since === undefined && !isBreakpoint(entry)) this.#waited.set(entry.task, { ...waited, since: at });
    }
    if (entry.type === "signal-received") {
      this.#kept.set(entry.signal.id, entry.signal);
      this.#received.set(entry.signal.id, contentOf(entry.signal));
    }
    if (entry.type === "task-resumed") this.#resume(entry.task, entry.signal, entry.answer, runId);
    if (entry.type === "task-succeeded" || entry.type === "task-failed") this.#forget(entry.task);
    // A redrive asks anew, under the same id.
    if (entry.type === "task-failed" && entry.outcome === undefined) this.#forgetAnswers(entry.task);
  }

  #resume(task: TaskId, id: string | undefined, answer: Answer | undefined, runId: string): void {
    const waiting = this.#waiting.get(task);
    // What had failed, and is tried anew, has not waited.
    if (waiting === undefined) return;
    // Nor has what was halted: it is where it was, with whatever it had heard before.
    if (isBreakpoint(waiting)) {
      this.#waiting.delete(task);
      return;
    }
    const at = waiting.until ?? 0;
    const signal = id === undefined ? undefined : this.#kept.get(id);
    const waited = this.waited(task);
    if (answer !== undefined && waiting.ask !== undefined) {
      const { kind } = waiting.ask;
      this.#resumed.set(task, { at, answered: { kind, value: answer.value } });
      if (kind === "gate")
        this.#waited.set(task, { ...waited, answers: [...waited.answers, givenOf(answer, waiting)] });
      this.#noteAnswer(task, answer, runId);
    } else if (signal === undefined) {
      this.#resumed.set(task, { at });
      this.#waited.set(task, { ...waited, expired: waited.expired + 1 });
    } else this.#resumed.set(task, { at, payload: signal.payload });
    this.#waiting.delete(task);
    if (id !== undefined) this.#kept.delete(id);
  }

  #noteAnswer(task: TaskId, { ask, by, value }: Answer, runId: string): void {
    const answered = this.#answered.get(ask) ?? new Map<string | null, { said: string; runId: string }>();
    this.#answered.set(ask, answered.set(by, { said: canonicalJson(value), runId }));
    const asks = this.#asksOf.get(task) ?? new Set<string>();
    this.#asksOf.set(task, asks.add(ask));
  }

  #forgetAnswers(task: TaskId): void {
    for (const ask of this.#asksOf.get(task) ?? []) this.#answered.delete(ask);
    this.#asksOf.delete(task);
  }

  #forget(task: TaskId): void {
    this.#waiting.delete(task);
    this.#resumed.delete(task);
    this.#waited.delete(task);
  }

  /** What waits in the frames of a composite that is over waits for nothing. */
  dropInside(composite: TaskId): void {
    for (const task of this.#waiting.keys()) if (isInside(task, composite)) this.#forget(task);
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Whether a task of these goes on without somebody's answer: by a time that stands by itself, or a signal. */
  moves(tasks: readonly TaskId[]): boolean {
    return tasks.some((task) => this.#waiting.get(task)?.ask === undefined);
  }

  list(): readonly (Waiting & { readonly task: TaskId })[] {
    return [...this.#waiting].map(([task, waiting]) => ({ task, ...waiting }));
  }

  /** The open questions, in the order in which they were asked. */
  open(): readonly Open[] {
    return [...this.#waiting].flatMap(([task, { ask, until }]): Open[] => {
      if (ask === undefined) return [];
      const { answers, since = 0 } = this.waited(task);
      // a task may ask one thing after another: who has answered the one may answer the next
      const given = answers.filter(({ key }) => key === (ask.key ?? ""));
      return [{ task, ask, until, since, answers: given }];
    });
  }

  /** The run that took an answer to this question by this person; `other` where it said something else. */
  answeredBy({ ask, by, value }: Answer): { readonly runId: string; readonly other: boolean } | undefined {
    const known = this.#answered.get(ask)?.get(by);
    return known && { runId: known.runId, other: known.said !== canonicalJson(value) };
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
    const answers = this.#signals();
    return [...this.#waiting].flatMap(([task, { until }]) => (answers.has(task) || isOver(until, now) ? [task] : []));
  }

  /** What ends a task's wait now; a signal rather than the time. Undefined while it goes on. */
  endOf(task: TaskId, now: number): { readonly signal?: string } | undefined {
    const signal = this.#signals().get(task);
    if (signal !== undefined) return { signal };
    return isOver(this.#waiting.get(task)?.until, now) ? {} : undefined;
  }

  /** Signals go to waits in the order of both: the id of the one that each wait gets. */
  #signals(): ReadonlyMap<TaskId, string> {
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

  /** Signals that ended no wait yet. */
  kept(): readonly Signal[] {
    return [...this.#kept.values()];
  }

  isKept(id: string): boolean {
    return this.#kept.has(id);
  }

  /** How the wait of a task ended that goes on. */
  resumption(task: TaskId): Resumption | undefined {
    return this.#resumed.get(task);
  }

  waited(task: TaskId): Waited {
    return this.#waited.get(task) ?? NEVER;
  }
}

function waitingOf({ until, signal, ask }: Extract<LogEntry, { readonly type: "task-waiting" }>): Waiting {
  return {
    ...(until === null ? {} : { until }),
    ...(signal === undefined ? {} : { signal }),
    ...(ask === undefined ? {} : { ask }),
  };
}

function isBreakpoint({ ask }: { readonly ask?: Ask }): boolean {
  return ask?.kind === "breakpoint";
}

/** The node knows its questions by keys of its own. */
function givenOf({ by, value }: Answer, { ask }: Waiting): GivenAnswer {
  return { key: ask?.key ?? "", by, value };
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
