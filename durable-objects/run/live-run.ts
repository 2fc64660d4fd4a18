import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Step, Task, TaskId } from "../../src/engine/types.ts";
import type { Chunk, Commit, LogEntry } from "../log/entry.ts";
import type { RunRow, RunUsage } from "../log/rows.ts";
import { Attempt, type Settled, type Surroundings } from "./attempt.ts";
import { retryDelay } from "./backoff.ts";
import { combine } from "./failures.ts";
import { Playback, type Values } from "./playback.ts";
import type { Plan } from "../../src/graph/plan.ts";

/** A task between its start and its outcome. */
type Ongoing =
  | { readonly kind: "running"; readonly attempt: Attempt }
  | { readonly kind: "backing-off"; readonly task: Task; readonly attempt: number; readonly retryAt: number };

/** What a settled attempt makes of a run: the entry to commit, with what it streamed. */
export interface Verdict {
  readonly entry: LogEntry;
  readonly chunks: readonly Chunk[];
}

/**
 * Frame ids handed out before a restart and lost with it must never mean something else: ids go on from the next block. A
 * block holds more pieces than an object has memory for, and there are millions of blocks.
 */
const EVENT_BLOCK = 2 ** 28;

/** The run of a thread that is not over: its playback, its ongoing attempts and its counters. Storage is not its business. */
export class LiveRun {
  readonly row: RunRow;
  readonly playback: Playback;
  usage: RunUsage | null = null;
  readonly #failures = new Map<TaskId, ErrorRecord>();
  readonly #ongoing = new Map<TaskId, Ongoing>();
  readonly #failedAttempts = new Map<TaskId, { readonly attempt: number; readonly retryAt: number }>();
  #nextEvent: number;
  #epoch = 0;

  constructor(row: RunRow, plan: Plan, base: Values) {
    this.row = row;
    this.playback = new Playback(plan, row, base);
    this.#nextEvent = row.eventFloor;
  }

  /** Takes a committed entry in, whether just written or read back; answers what it starts. */
  apply(entry: LogEntry): Step | undefined {
    if (entry.type === "task-succeeded" && entry.usage) this.usage = addUsage(this.usage, entry.usage);
    if (entry.type === "attempt-failed") {
      this.#failedAttempts.set(entry.task, { attempt: entry.attempt, retryAt: entry.retryAt });
    }
    if (entry.type === "task-succeeded" || entry.type === "task-failed") {
      this.#ongoing.delete(entry.task);
      this.#failedAttempts.delete(entry.task);
    }
    if (entry.type === "task-failed") this.#failures.set(entry.task, entry.error);
    const step = this.playback.apply(entry);
    for (const { task, error } of step?.failed ?? []) {
      this.#failures.set(task.id, { ...error, node: this.playback.plan.nodes[task.node]?.id ?? "?" });
    }
    return step;
  }

