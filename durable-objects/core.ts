import { failure, toErrorRecord } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import type { Plan } from "../src/graph/plan.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { type Chunk, type Commit, isCheckpoint, type LogEntry } from "./log/entry.ts";
import type { RunRow, ThreadRow } from "./log/rows.ts";
import { Snapshots } from "./log/snapshots.ts";
import { ThreadStore } from "./log/store.ts";
import { DELIVERY_DELAY_MS, Outbox, threadNotice } from "./outbox.ts";
import { Performer } from "./performer.ts";
import { bounded } from "./run/failures.ts";
import { readInput } from "./run/input.ts";
import { refuseTooLarge } from "./run/limits.ts";
import { checkGiven, type Given, givenOf } from "./run/globals.ts";
import { LiveRun } from "./run/live-run.ts";
import type { Verdict } from "./run/verdict.ts";
import type { Values } from "./run/playback.ts";
import { loadPlan } from "./run/plans.ts";
import { statusAfter, verdictOn } from "./run/ending.ts";
import { newRun } from "./run/new-run.ts";
import type { Address, StartRun, ThreadStatus } from "./thread-api.ts";
import type { Work } from "./run/work.ts";
import type { Means, World } from "./world.ts";

/** While a run moves, its alarm is never further away than this: so soon it goes on after a crash (design, section 3). */
export const LEASE_MS = 5_000;

/**
 * A thread: restores it from its log, commits to it, and performs what the engine starts. One rule holds the rest up:
 * memory changes only together with the log, so that whatever kills the object loses nothing but unfinished attempts.
 */
export class ThreadCore {
  readonly store: ThreadStore;
  readonly #context: DurableObjectState;
  readonly #world: World;
  readonly #clock: AlarmClock;
  readonly #outbox: Outbox;
  readonly #watchers = new Set<() => void>();
  #row: ThreadRow | undefined;
  #values: Values = new Map();
  #last = { seq: 0, at: 0, step: -2 };
  readonly #snapshots: Snapshots;
  /** Why the values are not known: a run's graph cannot be read, and what it wrote cannot be folded without. */
  #unreadable: unknown;
  #live: LiveRun | undefined;
  readonly #performer = new Performer((work) => this.#do(work));
  #means: Means | undefined;
  #deliverySet = false;

  constructor(context: DurableObjectState, world: World) {
    this.#context = context;
    this.#world = world;
    this.#clock = new AlarmClock(context.storage);
    this.store = new ThreadStore(context.storage.sql);
    this.#snapshots = new Snapshots(this.store);
    this.#outbox = new Outbox(this.store, world.index);
  }

  /** Nothing was ever written here, or all of it was erased. */
  get isEmpty(): boolean {
    return this.#row === undefined;
  }

  get live(): LiveRun | undefined {
    return this.#live;
  }

  /** Erased, but the index has not heard of it yet: nobody finds the thread, and nothing can take its place. */
  get isBeingErased(): boolean {
    return this.#row?.deleted === true;
  }

