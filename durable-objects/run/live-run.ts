import { type ErrorRecord, toErrorRecord } from "../../src/base/errors.ts";
import type { LeftFrame, Step, Task, TaskId } from "../../src/engine/types.ts";
import type { Globals, Plan, Scope } from "../../src/graph/plan.ts";
import type { NodeKinds } from "../../src/nodes/registry.ts";
import type { Chunk, Commit, LogEntry } from "../log/entry.ts";
import { isInside, nodeOf, planOf } from "../log/places.ts";
import type { RunRow, RunUsage } from "../log/rows.ts";
import { Attempt, type Settled, type Surroundings } from "./attempt.ts";
import { findResult, type Keeper } from "./cached.ts";
import { Composites } from "./composites.ts";
import { failedTask } from "./failed-task.ts";
import { bounded } from "./failures.ts";
import { type Given, globalsOf } from "./globals.ts";
import { TaskNotes } from "./task-notes.ts";
import { Playback, type Values } from "./playback.ts";
import { attemptLost, outcomeUnknown } from "./recovery.ts";
import type { Means } from "../world.ts";
import { addUsage } from "./usage.ts";
import { type Verdict, verdictOf } from "./verdict.ts";
import { Waits } from "./waits.ts";
import { frameWork, type Work, workIn } from "./work.ts";

/** A task between its start and its outcome. */
type Ongoing =
  | { readonly kind: "running"; readonly attempt: Attempt }
  /** A composite whose result may be at hand. */
  | { readonly kind: "looking-up" }
  | { readonly kind: "backing-off"; readonly task: Task; readonly attempt: number; readonly retryAt: number };

/** What the object hands to every attempt. */
export interface Reach {
  readonly means: Means;
  readonly now: () => number;
  /** Something was streamed: followers may look. */
  readonly streamed: () => void;
  /** What came to be without being asked for: a late end, a step that was made. */
  readonly happened: (verdict: Verdict) => void;
}

/**
 * Frame ids handed out before a restart and lost with it must never mean something else: ids go on from the next block. A
 * block holds more pieces than an object has memory for, and there are millions of blocks.
 */
const EVENT_BLOCK = 2 ** 28;
const ENDS_ATTEMPT: ReadonlySet<LogEntry["type"]> = new Set([
  "task-waiting",
  "frames-announced",
  "task-succeeded",
  "task-failed",
]);
const FAR_MS = 30 * 24 * 3_600_000;

/** The run of a thread that is not over: its playback, its ongoing attempts and its counters. Storage is not its business. */
export class LiveRun {
  readonly row: RunRow;
  readonly playback: Playback;
  usage: RunUsage | null = null;
  readonly #given: Given;
  readonly #kinds: NodeKinds;
  readonly #composites: Composites;
  readonly waits = new Waits();
  readonly #globals = new Map<Plan, Globals>();
  readonly #notes = new TaskNotes();
  readonly #ongoing = new Map<TaskId, Ongoing>();
  #nextEvent: number;
  #epoch = 0;

