import { type ErrorRecord, toErrorRecord } from "../../src/base/errors.ts";
import type { LeftFrame, Step, Task, TaskId } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { NodeKinds } from "../../src/nodes/registry.ts";
import { type Chunk, type Commit, type LogEntry, PIECE_IDS } from "../log/entry.ts";
import { nodeOf, planOf } from "../log/places.ts";
import type { RunRow, RunUsage } from "../log/rows.ts";
import { Attempt, type Settled, type Surroundings } from "./attempt.ts";
import { findResult, type Keeper, NO_CACHE } from "./cached.ts";
import { breakpointAt, Breakpoints } from "./breakpoints.ts";
import { Composites } from "./composites.ts";
import { earliest } from "./deadlines.ts";
import { EventIds } from "./event-ids.ts";
import { failedTask } from "./failed-task.ts";
import { bounded, combine } from "./failures.ts";
import type { Given } from "./globals.ts";
import { Ongoing } from "./ongoing.ts";
import { Scopes } from "./scopes.ts";
import { Spending } from "./spending.ts";
import { TaskNotes } from "./task-notes.ts";
import { Playback, type Values } from "./playback.ts";
import { attemptLost, decided, outcomeUnknown, UnsafeEffects } from "./recovery.ts";
import type { Reach } from "./reach.ts";
import { addUsage } from "./usage.ts";
import { type Verdict, verdictOf } from "./verdict.ts";
import { Waits } from "./waits.ts";
import { frameWork, type Work, workIn } from "./work.ts";

const FAR_MS = 30 * 24 * 3_600_000;

/** The run of a thread that is not over: its playback, its ongoing attempts and its counters. Storage is not its business. */
export class LiveRun {
  /** The first of those that it goes on from, or it itself. */
  readonly first: RunRow;
  readonly playback: Playback;
  /** The thread's values when it, or what it goes on from, began. */
  readonly base: Values;
  usage: RunUsage | null = null;
  #row: RunRow;
  /** Nothing new of it starts. */
  #pause: string | undefined;
  /** What unsafe nodes have done, by their path: here, and in a fork, in what it was forked from. */
  readonly #done: UnsafeEffects;
  readonly #kinds: NodeKinds;
  readonly #composites: Composites;
  readonly waits = new Waits();
  readonly notes = new TaskNotes();
  readonly #ongoing = new Ongoing();
  readonly scopes: Scopes;
  readonly #events: EventIds;
  readonly spending: Spending;
  readonly #breakpoints: Breakpoints;