  /** Every channel's value after the last run that is over. @throws when they cannot be read: none are better than wrong ones. */
  get values(): Values {
    if (this.#unreadable) throw this.#unreadable;
    return this.#values;
  }

  get lastCommit(): { readonly seq: number; readonly at: number; readonly step: number } {
    return this.#last;
  }

  /** @throws EdgewiseError `not_found` for a thread that does not exist, was erased, or is another tenant's. */
  thread({ tenant, threadId }: Address): ThreadRow {
    const row = this.#row;
    if (!row || row.deleted || row.tenant !== tenant)
      throw failure("not_found", `Thread with ID ${threadId} not found`);
    return row;
  }

  status(): ThreadStatus {
    return this.#live ? "busy" : statusAfter(this.#row && this.store.lastRun());
  }

  /** Hears of every commit and every streamed piece; the answer takes the ear away again. */
  watch(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Reads the thread back; to be called once, before anything else, with the object blocked. */
  async restore(): Promise<void> {
    this.#row = this.store.thread();
    if (!this.#row) return;
    await this.#clock.read(this.#world.now());
    const last = this.store.lastCommit();
    const snapshot = this.#snapshots.restore();
    this.#values = snapshot.values;
    for (const run of this.store.runsAfter(snapshot.seq)) this.#replay(run, last?.seq ?? 0);
    if (last) this.#last = { seq: last.seq, at: last.at, step: this.store.checkpoints(last.seq + 1, 1)[0]?.step ?? -2 };
    if (this.#live) this.#recover(this.#live);
    this.#context.storage.transactionSync(() => this.#arm());
  }

  #replay(run: RunRow, lastSeq: number): void {
    let plan: Plan;
    try {
      plan = this.plan(run.graphHash);
      if (this.#unreadable) throw this.#unreadable;
    } catch (thrown) {
      this.#unreadable ??= thrown;
      if (run.lastSeq === null) this.#giveUp(run, thrown, lastSeq);
      return;
    }
    const live = new LiveRun(run, givenOf(run, this.#row?.threadId ?? ""), plan, this.#values, this.#world.kinds);
    for (const commit of this.store.commits(run.firstSeq, run.lastSeq ?? lastSeq)) live.replayed(commit);
    if (run.lastSeq === null) this.#live = live;
    else this.#values = live.playback.threadValues();
  }

  /** A live run whose graph this version cannot read ends with that reason instead of staying live for ever. */
  #giveUp(run: RunRow, thrown: unknown, lastSeq: number): void {
    this.#context.storage.transactionSync(() => {
      const over: RunRow = {
        ...run,
        status: "error",
        error: bounded(toErrorRecord(thrown)),
        lastSeq,
        updatedAt: this.#world.now(),
      };
      this.store.endRun(over);
      this.#tellOver(over);
    });
  }

  #recover(live: LiveRun): void {
    this.#context.storage.transactionSync(() => this.store.raiseEventFloor(live.row.n, live.skipLostEvents()));
    const work = live.recover(this.#world.now());
    for (const each of work)
      if (each.kind === "task") this.#commit(live, { type: "attempt-lost", task: each.task.id }, []);
    this.#performer.add(work);
  }

  /** The plan of a graph whose document lies in this thread. */
  plan(hash: string): Plan {
    return loadPlan(hash, () => this.store.graph(hash), this.#world.kinds);
  }

  createThread(tenant: string, threadId: string, metadata: JsonObject): ThreadRow {
    const now = this.#world.now();
    const row: ThreadRow = { tenant, threadId, createdAt: now, updatedAt: now, metadata, deleted: false };
    this.#keepThread(row, () => this.store.createThread(row));
    return row;
  }

  patchThread(metadata: JsonObject): void {
    if (!this.#row) return;
    const row = { ...this.#row, metadata: { ...this.#row.metadata, ...metadata }, updatedAt: this.#world.now() };
    this.#keepThread(row, () => this.store.updateThread(row.updatedAt, row.metadata));
  }

  #keepThread(row: ThreadRow, write: () => void): void {
    this.#guard(() => {
      write();
      this.#row = row;
      this.#tellThread();
      this.#arm();
    });
    this.#deliverSoon();
  }

  /**
   * Durable when it returns, as far as the platform's output gate goes: no reply leaves before the commit is on disk.
   * @throws EdgewiseError for an input the graph refuses; nothing is written then.
   */
  startRun(command: StartRun, plan: Plan): RunRow {
    const { tenant, threadId, graph, config, context, metadata } = command;
    refuseTooLarge({ config, context, metadata });
    const now = this.#now();
    const given: Given = { runId: command.runId, threadId, startedAt: now, config, context };
    checkGiven(plan, given);
    const outcome = readInput(command, plan, this.values, given);
    const earlier = this.#row ? (this.store.lastRun()?.n ?? 0) : 0;
    const row = newRun(command, { n: earlier + 1, firstSeq: this.#last.seq + 1, now });
    this.#guard(() => {
      // First of all: what the index is told of the thread from here on is that it is busy.
      this.#live = new LiveRun(row, given, plan, this.#values, this.#world.kinds);
      const belongsTo = { graph_id: graph.graphId, assistant_id: command.assistantId };
      if (!this.#row) this.createThread(tenant, threadId, belongsTo);
      else if (this.#row.metadata["assistant_id"] !== command.assistantId) this.patchThread(belongsTo);
      else this.#tellThread();
      this.store.keepGraph(graph.hash, graph.document);
      this.store.insertRun(row, tenant);
      this.#outbox.tellLive(this.#row, row, now, false);
      this.#commit(this.#live, { type: "run-started", outcome }, []);
    });
    return row;
  }

  /** What came from outside for the live run; durable when it returns. */
  receive(live: LiveRun, entry: LogEntry): void {
    this.#commit(live, entry, []);
    void this.perform();
  }

  /** After it nothing of the run starts, and its sockets are being closed (G10). */
  cancelRun(runId: string, reason: string): void {
    const live = this.#live;
    if (live?.row.runId !== runId) return;
    const streamed = live.abortAll();
    this.#performer.clear();
    this.#commit(live, { type: "run-cancelled", reason }, streamed);
  }

  /** Marks the thread erased and empties it once the index has forgotten it. */
  async erase(): Promise<void> {
    const row = this.#row;
    if (!row) return;
    this.#guard(() => {
      this.store.updateThread(this.#world.now(), {}, true);
      this.#row = { ...row, deleted: true };
      this.#outbox.add({ kind: "thread-erased", threadId: row.threadId });
      this.#arm();
    });
    await this.#deliver();
  }

  /** One transaction: the outcome, what was streamed for it, and, when it is the last, the run's end with all it tells the outside. */
  #commit(live: LiveRun, entry: LogEntry, chunks: readonly Chunk[]): void {
    this.#guard(() => {
      const step = live.apply(entry);
      const starts = step?.start ?? [];
      const event = live.takeEvents(5 + starts.length);
      const commit: Commit = {
        seq: this.#last.seq + 1,
        run: live.row.n,
        at: this.#now(),
        event,
        lastEvent: event + 4 + starts.length,
        step: isCheckpoint(entry) ? this.#last.step + 1 : null,
        entry,
      };
      const over = verdictOn(live, entry, step, commit);
      this.#snapshots.committed(this.store.appendCommit(commit));
      for (const chunk of chunks) this.store.appendChunk(live.row.n, chunk);
      this.#last = { seq: commit.seq, at: commit.at, step: commit.step ?? this.#last.step };
      if (entry.type === "attempt-failed") live.backOff(entry.task);
      this.#performer.add(live.workAfter(entry, step, commit.at));
      if (over) this.#end(live, over);
      else this.#tellIdle(live);
      this.#arm();
    });
    this.#tellWatchers();
    this.#deliverSoon();
  }

  /** Nothing moves before that time: the sweep need not look either. */
  #tellIdle(live: LiveRun): void {
    if (live.isPerforming || !this.#performer.isIdle) return;
    this.#outbox.tellLater(this.#row, live.row, live.nextLook(this.#now()), this.#now());
  }

  #tellWatchers(): void {
    for (const hear of this.#watchers) hear();
  }

  #end(live: LiveRun, over: RunRow): void {
    this.store.endRun(over);
    this.#values = live.playback.threadValues();
    this.#live = undefined;
    this.#performer.clear();
    this.#snapshots.saveIfDue(this.#last.seq, this.#values);
    this.#tellOver(over);
  }

