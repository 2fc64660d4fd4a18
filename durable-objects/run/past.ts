import type { Plan } from "../../src/graph/plan.ts";
import type { Ask, Commit } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import type { ThreadStore } from "../log/store.ts";
import { Asked } from "./asked.ts";
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
      segments.push({ row: earlier, to: seq });
      ({ from } = earlier);
    }
    return segments.reverse();
  }

  /** The run that went on from where this one ended, as the same execution; a fork is another. */
  next(row: RunRow): RunRow | undefined {
    const { lastSeq, lineage } = row;
    const next = lastSeq === null ? undefined : this.#store.runAt(lastSeq + 1);
    if (next === undefined || next.from === null || next.from.anew || next.from.seq !== lastSeq) return undefined;
    return next.lineage === lineage ? next : undefined;
  }

  /** Where it all began: the run itself, or the first of those it goes on from. */
  rootOf(row: RunRow): RunRow {
    return this.before(row)[0]?.row ?? row;
  }

  /** Every channel's value when the run, or the first of those it goes on from, began. */
  base(row: RunRow): Values {
    return this.valuesAt(standsAt(this.rootOf(row)));
  }

  /** The thread's values after a run. */
  end(row: RunRow): Values {
    return row.lastSeq === null ? this.played(row).threadValues() : this.valuesAt(row.lastSeq);
  }

  /** The thread's values at a commit; none at 0. */
  valuesAt(seq: number): Values {
    const { snapshot, executions } = this.#since(seq);
    const known = snapshot === 0 ? undefined : this.#store.snapshot(snapshot)?.values;
    let values: Values = new Map(Object.entries(known ?? {}));
    for (const segments of executions) values = this.#playedOn(segments, values).threadValues();
    return values;
  }

  /**
   * What is to be played for the values at a commit, the oldest first, and the snapshot to begin with. Each stands on what the
   * one before it left, however many those are: nothing here may go deeper with each.
   */
  #since(seq: number): { readonly snapshot: number; readonly executions: readonly (readonly Segment[])[] } {
    const executions: (readonly Segment[])[] = [];
    let [at, snapshot]: [number, number] = [seq, seq + 1];
    for (let rows: RunRow[] = []; at > 0; ) {
      if (at < snapshot) {
        snapshot = this.#store.snapshotSeq(at);
        rows = this.#store.runsAfter(snapshot, at + 1);
      }
      while ((rows.at(-1)?.firstSeq ?? 0) > at) rows.pop();
      const row = at === snapshot ? undefined : rows.at(-1);
      if (row === undefined) break;
      const segments = [...this.before(row), { row, to: at }];
      executions.push(segments);
      at = standsAt(segments[0]?.row ?? row);
    }
    return { snapshot: at === snapshot ? snapshot : 0, executions: executions.reverse() };
  }

  /** The run as it stood before its first commit. */
  begin(row: RunRow, base: Values = this.base(row)): Playback {
    return this.#playedOn(this.before(row), base, row);
  }

  #playedOn(segments: readonly Segment[], base: Values, row = segments.at(-1)?.row): Playback {
    if (row === undefined) throw new TypeError("Nothing is to be played.");
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
    const asked = new Asked();
    const last = { row, to: row.lastSeq ?? Number.MAX_SAFE_INTEGER };
    for (const commit of this.commits([...this.before(row), last])) asked.apply(commit);
    return asked.open().map(({ ask }) => ask);
  }

  *commits(segments: readonly Segment[]): IterableIterator<Commit> {
    for (const { row, to } of segments) yield* this.#store.commits(row.firstSeq, to);
  }

  #play(row: RunRow, playback: Playback, to = row.lastSeq ?? Number.MAX_SAFE_INTEGER): Playback {
    for (const commit of this.#store.commits(row.firstSeq, to)) playback.apply(commit.entry);
    return playback;
  }
}

/** The commit that a run stands on which goes on from none. */
function standsAt({ from, firstSeq }: RunRow): number {
  return from === null ? firstSeq - 1 : from.seq;
}