  constructor(row: RunRow, given: Given, plan: Plan, base: Values, kinds: NodeKinds) {
    this.row = row;
    this.playback = new Playback(plan, row, base);
    this.#given = given;
    this.#kinds = kinds;
    this.#composites = new Composites(plan, row.runId, kinds, {
      scopeOf: (task) => this.#scopeOf(task),
      globalsOf: (inside) => this.#globalsOf(inside),
    });
    this.#nextEvent = row.eventFloor;
  }

  /** Takes a committed entry in, whether just written or read back; answers what it starts. */
  apply(entry: LogEntry): Step | undefined {
    if ((entry.type === "task-succeeded" || entry.type === "task-failed") && this.#composites.isOpen(entry.task))
      this.#dropInside(entry.task);
    this.#note(entry);
    const step = this.playback.apply(entry);
    for (const { task, error } of step?.failed ?? []) {
      this.#notes.failed(task.id, { ...error, node: nodeOf(this.playback.plan, task.id).id });
    }
    for (const left of step?.frames?.left ?? []) this.#leave(left);
    return step;
  }

  /** A composite of many items must not keep what each of them failed with, or has recorded. */
  #leave(left: LeftFrame): void {
    this.#composites.leave(left, this.#notes.failures);
    for (const task of left.failed) this.#notes.forget(task);
  }

  #note(entry: LogEntry): void {
    this.#composites.apply(entry);
    this.waits.apply(entry);
    this.#notes.apply(entry);
    if (entry.type === "task-succeeded" && entry.usage) this.usage = addUsage(this.usage, entry.usage);
    if (ENDS_ATTEMPT.has(entry.type) && "task" in entry) this.#ongoing.delete(entry.task);
  }

  #chunksInside(composite: TaskId): Chunk[] {
    return this.openChunks(-1).filter((chunk) => isInside(chunk.task, composite));
  }

  /** R11: what is still under way in the frames of a race that is decided is cancelled. */
  #dropInside(composite: TaskId): void {
    for (const [task, state] of this.#ongoing) {
      if (!isInside(task, composite)) continue;
      if (state.kind === "running") state.attempt.abort();
      this.#ongoing.delete(task);
      this.#notes.forget(task);
    }
    this.waits.dropInside(composite);
  }

  /** The run's failure when these tasks are what is left of it. */
  failure(failed: readonly TaskId[]): ErrorRecord {
    return this.#notes.failure(failed);
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

  /** Does a piece of work. Answers what it came to when it ended at once; otherwise `reach.happened` hears of it. */
  perform(work: Work, reach: Reach): Verdict | undefined {
    // Dropped since it was taken down: a frame of a race that is decided.
    const { id } = work.kind === "frame" ? work.request.composite : work.task;
    if (this.playback.engine.task(id) === undefined) return undefined;
    switch (work.kind) {
      case "resume":
        return this.#resume(work.task.id, reach.now());
      case "frame":
        return { entry: this.#composites.begin(work.request), chunks: [] };
      case "outcome": {
        const verdict = this.#orFail(
          work.task,
          () => this.#composites.again(work.task) ?? this.#composites.conclude(work.task, reach.means.cache),
        );
        // What losers of a race have said was heard: it stays, though nothing follows from it.
        return verdict && { ...verdict, chunks: this.#chunksInside(work.task.id) };
      }
      case "task":
        if (nodeOf(this.playback.plan, work.task.id).inside !== undefined) return this.#open(work.task, reach);
        return this.#attempt(work.task, reach);
    }
  }

  #resume(task: TaskId, now: number): Verdict | undefined {
    const end = this.waits.endOf(task, now);
    return end && { entry: { type: "task-resumed", task, ...end }, chunks: [] };
  }

  #attempt(task: Task, reach: Reach): Verdict | undefined {
    const number = (this.#notes.lastFailed(task.id)?.attempt ?? 0) + 1;
    const plan = planOf(this.playback.plan, task.id);
    const node = plan.nodes[task.node];
    const lost = attemptLost(this.#notes.losses(task.id), node);
    if (lost) return { entry: failedTask(plan, task, number, lost, this.#scopeOf(task)), chunks: [] };
    // It begins here and nowhere else: what has begun already did so before a restart.
    if (this.#notes.hasBegun(task.id)) return { entry: outcomeUnknown(task.id, number, node), chunks: [] };
    const attempt = new Attempt(plan, this.row.runId, task, number, this.#epoch, this.#surroundings(task, reach));
    this.#ongoing.set(task.id, { kind: "running", attempt });
    if (node?.effect === "unsafe")
      reach.happened({ entry: { type: "attempt-started", task: task.id, attempt: number }, chunks: [] });
    const judge = (settled: Settled): Verdict | undefined => {
      // Fenced: only the attempt that is still the task's may speak for it.
      const ongoing = this.#ongoing.get(task.id);
      if (ongoing?.kind !== "running" || ongoing.attempt !== attempt) return undefined;
      return verdictOf(plan, attempt, settled, reach.now());
    };
    const settled = attempt.run((late) => {
      const verdict = judge(late);
      if (verdict) reach.happened(verdict);
    });
    return settled && judge(settled);
  }

  #surroundings(task: Task, { means, now, happened, streamed }: Reach): Surroundings {
    return {
      means,
      streamed,
      kinds: this.#kinds,
      scope: this.#scopeOf(task),
      now: now(),
      resumed: this.waits.resumption(task.id),
      waited: { answers: [], expired: 0, since: undefined },
      nextEvent: () => this.takeEvents(1),
      recorded: (key) => this.#notes.step(task.id, key),
      record: (attempt, key, value) => {
        // Fenced, as its outcome is: what an attempt says that is over is nobody's step.
        const ongoing = this.#ongoing.get(task.id);
        if (ongoing?.kind !== "running" || ongoing.attempt !== attempt) return;
        happened({ entry: { type: "step-recorded", task: task.id, key, value }, chunks: [] });
      },
    };
  }

  /** R10: the composite's frames are announced, unless an equal one's result is at hand. */
  #open(task: Task, reach: Reach): Verdict | undefined {
    const announce = (): LogEntry => this.#composites.announce(task);
    let keeper: Keeper | undefined;
    const failed = this.#orFail(task, () => {
      keeper = this.#composites.keeperOf(task, reach.means.cache);
      return keeper === undefined ? announce() : undefined;
    });
    if (keeper === undefined) return failed;
    const asked: Ongoing = { kind: "looking-up" };
    this.#ongoing.set(task.id, asked);
    void findResult(keeper, this.#composites.messageId(task)).then((kept) => {
      if (this.#ongoing.get(task.id) !== asked) return;
      const verdict = this.#orFail(task, () =>
        kept === undefined ? announce() : this.#composites.succeed(task, kept.writes),
      );
      if (verdict) reach.happened(verdict);
    });
    return undefined;
  }

  #orFail(task: Task, make: () => LogEntry | undefined): Verdict | undefined {
    try {
      const entry = make();
      return entry && { entry, chunks: [] };
    } catch (thrown) {
      const { id } = nodeOf(this.playback.plan, task.id);
      const error = { node: id, ...bounded(toErrorRecord(thrown)) };
      const plan = planOf(this.playback.plan, task.id);
      return { entry: failedTask(plan, task, 1, error, this.#scopeOf(task)), chunks: [] };
    }
  }

  /** What a task's expressions see: its view, what the run was given, and in a frame its item. */
  #scopeOf({ id, view, payload }: Task): Scope {
    const plan = planOf(this.playback.plan, id);
    const globals = this.#globalsOf(plan);
    const locals = this.#composites.localsOf(id);
    return {
      read: (channel) => view.read(channel),
      globals: locals === undefined ? globals : { ...globals, ...locals },
      ...(payload === undefined ? {} : { payload }),
    };
  }

  #globalsOf(plan: Plan): Globals {
    const globals = this.#globals.get(plan) ?? globalsOf(plan, this.#given);
    this.#globals.set(plan, globals);
    return globals;
  }

  /** The attempt-failed entry is committed: the task waits for its next try. */
  backOff(task: TaskId): void {
    const failed = this.#notes.lastFailed(task);
    const inFlight = this.playback.engine.task(task);
    if (failed && inFlight) this.#ongoing.set(task, { kind: "backing-off", task: inFlight, ...failed });
  }

  /** What is due by now: next tries, and waits that are over. */
  due(now: number): Work[] {
    const tries = [...this.#ongoing.values()].flatMap((state): Work[] =>
      state.kind === "backing-off" && state.retryAt <= now ? [{ kind: "task", task: state.task }] : [],
    );
    return [...tries, ...this.#toResume(this.waits.over(now))];
  }

  /** What a commit leads to. */
  workAfter(entry: LogEntry, step: Step | undefined, now: number): Work[] {
    const work = workIn(step);
    if (entry.type === "signal-received") work.push(...this.#toResume(this.waits.over(now)));
    // A signal may have been there before its wait, and a deadline may be over.
    if (entry.type === "task-waiting" && this.waits.endOf(entry.task, now)) work.push(...this.#toResume([entry.task]));
    return work;
  }

  #toResume(waits: readonly TaskId[]): Work[] {
    return waits.flatMap((id): Work[] => {
      const task = this.playback.engine.task(id);
      return task === undefined ? [] : [{ kind: "resume", task }];
    });
  }

  /** After a restart: what was started and has no outcome, either to be tried again now or backing off still. */
  recover(now: number): Work[] {
    const { engine } = this.playback;
    const again: Work[] = [];
    for (const { task, state } of [...engine.inFlight(), ...engine.inFrames()]) {
      if (state !== "running") continue;
      const failed = this.#notes.lastFailed(task.id);
      if (failed && failed.retryAt > now) this.backOff(task.id);
      else again.push({ kind: "task", task });
    }
    return [...again, ...frameWork(engine.owed()), ...this.#toResume(this.waits.over(now))];
  }

  /** Unix milliseconds: when something is due by itself. */
  nextTime(): number | undefined {
    const times = [...this.#ongoing.values()].flatMap((state) => (state.kind === "backing-off" ? [state.retryAt] : []));
    const wait = this.waits.next;
    if (wait !== undefined) times.push(wait);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** When the sweep is to look whether it moves; who waits for somebody alone is looked at now and then. */
  nextLook(now: number): number {
    return this.nextTime() ?? (this.waits.isEmpty ? 0 : now + FAR_MS);
  }

  get isPerforming(): boolean {
    for (const state of this.#ongoing.values()) if (state.kind !== "backing-off") return true;
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
}
