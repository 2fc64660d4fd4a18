import type { Step } from "../src/engine/types.ts";
import type { Plan } from "../src/graph/plan.ts";
import { AlarmClock } from "./alarm-clock.ts";
import { AtRest } from "./at-rest.ts";
import type { Chunk, LogEntry } from "./log/entry.ts";
import type { RunRow } from "./log/rows.ts";
import { ThreadStore } from "./log/store.ts";
import { ThreadRecord } from "./log/thread-record.ts";
import { type Last, LogTail } from "./log/tail.ts";
import { Notices } from "./notices.ts";
import { Outbox } from "./outbox.ts";
import { Performer } from "./performer.ts";
import { deadLetterOf } from "./run/dead-letter.ts";
import type { LiveRun } from "./run/live-run.ts";
import { showsOf } from "./run/opening.ts";
import type { Reach } from "./run/reach.ts";
import type { Verdict } from "./run/verdict.ts";
import type { Values } from "./run/playback.ts";
import { Past } from "./run/past.ts";
import { loadPlan } from "./run/plans.ts";
import { Rebuilding } from "./run/rebuilding.ts";
import type { Opening, Start } from "./run/start.ts";
import { givenUp, isCancelled, restingAs, statusAfter, verdictOn } from "./run/ending.ts";
import { goOnAlone } from "./commands.ts";
import { nextMoment } from "./next-moment.ts";
import { beginNext } from "./queue.ts";
import { RunQueue } from "./run-queue.ts";
import { eraseAt } from "./stateless.ts";
import type { ThreadStatus } from "./thread-api.ts";
import { frameCount, restCount } from "./view/layout.ts";
import { threadLineOf } from "./view/thread-line.ts";
import { webhookOf } from "./view/webhook.ts";
import { Watchers } from "./watchers.ts";
import type { Work } from "./run/work.ts";
import { Whole } from "./whole.ts";
import type { Means, World } from "./world.ts";

/**
 * A thread: restores it from its log, commits to it, and performs what the engine starts. One rule holds the rest up:
 * memory changes only together with the log, so that whatever kills the object loses nothing but unfinished attempts.
 */
export class ThreadCore {
  readonly store: ThreadStore;
  readonly record: ThreadRecord;
  readonly past: Past;
  readonly rebuilding: Rebuilding;
  /** What waits for its turn. */
  readonly queue: RunQueue;
  readonly notices: Notices;
  readonly #context: DurableObjectState;
  readonly #whole: Whole;
  readonly #world: World;
  readonly #clock: AlarmClock;
  readonly #watchers = new Watchers();
  #values: Values = new Map();
  readonly #tail: LogTail;
  /** Why the values are not known: a run's graph cannot be read, and what it wrote cannot be folded without. */
  #unreadable: unknown;
  #live: LiveRun | undefined;
  readonly #rest: AtRest;
  readonly #performer = new Performer((work) => this.#do(work));
  #means: Means | undefined;

  constructor(context: DurableObjectState, world: World) {
    this.#context = context;
    this.#whole = new Whole(context);
    this.#world = world;
    this.#clock = new AlarmClock(context.storage);
    this.store = new ThreadStore(context.storage.sql);
    this.record = new ThreadRecord(this.store, context.storage.sql);
    this.#tail = new LogTail(this.store);
    this.past = new Past(this.store, (hash) => this.plan(hash));
    this.rebuilding = new Rebuilding(this.store, this.past, (hash) => this.plan(hash), world.kinds);
    this.#rest = new AtRest(this.store, this.rebuilding);
    this.queue = new RunQueue(this.store.queue, () => this.record.row !== undefined);
    this.notices = new Notices(new Outbox(this.store, world), context, () => ({
      row: this.record.row,
      line: (row) => (eraseAt(this) === undefined ? threadLineOf(this, row) : undefined),
      webhook: (run) => webhookOf(this, run),
      delivered: () => this.#delivered(),
    }));
  }

  get live(): LiveRun | undefined {
    return this.#live;
  }