  /** The run's failure when these tasks are what is left of it. */
  failure(failed: readonly TaskId[]): ErrorRecord {
    return combine(failed, this.#failures);
  }

  /** Counts a commit read back: frame ids up to its last are taken. */
  replayed(commit: Commit): Step | undefined {
    this.#nextEvent = Math.max(this.#nextEvent, commit.lastEvent + 1);
    return this.apply(commit.entry);
  }

  /** Takes `count` frame ids; answers the first. */
  takeEvents(count: number): number {
    const first = this.#nextEvent;
    this.#nextEvent += count;
    return first;
  }

  /** After a restart: leaves a gap for what was handed out and lost. Answers the new floor, to be stored. */
  skipLostEvents(): number {
    this.#epoch = Math.floor(this.#nextEvent / EVENT_BLOCK) + 1;
    this.#nextEvent = this.#epoch * EVENT_BLOCK;
    return this.#nextEvent;
  }

  /** Starts an attempt. Answers its end when it ended at once; otherwise `done` hears of it. */
  start(
    task: Task,
    surroundings: Omit<Surroundings, "nextEvent">,
    done: (verdict: Verdict) => void,
    now: () => number,
  ): Verdict | undefined {
    const number = (this.#failedAttempts.get(task.id)?.attempt ?? 0) + 1;
    const world = { ...surroundings, nextEvent: () => this.takeEvents(1) };
    const attempt = new Attempt(this.playback.plan, this.row.runId, task, number, this.#epoch, world);
    this.#ongoing.set(task.id, { kind: "running", attempt });
    const judge = (settled: Settled): Verdict | undefined => {
      // Fenced: only the attempt that is still the task's may speak for it.
      const ongoing = this.#ongoing.get(task.id);
      if (ongoing?.kind !== "running" || ongoing.attempt !== attempt) return undefined;
      return this.#verdict(attempt, settled, now());
    };
    const settled = attempt.run((late) => {
      const verdict = judge(late);
      if (verdict) done(verdict);
    });
    return settled && judge(settled);
  }

  /** The attempt-failed entry is committed: the task waits for its next try. */
  backOff(task: TaskId): void {
    const failed = this.#failedAttempts.get(task);
    const inFlight = this.playback.engine.task(task);
    if (failed && inFlight) this.#ongoing.set(task, { kind: "backing-off", task: inFlight, ...failed });
  }

  /** Tasks whose next try is due. */
  due(now: number): Task[] {
    return [...this.#ongoing.values()].flatMap((state) =>
      state.kind === "backing-off" && state.retryAt <= now ? [state.task] : [],
    );
  }

  /** After a restart: what was started and has no outcome, either to be tried again now or backing off still. */
  recover(now: number): Task[] {
    const again: Task[] = [];
    for (const { task, state } of this.playback.engine.inFlight()) {
      if (state !== "running") continue;
      const failed = this.#failedAttempts.get(task.id);
      if (failed && failed.retryAt > now) this.backOff(task.id);
      else again.push(task);
    }
    return again;
  }

  nextRetryAt(): number | undefined {
    const times = [...this.#ongoing.values()].flatMap((state) => (state.kind === "backing-off" ? [state.retryAt] : []));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  get isPerforming(): boolean {
    for (const state of this.#ongoing.values()) if (state.kind === "running") return true;
    return false;
  }

  /** Chunks of attempts that are not settled yet and hold a frame id above `after`, in order of their ids. */
  openChunks(after: number): Chunk[] {
    const chunks = [...this.#ongoing.values()].flatMap((state) =>
      state.kind === "running" ? state.attempt.chunksAfter(after) : [],
    );
    return chunks.sort((one, other) => one.first - other.first);
  }

  /** Closes every socket and forgets every timer; what the attempts have streamed is answered, to be kept. */
  abortAll(): Chunk[] {
    const streamed = this.openChunks(-1);
    for (const state of this.#ongoing.values()) if (state.kind === "running") state.attempt.abort();
    this.#ongoing.clear();
    return streamed;
  }

  #verdict(attempt: Attempt, settled: Settled, now: number): Verdict {
    const { task, number, chunks } = attempt;
    if (settled.ok) {
      const { outcome, result } = settled;
      const whole = result.message && !chunks.some((chunk) => chunk.kind === "say") ? { message: result.message } : {};
      const usage = result.usage ? { usage: result.usage } : {};
      return { entry: { type: "task-succeeded", task: task.id, attempt: number, outcome, ...usage, ...whole }, chunks };
    }
    const { retry } = attempt.node;
    if (!settled.error.retryable || number >= retry.attempts)
      return { entry: failed(task.id, number, settled.error), chunks };
    const retryAt = now + retryDelay(retry, number, settled.error.retryAfterMs, Math.random());
    return { entry: { type: "attempt-failed", task: task.id, attempt: number, error: settled.error, retryAt }, chunks };
  }
}

function failed(task: TaskId, attempt: number, error: ErrorRecord): LogEntry {
  return { type: "task-failed", task, attempt, error };
}

function addUsage(total: RunUsage | null, more: RunUsage): RunUsage {
  const { inputTokens, outputTokens, unit, costUsd } = more;
  if (!total) return { inputTokens, outputTokens, unit, costUsd };
  return {
    inputTokens: total.inputTokens + inputTokens,
    outputTokens: total.outputTokens + outputTokens,
    unit: total.unit === unit ? unit : "mixed",
    costUsd: total.costUsd === null || costUsd === null ? null : total.costUsd + costUsd,
  };
}
