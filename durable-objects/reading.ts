import { failure } from "../src/base/errors.ts";
import type { CommitsQuery } from "./commits-api.ts";
import type { ThreadCore } from "./core.ts";
import { pathOf } from "./log/places.ts";
import { cancelRun, findRun } from "./queue.ts";
import type { RunRow } from "./log/rows.ts";
import type * as Api from "./thread-api.ts";
import { streamOf } from "./view/event-stream.ts";
import { followerOf, refuseUnknownEvent, wishOf } from "./view/followed.ts";
import { commitsOf } from "./view/commit-list.ts";
import { frameHistoryOf, frameStateOf } from "./view/frame-history.ts";
import { historyOf, inputOf, interruptsOf, resultOf, stateOf } from "./view/history.ts";
import { followQueued } from "./view/queued.ts";
import { statesAsJson } from "./view/states-json.ts";
import { needsPlaying, selected, summariesOf } from "./view/summaries.ts";
import { threadViewOf } from "./view/thread-line.ts";
import { questionsOf, runView } from "./view/views.ts";
import { ThreadFollower } from "./view/thread-follower.ts";

type RunPlace = Api.Address & { readonly runId: string };

/** What a thread tells of itself, as its API's views. Nothing here writes. */
export class Reading {
  readonly #core: ThreadCore;

  constructor(core: ThreadCore) {
    this.#core = core;
  }

  /** @throws EdgewiseError `not_found` */
  thread(address: Api.Address): Api.ThreadView {
    return threadViewOf(this.#core, this.#core.record.of(address));
  }

  /** @throws EdgewiseError `not_found` */
  run(query: RunPlace): RunRow {
    this.#core.record.of(query);
    const run = findRun(this.#core, query.runId);
    if (!run) throw failure("not_found", "Run not found");
    return run;
  }

  view(row: RunRow, address: Api.Address): Api.RunView {
    return runView(
      row,
      address.threadId,
      hasBegun(row) ? inputOf(this.#core, row) : this.#core.queue.request(row.runId).input,
    );
  }

  /** Newest first, those that wait for their turn among them. @throws EdgewiseError `not_found` */
  runs(query: Api.Address & { readonly limit: number; readonly offset: number; readonly status?: Api.RunStatus }) {
    this.#core.record.of(query);
    const ids = this.#core.store.queue.list(query.limit, query.offset, query.status);
    return ids.map((runId) => this.view(this.run({ ...query, runId }), query));
  }

  /** @throws EdgewiseError `not_found` */
  state({ namespace, ...query }: Api.StateQuery): Api.ThreadState {
    this.#core.record.of(query);
    if (namespace === undefined) return stateOf(this.#core, query);
    return frameStateOf(this.#core, { ...query, namespace, deep: query.subgraphs === true });
  }

  /** @throws EdgewiseError `not_found` */
  history({ namespace, ...query }: Api.HistoryQuery): Api.ThreadState[] {
    this.#core.record.of(query);
    return namespace === undefined ? historyOf(this.#core, query) : frameHistoryOf(this.#core, { ...query, namespace });
  }

  /** @throws EdgewiseError `not_found` */
  commits(query: CommitsQuery): ReturnType<typeof commitsOf> {
    this.#core.record.of(query);
    return commitsOf(this.#core, query);
  }

  /** What asks for neither values, tasks nor what is next is read off the rows. */
  historyJson({ select, ...query }: Api.HistoryQuery & Api.Selection): string {
    this.#core.record.of(query);
    const isInRows = !needsPlaying(select) && query.namespace === undefined;
    const states = isInRows ? summariesOf(this.#core, query) : this.history(query);
    return statesAsJson(states.map((state) => selected(state, select)));
  }

  waits(query: RunPlace): Api.WaitView[] {
    const run = this.run(query);
    const { asking } = this.#core;
    if (asking?.row.runId !== run.runId) return [];
    return asking.waits.list().map(({ task, until, signal = null }) => ({
      task,
      node: pathOf(asking.playback.plan, task),
      until: until === undefined ? null : new Date(until).toISOString(),
      signal,
    }));
  }

  interrupts(address: Api.Address): readonly Api.InterruptView[] {
    this.#core.record.of(address);
    const { asking } = this.#core;
    return asking === undefined ? [] : questionsOf(asking);
  }

  /** Answers when the run is over. */
  async joined(query: RunPlace): Promise<Api.RunResult> {
    this.run(query);
    const core = this.#core;
    while (core.live?.row.runId === query.runId || core.queue.isPending(query.runId)) await this.#change();
    // It may have been struck meanwhile: then it is told once more what it was.
    const run = core.store.run(query.runId) ?? this.run(query);
    if (!hasBegun(run)) return { run: this.view(run, query), values: {}, interrupts: [] };
    const { asking } = this.#core;
    const interrupts = asking?.row.runId === query.runId ? [...interruptsOf(asking).values()].flat() : [];
    return { run: this.view(run, query), values: resultOf(this.#core, run), interrupts };
  }

  /** Resolves with the next commit, or whatever else happens to the thread. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const unwatch = this.#core.watch(() => {
        unwatch();
        resolve();
      });
    });
  }

  /** @throws EdgewiseError `not_found`; `invalid_request` for an event id that the thread has not handed out */
  followThread({ modes, after, ...address }: Api.FollowThread): ReadableStream<Uint8Array> {
    this.#core.record.of(address);
    const from = after === undefined ? undefined : BigInt(after);
    return streamOf(new ThreadFollower(this.#core, address.threadId, modes, from), () => undefined);
  }

  /** @throws EdgewiseError `invalid_request` for an event id that the run has not handed out */
  follow(run: RunRow, query: Api.FollowRun): ReadableStream<Uint8Array> {
    const core = this.#core;
    refuseUnknownEvent(core, hasBegun(run) ? run : undefined, query.after);
    if (!hasBegun(run)) return followQueued(core, query, (begun) => this.follow(begun, query));
    return followerOf(core, run, query.threadId, wishOf(run, query), query.after).stream(() => {
      if (query.cancelOnDisconnect) cancelRun(core, run.runId, "interrupt", "its client went away");
    });
  }
}

/** One that waits for its turn, or never came to it, has no log. */
function hasBegun({ n }: RunRow): boolean {
  return n > 0;
}