  /** The run that is live, or what the last one left and can go on. */
  get head(): LiveRun | undefined {
    if (this.#live !== undefined || !this.record.row || this.#unreadable !== undefined) return this.#live;
    return this.#rest.head(this.record.row.threadId);
  }

  /** The same where somebody may answer it: not where it was cancelled (G10). */
  get asking(): LiveRun | undefined {
    const { head } = this;
    return head === undefined || (head !== this.#live && isCancelled(head.row)) ? undefined : head;
  }

  /** Every channel's value after the last run that is over. @throws when they cannot be read: none are better than wrong ones. */
  get values(): Values {
    if (this.#unreadable) throw this.#unreadable;
    return this.#values;
  }

  get lastCommit(): Last {
    return this.#tail.last;
  }

  status(): ThreadStatus {
    return this.#live || !this.queue.isEmpty ? "busy" : statusAfter(this.record.row && this.store.lastRun());
  }

  /** Hears of every commit and every streamed piece; the answer takes the ear away again. */
  watch(listener: () => void): () => void {
    return this.#watchers.add(listener);
  }

  /** Reads the thread back; to be called once, before anything else, with the object blocked. */
  async restore(): Promise<void> {
    this.record.restore();
    if (!this.record.row) return;
    await this.#clock.read(this.#world.now());
    this.#tail.restore();
    this.#replay();
    this.notices.forget();
    if (this.#live) this.#recover(this.#live);
    this.#context.storage.transactionSync(() => this.#arm());
  }

  #replay(): void {
    const [last, lastSeq] = [this.store.lastRun(), this.#tail.last.seq];
    if (last === undefined) return;
    const isLive = last.lastSeq === null;
    try {
      const before = isLive ? this.store.runAt(last.firstSeq - 1) : last;
      this.#values = before ? this.past.end(before) : new Map();
      if (isLive) this.#live = this.rebuilding.live(last, lastSeq, this.#values, this.record.row?.threadId ?? "");
    } catch (thrown) {
      this.#unreadable = thrown;
      if (!isLive) return;
      const over = givenUp(last, thrown, lastSeq, this.#world.now());
      this.#context.storage.transactionSync(() => {
        this.store.endRun(over);
        this.notices.over(over, undefined);
        this.notices.ended(over);
      });
    }
  }

  #recover(live: LiveRun): void {
    this.#context.storage.transactionSync(() => this.store.raiseEventFloor(live.row.n, live.skipLostEvents()));
    const work = live.recover(this.now());
    const tasks = work.flatMap((each) => (each.kind === "task" ? [each.task] : []));
    const { models } = this.#reachOf(live).means;
    for (const lost of live.spending.lost(tasks, models)) this.#commit(live, lost, [], false);
    this.#performer.add(work);
    if (tasks.length > 0) this.#judge(live);
    else this.#stops(live);
  }

  /** The plan of a graph whose document lies in this thread. */
  plan(hash: string): Plan {
    return loadPlan(hash, () => this.store.graph(hash), this.#world.kinds);
  }

  /** Writes to the thread's own row, of which the index is then told. */
  keep(write: (record: ThreadRecord, now: number) => void): void {
    this.#whole.write(() => {
      write(this.record, this.#world.now());
      this.notices.thread();
      this.#arm();
    });
    this.#watchers.tell();
    this.notices.deliverSoon();
  }

  /** A run begins: a new `live`, or one that goes on (the {@link head}, or one that was rebuilt): its first entries, each a commit, and then whatever they lead to. Durable when it returns: no reply passes the output gate before the commit is on disk. */
  start(live: LiveRun, row: RunRow, entries: Opening, how: Start): void {
    const now = this.now();
    this.#whole.write(() => {
      const before = row.from === null ? undefined : this.store.runAt(row.from.seq);
      const left = this.record.row && this.#rest.leave();
      this.#live = live;
      this.record.belong(how.tenant, how.threadId, how.belongsTo, this.#world.now());
      if (how.document !== undefined) this.store.keepGraph(row.graphHash, how.document);
      this.store.insertRun(row, this.record.row?.tenant ?? "");
      if (left !== undefined) this.notices.gone(left);
      if (how.step !== undefined) this.#tail.standOn(how.step);
      this.notices.live(row, now, this.queue.begin(row.runId, now));
      let last: LogEntry | undefined;
      for (const entry of entries(live)) this.#commit(live, (last = entry), [], false);
      // Busy, at the time of these commits: a line told before, that comes late, must not replace it.
      this.notices.thread();
      this.#performer.add(live.recover(now));
      if (row.hidden) this.#end(live, { ...live.row, ...restingAs(live, before) });
      else if (last !== undefined) this.#judge(live, last);
      if (row.hidden) this.#arm();
    });
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
    this.#breakOff(live, { type: "run-cancelled", reason });
    void this.perform();
  }

  /** A budget stops the run, if one does now (R9): its time is up, or nothing of it can go on within its limits. */
  #stops(live: LiveRun): boolean {
    const entry = live.stop(this.now(), this.#performer.isIdle);
    if (entry !== undefined) this.#breakOff(live, entry);
    return entry !== undefined;
  }

  /** What runs is dropped, and charged before: a run that goes on does so from there. */
  #breakOff(live: LiveRun, entry: LogEntry): void {
    this.#whole.write(() => {
      for (const lost of live.cutOff()) this.#commit(live, lost, [], false);
      const streamed = live.abortAll();
      this.#performer.clear();
      this.#commit(live, entry, streamed);
    });
  }

  /** Runs (`gone`) were taken out, or go on no more by themselves: what the thread stands on is read anew. */
  revise(gone: readonly RunRow[], write: () => void): void {
    this.keep(() => {
      write();
      for (const run of gone) this.notices.gone(run);
      if (this.#live !== undefined) return;
      this.#tail.restore();
      this.#rest.forget();
      this.#unreadable = undefined;
      this.#values = new Map();
      this.#replay();
      const head = this.waiting;
      if (head?.nextTime() !== undefined) this.notices.over(head.row, head.nextTime());
    });
  }

  /** Marks the thread erased and empties it once the index has forgotten it. */
  async erase(): Promise<void> {
    const row = this.record.row;
    if (!row) return;
    this.#whole.write(() => {
      this.record.erase(this.#world.now());
      this.#rest.forget();
      this.notices.erased(row.threadId);
      this.#arm();
    });
    await this.notices.deliver();
  }

  /**
   * One transaction: the outcome, what was streamed for it, and, when it is the last, the run's end with all it tells the outside.
   * @param isJudged whether it may be the last
   */
  #commit(live: LiveRun, entry: LogEntry, chunks: readonly Chunk[], isJudged = true): void {
    this.#whole.write(() => {
      for (const lost of live.cutOff(entry)) this.#commit(live, lost, [], false);
      const at = this.now();
      const step = live.apply(entry, at);
      const starts = step?.start.length ?? 0;
      const shows = showsOf(live, entry);
      const ids = frameCount(entry, starts, shows);
      const event = live.takeEvents(ids);
      const commit = this.#tail.append(live.row, { at, event, lastEvent: event + ids - 1, entry, shows }, chunks);
      if (entry.type === "attempt-failed") live.backOff(entry.task);
      this.#performer.add(live.workAfter(entry, step, at));
      if (isJudged) this.#judge(live, entry, step);
      this.notices.committed(live.row, commit);
    });
    this.#watchers.tell();
    this.notices.deliverSoon();
  }

  /** Whether the run is over by what was just committed. */
  #judge(live: LiveRun, entry?: LogEntry, step?: Step): void {
    const over = verdictOn(live, entry, step);
    if (over) this.#end(live, over);
    else if (!this.#stops(live)) {
      const now = this.now();
      const moves = live.isPerforming || !this.#performer.isIdle;
      this.notices.looks(live.row, moves ? now : live.nextLook(now), now);
    }
    this.#arm();
  }

  #end(live: LiveRun, end: RunRow): void {
    for (const lost of live.cutOff()) this.#commit(live, lost, [], false);
    // What is cut off has said what it has said.
    this.#tail.keep(live.row, live.abortAll());
    // At rest everything that was committed is shown.
    const more = live.playback.steps.rest();
    if (more > 0) this.#tail.showMore(more, live.takeEvents(restCount(more)) + restCount(more) - 1);
    const over = { ...end, updatedAt: this.#tail.last.at, lastSeq: this.#tail.last.seq };
    this.store.endRun(over);
    this.#values = live.playback.threadValues();
    this.#live = undefined;
    this.#performer.clear();
    this.#rest.keep(over, live);
    this.#tail.rest(this.#values);
    this.notices.dead(deadLetterOf(live, over, this.record.row, this.store));
    this.notices.over(over, this.#rest.waiting()?.nextTime());
    this.notices.ended(over);
  }

  /** Unix milliseconds; never before the last commit. */
  now(): number {
    return Math.max(this.#world.now(), this.#tail.last.at);
  }

  /** Starts what is ready to start, and the next run when one is over, until nothing more can move without waiting. */
  async perform(): Promise<void> {
    do await this.#performer.perform();
    while (beginNext(this, this.#world.kinds));
  }

  #do(work: Work): void {
    const live = this.#live;
    if (!live || !this.record.row) return;
    this.#whole.surely(() => {
      const verdict = live.perform(work, this.#reachOf(live));
      if (verdict) this.#commit(live, verdict.entry, verdict.chunks);
      else if (this.#live === live) this.#stops(live);
    });
  }

  #reachOf(live: LiveRun): Reach {
    this.#means ??= this.#world.meansOf(this.record.row?.tenant ?? "");
    const happened = (verdict: Verdict): void => {
      if (this.#live !== live) return;
      this.#commit(live, verdict.entry, verdict.chunks);
      void this.perform();
    };
    return { means: this.#means, happened, streamed: () => this.#watchers.tell(), now: () => this.now() };
  }

  /** Somebody is here: what an alarm should have done that was lost is done now. */
  wake(): void {
    if (this.#clock.isLost(this.#world.now())) this.#context.waitUntil(this.tick());
  }

  /** Looks at what is due. Safe at any moment and any number of times (F6). */
  async tick(): Promise<void> {
    this.#clock.fired();
    if (!this.record.row) return;
    const now = this.now();
    if ((eraseAt(this) ?? now + 1) <= now) return this.#context.waitUntil(this.erase());
    if (this.#live === undefined && this.queue.due(now) === undefined) goOnAlone(this, this.waiting);
    else if (this.#live && !this.#stops(this.#live)) this.#performer.add(this.#live.due(now));
    this.#context.storage.transactionSync(() => this.#arm());
    // Not waited for: the next alarm comes only after this one, and a run must not wait for a slow index (F14).
    this.#context.waitUntil(this.notices.deliver());
    await this.perform();
  }

  /** What is at rest and goes on by itself. */
  get waiting(): LiveRun | undefined {
    if (!this.record.row || this.record.row.deleted || this.#unreadable !== undefined) return undefined;
    return this.#rest.waiting(this.record.row.threadId);
  }

  /** Sets the alarm to the next thing that must happen by itself; in the transaction of what made it necessary. */
  #arm(): void {
    const isMoving = this.#live !== undefined && (this.#live.isPerforming || !this.#performer.isIdle);
    const at = nextMoment(this, (this.#live ?? this.#rest.waiting())?.nextTime(), isMoving);
    if (at !== undefined) this.#clock.set(at, this.now());
  }

  /** Nothing of an erased thread may be there for one that is made in its place. */
  #forget(): void {
    this.record.forget();
    this.#values = new Map();
    this.#tail.forget();
    this.queue.forget();
    this.#unreadable = undefined;
    this.#rest.forget();
    this.#clock.fired();
  }

  async #delivered(): Promise<void> {
    if (this.record.row?.deleted) {
      // Forgotten in the same turn: another delivery that comes to its end now must not erase what is made next.
      const gone = [this.#context.storage.deleteAlarm(), this.#context.storage.deleteAll()];
      this.#forget();
      await Promise.all(gone);
    } else if (this.record.row) {
      this.#context.storage.transactionSync(() => this.#arm());
    }
  }
}