  /** @param first the run itself, or the first of those it goes on from, whose commits are to be handed to {@link inherit} */
  constructor(first: RunRow, given: Given, plan: Plan, base: Values, kinds: NodeKinds) {
    this.#row = this.first = first;
    this.playback = new Playback(plan, first, base);
    this.#breakpoints = new Breakpoints(this.playback, first);
    this.base = base;
    this.#kinds = kinds;
    this.#done = new UnsafeEffects(plan);
    this.scopes = new Scopes(this.playback, given, (task) => this.#composites.localsOf(task));
    this.#composites = new Composites(plan, () => this.#row.lineage, kinds, {
      scopeOf: (task) => this.scopes.of(task),
      globalsOf: (inside) => this.scopes.globals(inside),
      taskOf: (id) => this.playback.engine.task(id),
    });
    this.#events = new EventIds(first.eventFloor);
    this.spending = new Spending(this.playback, first, kinds, (task) => this.scopes.of(task));
  }

  get row(): RunRow {
    return this.#row;
  }

  /** From here on it is that run: frames, usage and what it was given are its own; tasks keep their names. */
  goOn(row: RunRow, given: Given): void {
    this.#row = row;
    this.scopes.give(given);
    this.usage = null;
    this.#pause = undefined;
    this.#events.goOn(row.eventFloor, row.n);
    this.spending.goOn(row);
    this.#breakpoints.goOn(row);
  }

  /** Takes in a commit of what it goes on from. */
  inherit(commit: Commit, row: RunRow): void {
    this.#row = row;
    this.apply(commit.entry, commit.at);
    this.playback.shown(commit);
  }

  /** Of a fork: what was done after the point that it starts from is not done again without being asked for (design, section 3). */
  remember(entry: LogEntry, plan: Plan): void {
    this.#done.remember(entry, plan);
  }

  /** What it left may go on. */
  endedAs(row: RunRow): void {
    this.#row = row;
  }

  get pause(): string | undefined {
    return this.#pause;
  }

  /** Takes a committed entry in, whether just written or read back; answers what it starts. @param at Unix milliseconds */
  apply(entry: LogEntry, at: number): Step | undefined {
    const composite = this.#concludedBy(entry);
    if (composite !== undefined) this.#dropInside(composite);
    this.#note(entry, at);
    const step = this.playback.apply(entry);
    this.#breakpoints.apply(entry, step);
    for (const { task, error } of step?.failed ?? []) {
      this.notes.failed(task.id, { ...error, node: nodeOf(this.playback.plan, task.id).id });
    }
    for (const left of step?.frames?.left ?? []) this.#leave(left);
    return step;
  }

  #concludedBy(entry: LogEntry): TaskId | undefined {
    const isOver = entry.type === "task-succeeded" || entry.type === "task-failed";
    return isOver && this.#composites.isOpen(entry.task) ? entry.task : undefined;
  }

  /** To be committed before attempts are dropped: what they may have used. @param by only those that this entry drops (R11) */
  cutOff(by?: LogEntry): LogEntry[] {
    const composite = by && this.#concludedBy(by);
    if (by !== undefined && composite === undefined) return [];
    return this.spending.cutOff(this.#ongoing.attempts(composite));
  }

  /** A composite of many items must not keep what each of them failed with, or has recorded. */
  #leave(left: LeftFrame): void {
    this.#composites.leave(left, this.notes.failures);
    for (const task of left.failed) this.notes.forget(task);
  }

  #note(entry: LogEntry, at: number): void {
    this.#composites.apply(entry);
    this.waits.apply(entry, at, this.#row.runId);
    this.notes.apply(entry);
    this.#done.apply(entry);
    this.spending.apply(entry);
    if (entry.type === "run-paused") this.#pause = entry.reason;
    if (entry.type === "task-succeeded" && entry.usage) this.usage = addUsage(this.usage, entry.usage);
    this.#ongoing.apply(entry);
  }

  /** R11: what is still under way in the frames of a race that is decided is cancelled. */
  #dropInside(composite: TaskId): void {
    this.#ongoing.dropInside(composite);
    this.notes.dropInside(composite);
    this.waits.dropInside(composite);
  }

  /** The run's failure when these tasks are what is left of it. */
  failure(failed: readonly TaskId[]): ErrorRecord {
    return combine(failed, this.#composites.failuresIn(failed, this.notes.failures));
  }

  /** Counts a commit read back: frame ids up to its last are taken. */
  replayed(commit: Commit): void {
    this.#events.taken(commit.lastEvent);
    this.apply(commit.entry, commit.at);
    this.playback.shown(commit);
  }

  /** Takes `count` frame ids; answers the first. */
  takeEvents(count: number): number {
    return this.#events.take(count);
  }

  /** After a restart: leaves a gap for what was handed out and lost. Answers the new floor, to be stored. */
  skipLostEvents(): number {
    return this.#events.skipLost();
  }

  /** Does a piece of work. Answers what it came to when it ended at once; otherwise `reach.happened` hears of it. */
  perform(work: Work, given: Reach): Verdict | undefined {
    const reach = { ...given, happened: (verdict: Verdict) => given.happened(this.#fitting(verdict)) };
    const verdict = this.#perform(work, reach);
    return verdict && this.#fitting(verdict);
  }

  #fitting(verdict: Verdict): Verdict {
    return { ...verdict, entry: this.spending.fitting(verdict.entry) };
  }

  #perform(work: Work, reach: Reach): Verdict | undefined {
    // What a pause leaves undone is done when the run goes on.
    if (this.#pause !== undefined) return undefined;
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
        return verdict && { ...verdict, chunks: this.#ongoing.chunksInside(work.task.id) };
      }
      case "task":
        if (this.#breakpoints.stops(id)) return { entry: breakpointAt(this.#row.lineage, id), chunks: [] };
        if (nodeOf(this.playback.plan, work.task.id).inside !== undefined) return this.#open(work.task, reach);
        return this.#attempt(work.task, reach);
    }
  }

  #resume(task: TaskId, now: number): Verdict | undefined {
    const end = this.waits.endOf(task, now);
    return end && { entry: { type: "task-resumed", task, ...end }, chunks: [] };
  }

  #attempt(task: Task, reach: Reach): Verdict | undefined {
    const number = (this.notes.lastFailed(task.id)?.attempt ?? 0) + 1;
    const plan = planOf(this.playback.plan, task.id);
    const node = plan.nodes[task.node];
    const lost = attemptLost(this.notes.losses(task.id), node);
    if (lost) return { entry: failedTask(plan, task, number, lost, this.scopes.of(task)), chunks: [] };
    const unsafe = this.#unsafe(task, plan, number);
    if (unsafe) return unsafe;
    const { epoch } = this.#events;
    const attempt = new Attempt(plan, this.#row.lineage, task, number, epoch, this.#surroundings(task, reach));
    if (!this.spending.mayBegin(attempt)) return this.#ongoing.hold(task.id);
    this.#ongoing.run(attempt);
    if (node?.effect === "unsafe")
      reach.happened({ entry: { type: "attempt-started", task: task.id, attempt: number }, chunks: [] });
    const judge = (settled: Settled): Verdict | undefined => {
      if (!this.#ongoing.isRunning(attempt)) return undefined;
      return verdictOf(plan, attempt, settled, reach.now(), () => this.spending.estimate(attempt));
    };
    const settled = attempt.run((late) => {
      const verdict = judge(late);
      if (verdict) reach.happened(verdict);
    });
    return settled && judge(settled);
  }

  /** Whether an unsafe effect has been made is asked, not guessed; what is answered is done (design, section 3). */
  #unsafe(task: Task, plan: Plan, number: number): Verdict | undefined {
    const node = plan.nodes[task.node];
    const { answered } = this.waits.resumption(task.id) ?? {};
    const recorded = this.#done.of(task.id);
    // An answer counts for the attempt that it was given for: one that has begun since and died is asked about anew.
    if (answered?.kind === "outcome_unknown" && !this.notes.hasBegun(task.id)) {
      const entry = decided(plan, task, number, answered.value, recorded, this.scopes.of(task));
      return entry && { entry, chunks: [] };
    }
    // It begins here and nowhere else: what has begun already did so before a restart.
    if (node === undefined || node.onUnknown === "retry") return undefined;
    if (recorded === undefined && !this.notes.hasBegun(task.id)) return undefined;
    const key = `unknown ${this.#row.n} ${this.notes.losses(task.id)}`;
    return { entry: outcomeUnknown(this.#row.lineage, task.id, key, node, recorded), chunks: [] };
  }

  #surroundings(task: Task, { means, now, happened, streamed }: Reach): Surroundings {
    return {
      means,
      streamed,
      kinds: this.#kinds,
      scope: this.scopes.of(task),
      now: now(),
      resumed: this.waits.resumption(task.id),
      waited: this.waits.waited(task.id),
      nextEvent: () => this.takeEvents(PIECE_IDS),
      recorded: (key) => this.notes.step(task.id, key),
      record: (attempt, key, value) => {
        // Fenced, as its outcome is: what an attempt says that is over is nobody's step.
        if (!this.#ongoing.isRunning(attempt)) return;
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
    const isAsked = this.#ongoing.lookUp(task.id);
    void findResult(keeper, this.#composites.messageId(task)).then((kept) => {
      if (!isAsked()) return;
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
      return { entry: failedTask(plan, task, 1, error, this.scopes.of(task)), chunks: [] };
    }
  }

  /** The attempt-failed entry is committed: the task waits for its next try. */
  backOff(task: TaskId): void {
    const failed = this.notes.lastFailed(task);
    const inFlight = this.playback.engine.task(task);
    if (failed && inFlight) this.#ongoing.backOff(inFlight, failed);
  }

  /** What is due by now: next tries, and waits that are over. */
  due(now: number): Work[] {
    const tries = this.#ongoing.due(now).map((task): Work => ({ kind: "task", task }));
    return [...tries, ...this.#workOf("resume", this.waits.over(now))];
  }

  /** What a commit leads to. */
  workAfter(entry: LogEntry, step: Step | undefined, now: number): Work[] {
    const work = workIn(step);
    if (entry.type === "signal-received") work.push(...this.#workOf("resume", this.waits.over(now)));
    // A signal may have been there before its wait, and a deadline may be over.
    if (entry.type === "task-waiting" && this.waits.endOf(entry.task, now))
      work.push(...this.#workOf("resume", [entry.task]));
    return [...work, ...this.#workOf("task", this.spending.freed())];
  }

  #workOf(kind: "task" | "resume", tasks: readonly TaskId[]): Work[] {
    return tasks.flatMap((id): Work[] => {
      const task = this.playback.engine.task(id);
      return task === undefined ? [] : [{ kind, task }];
    });
  }

  /** What composites are owed, one thing of it: pure, and done without being performed. */
  owed(): LogEntry | undefined {
    const { begin, due } = this.playback.engine.owed();
    const [request] = begin;
    if (request !== undefined) return this.#composites.begin(request);
    const [task] = due;
    const conclude = (composite: Task): LogEntry =>
      this.#composites.again(composite) ?? this.#composites.conclude(composite, NO_CACHE);
    const verdict = task && this.#orFail(task, () => conclude(task));
    return verdict && this.#fitting(verdict).entry;
  }

  /** After a restart, or where a run goes on: what was started and has no outcome, either to be tried again now or backing off still. */
  recover(now: number): Work[] {
    const { engine } = this.playback;
    const again: Work[] = [];
    for (const { task, state } of [...engine.inFlight(), ...engine.inFrames()]) {
      if (state !== "running") continue;
      const failed = this.notes.lastFailed(task.id);
      if (failed && failed.retryAt > now) this.backOff(task.id);
      else again.push({ kind: "task", task });
    }
    return [...again, ...frameWork(engine.owed()), ...this.#workOf("resume", this.waits.over(now))];
  }

  /** Unix milliseconds: when something is due by itself. */
  nextTime(): number | undefined {
    const times = [this.#ongoing.next, this.waits.next, this.spending.endsAt(this.#row)];
    return earliest(times);
  }

  /** When the sweep is to look whether it moves; who waits for somebody alone is looked at now and then. */
  nextLook(now: number): number {
    return this.nextTime() ?? (this.waits.isEmpty ? 0 : now + FAR_MS);
  }

  /** The entry by which a budget stops it now: its time is up, or nothing of it can go on within its limits. */
  stop(now: number, isIdle: boolean): LogEntry | undefined {
    const hasCome = isIdle && !this.isPerforming && this.#ongoing.next === undefined && this.#pause === undefined;
    return this.spending.stop(this.#row, now, hasCome);
  }

  get isPerforming(): boolean {
    return this.#ongoing.isPerforming;
  }

  /** Chunks of attempts that are not settled yet and hold a frame id above `after`, in order of their ids. */
  openChunks(after: number): Chunk[] {
    return this.#ongoing.chunks(after);
  }

  /** Closes every socket and forgets every timer; what the attempts have streamed is answered, to be kept. */
  abortAll(): Chunk[] {
    return this.#ongoing.abortAll();
  }
}