  /** A transaction after which memory and log agree; if it fails they do not. */
  #guard(write: () => void): void {
    this.#surely(() => this.#context.storage.transactionSync(write));
  }

  /** What must not fail half way: if it does, the object gives itself up, and restores from the log. */
  #surely(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#context.abort(`The thread gave itself up and will restore from its log: ${String(thrown)}`);
      throw thrown;
    }
  }

  #now(): number {
    return Math.max(this.#world.now(), this.#last.at);
  }

  /** Starts what is ready to start, until nothing more can move without waiting. */
  perform(): Promise<void> {
    return this.#performer.perform();
  }

  #do(work: Work): void {
    const live = this.#live;
    if (!live || !this.#row) return;
    this.#means ??= this.#world.meansOf(this.#row.tenant);
    const happened = (verdict: Verdict): void => {
      if (this.#live !== live) return;
      this.#commit(live, verdict.entry, verdict.chunks);
      void this.perform();
    };
    const reach = { means: this.#means, happened, streamed: () => this.#tellWatchers(), now: () => this.#now() };
    this.#surely(() => {
      const verdict = live.perform(work, reach);
      if (verdict) this.#commit(live, verdict.entry, verdict.chunks);
    });
  }

  /** Looks at what is due. Safe at any moment and any number of times (F6). */
  async tick(): Promise<void> {
    this.#clock.fired();
    if (!this.#row) return;
    this.#performer.add(this.#live?.due(this.#now()) ?? []);
    this.#context.storage.transactionSync(() => this.#arm());
    // Not waited for: the next alarm comes only after this one, and a run must not wait for a slow index (F14).
    this.#context.waitUntil(this.#deliver());
    await this.perform();
  }

  /**
   * The sweep's touch: the index thinks this run is late. Goes on with what should have moved; answers whether the run is
   * live. The sweep itself puts the row off; a second notice would only have to be taken back.
   */
  async touch(runId: string): Promise<boolean> {
    await this.tick();
    return this.#live?.row.runId === runId;
  }

  /** Sets the alarm to the next thing that must happen by itself; in the transaction of what made it necessary. */
  #arm(): void {
    const now = this.#now();
    const times: number[] = [];
    if (this.#live && (this.#live.isPerforming || !this.#performer.isIdle)) times.push(now + LEASE_MS);
    const next = this.#live?.nextTime();
    if (next !== undefined) times.push(next);
    if (!this.#outbox.isEmpty) times.push(now + LEASE_MS);
    if (times.length > 0) this.#clock.set(Math.min(...times), now);
  }

  #tellOver(over: RunRow): void {
    this.#outbox.tellOver(this.#row, over.runId);
    this.#tellThread();
  }

  #tellThread(): void {
    if (!this.#row) return;
    this.#outbox.add(threadNotice(this.#row, this.status(), this.#now()));
  }

  /** Nothing of an erased thread may be there for one that is made in its place. */
  #forget(): void {
    this.#row = undefined;
    this.#values = new Map();
    this.#last = { seq: 0, at: 0, step: -2 };
    this.#unreadable = undefined;
    this.#snapshots.forget();
    this.#clock.fired();
  }

  /** After a moment, in which a short run ends: then nobody needs to hear that it was live. */
  #deliverSoon(): void {
    if (this.#deliverySet) return;
    this.#deliverySet = true;
    const moment = scheduler.wait(DELIVERY_DELAY_MS).then(() => {
      this.#deliverySet = false;
      return this.#deliver();
    });
    this.#context.waitUntil(moment);
  }

  async #deliver(): Promise<void> {
    const row = this.#row;
    if (!row || !(await this.#outbox.deliver(row.tenant))) return;
    if (this.#row?.deleted) {
      // Forgotten in the same turn: another delivery that comes to its end now must not erase what is made next.
      const gone = [this.#context.storage.deleteAlarm(), this.#context.storage.deleteAll()];
      this.#forget();
      await Promise.all(gone);
    } else if (this.#row) {
      this.#context.storage.transactionSync(() => this.#arm());
    }
  }
}
