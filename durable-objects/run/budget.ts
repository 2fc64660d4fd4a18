import type { ErrorRecord } from "../../src/base/errors.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { LogEntry, Spent, TaskUsage } from "../log/entry.ts";
import { isInside } from "../log/places.ts";
import { overBudget, type RunLimits } from "./budget-limits.ts";
import { compareTasks } from "./budget-order.ts";

/** Whether an attempt may begin: at once, later when what is in flight has used less than is reserved for it, or not within the limits. */
export type Grant = "go" | "wait" | ErrorRecord;

/** Dollars are counted in whole billionths: sums of them are the same in every order, and compare exactly. */
const NANO = 1e9;

interface Amount {
  readonly tokens: number;
  readonly nano: number;
}

const NOTHING: Amount = { tokens: 0, nano: 0 };

/**
 * What a run, with the runs that it goes on from, has spent and reserved. Every charge is a fact of the log, so the live run
 * and a restore that plays the log reach the same figures ({@link apply}); reservations are of attempts, and end with them.
 * While no attempt uses more than its estimate, what is spent stays within the limits; one that does exceeds them by that
 * excess at most (G12). No clock, no storage.
 */
export class Ledger {
  #limits: Amount;
  readonly #reserved = new Map<TaskId, Amount>();
  readonly #waiting = new Set<TaskId>();
  #spent: Amount;
  #open: Amount = NOTHING;
  #hasFreed = false;

  /** @param before what was spent where no entry tells of it: on another version of the graph */
  constructor(limits: RunLimits, before: Spent = { tokens: 0, costUsd: 0 }) {
    this.#limits = boundsOf(limits);
    this.#spent = toAmount(before);
  }

  /** From here on it counts for a run with these limits, which goes on from the one before; what is held is asked for again. */
  allow(limits: RunLimits): void {
    this.#limits = boundsOf(limits);
    this.#hasFreed = true;
  }

  /** False: every attempt may begin, and nobody need estimate it. */
  get isLimited(): boolean {
    return this.#limits.tokens < Number.POSITIVE_INFINITY || this.#limits.nano < Number.POSITIVE_INFINITY;
  }

  /** Attempts wait for what others have reserved, or for a higher budget: a run with nothing else to do has come to its limit. */
  get isHolding(): boolean {
    return this.#waiting.size > 0;
  }

