import type { Plan } from "../../src/graph/plan.ts";
import type { NodeKinds } from "../../src/nodes/registry.ts";
import type { RunRow } from "../log/rows.ts";
import type { ThreadStore } from "../log/store.ts";
import { givenOf } from "./globals.ts";
import { LiveRun } from "./live-run.ts";
import type { Past, Segment } from "./past.ts";
import type { Values } from "./playback.ts";

/** Runs that can go on, made of their logs. */
export class Rebuilding {
  readonly #store: ThreadStore;
  readonly #past: Past;
  readonly #plan: (hash: string) => Plan;
  readonly #kinds: NodeKinds;

  constructor(store: ThreadStore, past: Past, plan: (hash: string) => Plan, kinds: NodeKinds) {
    this.#store = store;
    this.#past = past;
    this.#plan = plan;
    this.#kinds = kinds;
  }

  /** A run as it stood after a commit, with all that it goes on from: at rest, to go on from there. */
  at(row: RunRow, to: number, threadId: string): LiveRun {
    const segments = [...this.#past.before(row), { row, to }];
    const first = segments[0]?.row ?? row;
    const given = givenOf(row, first, threadId);
    const live = new LiveRun(first, given, this.#plan(row.graphHash), this.#past.base(first), this.#kinds);
    this.#inherit(live, segments);
    return live;
  }

  /** The live run. @param base the thread's values before it, for one that simply begins on them */
  live(row: RunRow, lastSeq: number, base: Values, threadId: string): LiveRun {
    const segments = this.#past.before(row);
    const first = segments[0]?.row ?? row;
    const given = givenOf(row, first, threadId);
    const begun = row.from === null ? base : this.#past.base(first);
    const live = new LiveRun(first, given, this.#plan(row.graphHash), begun, this.#kinds);
    this.#inherit(live, segments);
    if (segments.length > 0) {
      this.remember(live, row);
      live.goOn(row, given);
    }
    for (const commit of this.#store.commits(row.firstSeq, lastSeq)) live.replayed(commit);
    return live;
  }

  #inherit(live: LiveRun, segments: readonly Segment[]): void {
    for (const { row, to } of segments) {
      this.remember(live, row);
      for (const commit of this.#store.commits(row.firstSeq, to)) live.inherit(commit, row);
    }
  }

  /** Of a fork: what was done after the point that it starts from is not done again unasked. */
  remember(live: LiveRun, fork: Pick<RunRow, "from" | "lineage" | "runId" | "firstSeq">): void {
    if (fork.from === null || fork.from.anew || fork.lineage !== fork.runId) return;
    const began = this.#store.runAt(fork.from.seq)?.firstSeq ?? 1;
    for (const row of this.#store.runsAfter(began - 1, fork.firstSeq)) {
      // What other graphs have done on this thread is no business of this one's.
      if (row.graphId !== live.row.graphId || (row.lastSeq ?? fork.firstSeq) <= fork.from.seq) continue;
      const plan = this.#plan(row.graphHash);
      const to = row.lastSeq ?? fork.firstSeq - 1;
      for (const { entry } of this.#store.commits(Math.max(row.firstSeq, fork.from.seq + 1), to))
        live.remember(entry, plan);
    }
  }
}
