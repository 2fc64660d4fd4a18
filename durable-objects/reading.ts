import { failure } from "../src/base/errors.ts";
import type { ThreadCore } from "./core.ts";
import { pathOf } from "./log/places.ts";
import type { RunRow } from "./log/rows.ts";
import type * as Api from "./thread-api.ts";
import { Follower } from "./view/follower.ts";
import { frameHistoryOf, frameStateOf } from "./view/frame-history.ts";
import { Framer } from "./view/frames.ts";
import { historyOf, inputOf, interruptsOf, resultOf, stateOf } from "./view/history.ts";
import { statesAsJson } from "./view/states-json.ts";
import { needsPlaying, selected, summariesOf } from "./view/summaries.ts";
import { questionsOf, runView, threadView } from "./view/views.ts";

type RunPlace = Api.Address & { readonly runId: string };

/** What a thread tells of itself, as its API's views. Nothing here writes. */
export class Reading {
  readonly #core: ThreadCore;

  constructor(core: ThreadCore) {
    this.#core = core;
  }

  /** @throws EdgewiseError `not_found` */
  thread(address: Api.Address): Api.ThreadView {
    const row = this.#core.record.of(address);
    const { asking, live } = this.#core;
    const interrupts = asking === undefined ? {} : Object.fromEntries(interruptsOf(asking));
    return threadView(row, this.#core.status(), live?.playback.threadValues() ?? this.#core.values, interrupts);
  }

  /** @throws EdgewiseError `not_found` */
  run(query: RunPlace): RunRow {
    this.#core.record.of(query);
    const run = this.#core.store.run(query.runId);
    if (!run) throw failure("not_found", "Run not found");
    return run;
  }

  view(row: RunRow, address: Api.Address): Api.RunView {
    return runView(row, address.threadId, inputOf(this.#core, row));
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
    while (this.#core.live?.row.runId === query.runId) await this.#change();
    const run = this.run(query);
    const { asking } = this.#core;
    const interrupts = asking?.row.runId === query.runId ? [...interruptsOf(asking).values()].flat() : [];
    return { run: this.view(run, query), values: resultOf(this.#core, run), interrupts };
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      const unwatch = this.#core.watch(() => {
        unwatch();
        resolve();
      });
    });
  }

  follow(run: RunRow, query: Api.FollowRun): ReadableStream<Uint8Array> {
    const core = this.#core;
    const { runId } = run;
    const live = core.live?.row.runId === runId ? core.live : undefined;
    const begin = () => core.past.begin(run, live?.base);
    const open = () => core.past.asked(core.store.run(runId) ?? run);
    const framer = new Framer(run, core.plan(run.graphHash), { begin, open }, query.modes);
    const source = {
      store: core.store,
      run: () => core.store.run(runId) ?? run,
      lastSeq: () => core.lastCommit.seq,
      live: () => (core.live?.row.runId === runId ? core.live : undefined),
      watch: (listener: () => void) => core.watch(listener),
    };
    return new Follower(source, framer, query.after).stream(() => {
      if (query.cancelOnDisconnect) core.cancelRun(runId, "its client went away");
    });
  }
}