  /** Usage of what was committed, and what attempts without one were charged. */
  get spent(): Spent {
    return toSpent(this.#spent);
  }

  /** Sum of the reservations of attempts that are under way. */
  get open(): Spent {
    return toSpent(this.#open);
  }

  /** What the attempt under way at a task was let go with. */
  reserved(task: TaskId): Spent | undefined {
    const amount = this.#reserved.get(task);
    return amount && toSpent(amount);
  }

  /** Takes a committed entry in, whether just written or read back; also those of the runs that this one goes on from. */
  apply(entry: LogEntry): void {
    switch (entry.type) {
      case "task-succeeded":
        this.#charge(entry.usage === undefined ? entry.spent : spentBy(entry.usage));
        return this.#over(entry.task);
      case "task-failed":
        this.#charge(entry.spent);
        return this.#over(entry.task);
      case "attempt-failed":
      case "attempt-lost":
        this.#charge(entry.spent);
        return this.#end(entry.task);
      case "task-waiting":
        this.#waiting.delete(entry.task);
        return this.#end(entry.task);
      case "run-cancelled":
      case "run-stopped":
        for (const task of this.#reserved.keys()) this.#end(task);
        this.#waiting.clear();
        return;
      case "attempt-started":
      case "frame-failed":
      case "frame-started":
      case "frame-updated":
      case "frames-announced":
      case "frames-extended":
      case "run-continued":
      case "run-migrated":
      case "run-paused":
      case "run-started":
      case "signal-received":
      case "state-updated":
      case "step-recorded":
      case "task-resumed":
    }
  }

  /**
   * Asks for an attempt at a task before it begins; a reservation that the task has already is replaced. "wait": the task is
   * among those that {@link freed} will name. An error (`budget_exceeded`): it would not fit though nothing were reserved.
   */
  reserve(task: TaskId, estimate: Spent, node: string): Grant {
    this.#end(task);
    const need = toAmount(estimate);
    const fits = (held: Amount): boolean => this.#shortOf(need, held) === undefined;
    if (fits(this.#open)) {
      this.#waiting.delete(task);
      this.#reserved.set(task, need);
      this.#open = sum(this.#open, need);
      return "go";
    }
    this.#waiting.add(task);
    const short = this.#shortOf(need, NOTHING);
    return short === undefined ? "wait" : this.#refusal(node, short, need);
  }

  /** The tasks to ask for again, in canonical order, once something was freed since they were last named. */
  freed(): readonly TaskId[] {
    if (!this.#hasFreed) return [];
    this.#hasFreed = false;
    const tasks = [...this.#waiting].sort(compareTasks);
    this.#waiting.clear();
    return tasks;
  }

  /**
   * What a restart is charged for an attempt that it cut off: the estimate, as far as it can have been reserved. Whether an
   * attempt had begun is not known, and attempts that only waited must not use a budget up beyond its limit.
   */
  lossOf(estimate: Spent): Spent | undefined {
    const { tokens, nano } = toAmount(estimate);
    const left = (limit: number, spent: number, open: number): number => Math.max(0, limit - spent - open);
    const loss = {
      tokens: Math.min(tokens, left(this.#limits.tokens, this.#spent.tokens, this.#open.tokens)),
      nano: Math.min(nano, left(this.#limits.nano, this.#spent.nano, this.#open.nano)),
    };
    return loss.tokens === 0 && loss.nano === 0 ? undefined : toSpent(loss);
  }

  #charge(spent: Spent | undefined): void {
    if (spent !== undefined) this.#spent = sum(this.#spent, toAmount(spent));
  }

  /** The task is over, and with it what was in its frames (R10, R11). */
  #over(task: TaskId): void {
    this.#end(task);
    this.#waiting.delete(task);
    for (const inner of this.#reserved.keys()) if (isInside(inner, task)) this.#end(inner);
    for (const inner of this.#waiting) if (isInside(inner, task)) this.#waiting.delete(inner);
  }

  #end(task: TaskId): void {
    const amount = this.#reserved.get(task);
    if (amount === undefined) return;
    this.#reserved.delete(task);
    this.#open = { tokens: this.#open.tokens - amount.tokens, nano: this.#open.nano - amount.nano };
    this.#hasFreed = true;
  }

  /** The limit that `need` would break beside what is held; what needs none of it breaks no limit that is broken already. */
  #shortOf(need: Amount, held: Amount): "tokens" | "nano" | undefined {
    const fits = (unit: "tokens" | "nano"): boolean =>
      need[unit] === 0 || this.#spent[unit] + held[unit] + need[unit] <= this.#limits[unit];
    if (!fits("tokens")) return "tokens";
    return fits("nano") ? undefined : "nano";
  }

  #refusal(node: string, unit: "tokens" | "nano", need: Amount): ErrorRecord {
    const scale = unit === "tokens" ? 1 : NANO;
    return overBudget(node, unit === "tokens" ? "tokens" : "cost_usd", {
      allowed: this.#limits[unit] / scale,
      spent: this.#spent[unit] / scale,
      reserved: this.#open[unit] / scale,
      needed: need[unit] / scale,
    });
  }
}

function boundsOf({ tokens, costUsd }: RunLimits): Amount {
  const nano = costUsd === undefined ? Number.POSITIVE_INFINITY : Math.round(costUsd * NANO);
  return { tokens: tokens ?? Number.POSITIVE_INFINITY, nano };
}

/** Words of the built-in models count as tokens; what has no known price costs nothing. */
export function spentBy({ inputTokens, outputTokens, costUsd }: Omit<TaskUsage, "model">): Spent {
  return { tokens: inputTokens + outputTokens, costUsd: costUsd ?? 0 };
}

/** What a provider reports is a stranger's number: what is none, or below zero, counts as nothing. */
function toAmount({ tokens, costUsd }: Spent): Amount {
  return { tokens: Math.ceil(countOf(tokens)), nano: Math.round(countOf(costUsd) * NANO) };
}

function countOf(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function toSpent({ tokens, nano }: Amount): Spent {
  return { tokens, costUsd: nano / NANO };
}

function sum(one: Amount, other: Amount): Amount {
  return { tokens: one.tokens + other.tokens, nano: one.nano + other.nano };
}
