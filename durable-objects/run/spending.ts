import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Scope } from "../../src/graph/plan.ts";
import type { Task, TaskId } from "../../src/engine/types.ts";
import type { Models } from "../../src/models/contract.ts";
import type { NodeKinds } from "../../src/nodes/registry.ts";
import type { LogEntry, Spent } from "../log/entry.ts";
import { isInFrame, nodeOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { Attempt } from "./attempt.ts";
import { Ledger, spentBy } from "./budget.ts";
import { estimateOf } from "./budget-charge.ts";
import { type RunLimits, runLimits, timeIsUpAt, timeUp, usedBefore } from "./budget-limits.ts";
import { compareTasks } from "./budget-order.ts";
import { StateSize } from "./budget-state.ts";
import { failedTask } from "./failed-task.ts";
import type { Playback } from "./playback.ts";

/** The limits of a live run as it meets them (0020): tokens and money before each attempt, its time, the size of its state. */
export class Spending {
  readonly #playback: Playback;
  readonly #kinds: NodeKinds;
  readonly #scopeOf: (task: Task) => Scope;
  readonly #ledger: Ledger;
  readonly #state: StateSize;
  #limits: RunLimits;
  /** Why the first of those that are held does not fit at all. */
  #refused: ErrorRecord | undefined;

  /** @param first the run itself, or the first of those it goes on from */
  constructor(playback: Playback, first: RunRow, kinds: NodeKinds, scopeOf: (task: Task) => Scope) {
    const { plan } = playback;
    this.#playback = playback;
    this.#kinds = kinds;
    this.#scopeOf = scopeOf;
    this.#limits = runLimits(plan, first.kwargs);
    this.#ledger = new Ledger(this.#limits, usedBefore(first.kwargs));
    this.#state = new StateSize(plan.limits.state);
  }

  /** All that the run, and those it goes on from, have used. */
  get spent(): Spent {
    return this.#ledger.spent;
  }

  /** Takes a committed entry in, whether just written or read back; also those of the runs that it goes on from. */
  apply(entry: LogEntry): void {
    this.#ledger.apply(entry);
    this.#state.apply(entry);
  }

  /** From here on it counts for that run. */
  goOn({ kwargs }: RunRow): void {
    this.#limits = runLimits(this.#playback.plan, kwargs);
    this.#ledger.allow(this.#limits);
    this.#refused = undefined;
  }

  /** Whether an attempt may begin. If not, its task is held: {@link freed} names it, or the run is stopped. */
  mayBegin(attempt: Attempt): boolean {
    const estimate = this.#ledger.isLimited ? attempt.estimate() : undefined;
    if (estimate === undefined) return true;
    const grant = this.#ledger.reserve(attempt.task.id, estimate, attempt.node.id);
    if (typeof grant === "object") this.#refused ??= grant;
    return grant === "go";
  }

  /** Held tasks that are to be asked for again, in canonical order. */
  freed(): readonly TaskId[] {
    const freed = this.#ledger.freed();
    if (freed.length > 0) this.#refused = undefined;
    return freed;
  }

  /** What an attempt was let go with, or would be. */
  estimate(attempt: Attempt): Spent | undefined {
    return this.#ledger.reserved(attempt.task.id) ?? attempt.estimate();
  }

  /** Attempts that are dropped while their run goes on, or may go on: nobody will say what they used, and somebody may be billed. */
  cutOff(attempts: readonly Attempt[]): LogEntry[] {
    const inOrder = [...attempts].sort((one, other) => compareTasks(one.task.id, other.task.id));
    return inOrder.flatMap((attempt): LogEntry[] => {
      const spent = attempt.isKept ? undefined : this.estimate(attempt);
      return spent === undefined ? [] : [{ type: "attempt-lost", task: attempt.task.id, spent }];
    });
  }

  /** What a restart cut off. Each is to be committed before the next is asked for: it leaves less for that one. */
  *lost(tasks: readonly Task[], models: Models): Iterable<LogEntry> {
    for (const task of [...tasks].sort((one, other) => compareTasks(one.id, other.id))) {
      const node = nodeOf(this.#playback.plan, task.id);
      const estimate = estimateOf(node, this.#kinds, { scope: this.#scopeOf(task), models });
      const spent = estimate && this.#ledger.lossOf(estimate);
      yield { type: "attempt-lost", task: task.id, ...(spent && { spent }) };
    }
  }

  /** Why the run is to stop now. @param isIdle nothing is under way or backing off: what is held will not be let go any more */
  stop(row: RunRow, now: number, isIdle: boolean): LogEntry | undefined {
    const late = timeUp(this.#limits, startOf(row), now);
    if (late !== undefined || !isIdle || !this.#ledger.isHolding || this.#refused === undefined) return late;
    return { type: "run-stopped", error: this.#refused };
  }

  /** Unix milliseconds; undefined where its time has no limit, and at rest, where nobody's time is counted. */
  endsAt(row: RunRow): number | undefined {
    return row.lastSeq === null ? timeIsUpAt(this.#limits, startOf(row)) : undefined;
  }

  /** What would make the state too large is its task's failure instead. In a frame nothing is in the run's state yet (R10). */
  fitting(entry: LogEntry): LogEntry {
    const { plan, engine } = this.#playback;
    if (plan.limits.state === undefined || entry.type !== "task-succeeded" || isInFrame(entry.task)) return entry;
    const task = engine.task(entry.task);
    const { id } = nodeOf(plan, entry.task);
    const values = () => this.#playback.values(this.#playback.channelNames());
    const error = this.#state.check(plan, id, entry.outcome.writes, values);
    if (error === undefined || task === undefined) return entry;
    const { attempt, usage } = entry;
    const spent = usage === undefined ? entry.spent : spentBy(usage);
    const failed = failedTask(plan, task, attempt, { ...error, attempt }, this.#scopeOf(task));
    return { ...failed, ...(spent && { spent }) };
  }
}

/** What runs that nobody started have taken before it counts with its own time. */
function startOf({ createdAt, kwargs }: RunRow): number {
  return createdAt - usedBefore(kwargs).timeMs;
}
