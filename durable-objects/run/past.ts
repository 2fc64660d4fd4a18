import type { Plan } from "../../src/graph/plan.ts";
import type { Ask, Commit } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import type { ThreadStore } from "../log/store.ts";
import { Waits } from "./waits.ts";
import { Playback, type Values } from "./playback.ts";

/** A run's part of what another goes on from. */
export interface Segment {
  readonly row: RunRow;
  /** Its last commit that counts. */
  readonly to: number;
}

/** Looking back is playing the log again: of a run that goes on from others, theirs first. */
export class Past {
  readonly #store: ThreadStore;
  readonly #plan: (hash: string) => Plan;

  constructor(store: ThreadStore, plan: (hash: string) => Plan) {
    this.#store = store;
    this.#plan = plan;
  }

  /** What a run goes on from, the oldest first; empty for one that begins. */
  before(row: RunRow): readonly Segment[] {
    const segments: Segment[] = [];
    for (let { from } = row; from !== null && !from.anew; ) {
      const { seq } = from;
      const earlier = this.#store.runAt(seq);
      if (earlier === undefined) throw new Error(`Run ${row.runId} goes on from commit ${seq}, which no run has.`);
      segments.unshift({ row: earlier, to: seq });
      ({ from } = earlier);
    }
    return segments;
  }

  /** Where it all began: the run itself, or the first of those it goes on from. */
  rootOf(row: RunRow): RunRow {
    return this.before(row)[0]?.row ?? row;
  }

  /** Every channel's value when the run, or the first of those it goes on from, began. */
  base(row: RunRow): Values {
    const root = this.rootOf(row);
    if (root.from !== null) return this.valuesAt(root.from.seq);
    const snapshot = this.#store.snapshot(root.firstSeq - 1);
    const earlier = this.#store.runsAfter(snapshot?.seq ?? 0, root.firstSeq);
    // Only what stands simply on the one before it needs what that one left.
    const own = earlier.findLastIndex(({ from }) => from !== null);
    const first = earlier[own];
    let values: Values = first === undefined ? new Map(Object.entries(snapshot?.values ?? {})) : this.end(first);
    for (const run of earlier.slice(own + 1)) values = this.#play(run, this.begin(run, values)).threadValues();
    return values;
  }

  /** The thread's values after a run. */
  end(row: RunRow): Values {
    const { lastSeq } = row;
    const snapshot = lastSeq === null ? undefined : this.#store.snapshot(lastSeq);
    if (snapshot !== undefined && snapshot.seq === lastSeq) return new Map(Object.entries(snapshot.values));
    return this.played(row).threadValues();
  }

  /** The thread's values at a commit; none at 0. */
  valuesAt(seq: number): Values {
    const run = this.#store.runAt(seq);
    return run === undefined ? new Map() : this.played(run, seq).threadValues();
  }

  /** The run as it stood before its first commit. */
  begin(row: RunRow, base: Values = this.base(row)): Playback {
    const segments = this.before(row);
    const playback = new Playback(this.#plan(row.graphHash), segments[0]?.row ?? row, base);
    for (const commit of this.commits(segments)) playback.apply(commit.entry);
    return playback;
  }

  /** The run as it stood after a commit of it, or stands now. */
  played(row: RunRow, to?: number): Playback {
    return this.#play(row, this.begin(row), to);
  }

  /** The questions that are open after a run, or now. */
  asked(row: RunRow): Ask[] {
    const waits = new Waits();
    const last = { row, to: row.lastSeq ?? Number.MAX_SAFE_INTEGER };
    for (const { entry, at } of this.commits([...this.before(row), last])) waits.apply(entry, at, row.runId);
    return waits.open().map(({ ask }) => ask);
  }

  *commits(segments: readonly Segment[]): IterableIterator<Commit> {
    for (const { row, to } of segments) yield* this.#store.commits(row.firstSeq, to);
  }

  #play(row: RunRow, playback: Playback, to = row.lastSeq ?? Number.MAX_SAFE_INTEGER): Playback {
    for (const commit of this.#store.commits(row.firstSeq, to)) playback.apply(commit.entry);
    return playback;
  }
}
