import type { Plan } from "../../src/graph/plan.ts";
import type { Ask, Commit } from "../log/entry.ts";
import type { RunRow, Standing } from "../log/rows.ts";
import type { ThreadStore } from "../log/store.ts";
import { Asked } from "./asked.ts";
import { Playback, type Values } from "./playback.ts";

/** A run's part of what another goes on from. */
export interface Segment {
  readonly row: RunRow;
  /** Its last commit that counts. */
  readonly to: number;
}

/** What is played for the values at its end: a run with all that it goes on from. */
interface Execution {
  readonly segments: readonly Segment[];
  /** Only what this one of the steps shows that the last commit shows. */
  readonly part: number | undefined;
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
    const next = this.#unstruckAfter(lastSeq);
    if (next === undefined || next.from === null || next.from.anew || next.from.seq !== lastSeq) return undefined;
    return next.lineage === lineage ? next : undefined;
  }

  #unstruckAfter(seq: number | null): RunRow | undefined {
    for (let at = seq; at !== null; ) {
      const next = this.#store.runAt(at + 1);
      if (next === undefined || next.firstSeq <= at) return undefined;
      if (next.struck !== true) return next;
      at = next.lastSeq;
    }
    return undefined;
  }

  /** Where it all began: the run itself, or the first of those it goes on from. */
  rootOf(row: RunRow): RunRow {
    return this.before(row)[0]?.row ?? row;
  }

  /** Every channel's value when the run, or the first of those it goes on from, began. */
  base(row: RunRow): Values {
    const root = this.rootOf(row);
    return this.valuesOn(root.from ?? { seq: standsAt(root) });
  }

  /** Those that a run begins on. */
  valuesOn({ seq, shown }: Pick<Standing, "seq" | "shown">): Values {
    return shown === undefined ? this.valuesAt(seq) : this.valuesAt(shown.seq, shown.part);
  }

  /** The thread's values after a run. */
  end(row: RunRow): Values {
    return row.lastSeq === null ? this.played(row).threadValues() : this.valuesAt(row.lastSeq);
  }

  /** The thread's values at a commit; none at 0. @param part of the steps that the commit shows: as that one shows them */
  valuesAt(seq: number, part?: number): Values {
    const { snapshot, executions } = this.#since(seq, part);
    const known = snapshot === 0 ? undefined : this.#store.snapshot(snapshot)?.values;
    let values: Values = new Map(Object.entries(known ?? {}));
    for (const execution of executions) {
      const playback = this.#playedOn(execution.segments, values, execution.part !== undefined);
      values = playback.threadValues(this.#upTo(playback, execution));
    }
    return values;
  }

  #upTo(playback: Playback, { segments, part }: Execution): number | undefined {
    const seq = segments.at(-1)?.to ?? 0;
    const [last] = part === undefined ? [] : this.#store.commits(seq, seq);
    return last && playback.shown(last)[part ?? 0]?.upTo;
  }

  /**
   * What is to be played for the values at a commit, the oldest first, and the snapshot to begin with. Each stands on what the
   * one before it left, however many those are: nothing here may go deeper with each.
   */
  #since(
    seq: number,
    ofIt: number | undefined,
  ): { readonly snapshot: number; readonly executions: readonly Execution[] } {
    const executions: Execution[] = [];
    let [at, part, snapshot]: [number, number | undefined, number] = [seq, ofIt, seq + 1];
    for (let rows: RunRow[] = []; at > 0; ) {
      // A snapshot holds everything, and so says nothing of a part.
      const newest = part === undefined ? at : at - 1;
      if (newest < snapshot) {
        snapshot = this.#store.snapshotSeq(newest);
        rows = this.#store.runsAfter(snapshot, at + 1);
      }
      while ((rows.at(-1)?.firstSeq ?? 0) > at) rows.pop();
      const row = at === snapshot ? undefined : rows.at(-1);
      if (row === undefined) break;
      const segments = [...this.before(row), { row, to: at }];
      executions.push({ segments, part });
      const first = segments[0]?.row ?? row;
      const shown = first.from?.shown;
      [at, part] = [shown?.seq ?? standsAt(first), shown?.part];
    }
    return { snapshot: at === snapshot ? snapshot : 0, executions: executions.reverse() };
  }

  /** The run as it stood before its first commit. */
  begin(row: RunRow, base: Values = this.base(row)): Playback {
    return this.#playedOn(this.before(row), base, true, row);
  }

  #playedOn(segments: readonly Segment[], base: Values, keepsParts: boolean, row = segments.at(-1)?.row): Playback {
    if (row === undefined) throw new TypeError("Nothing is to be played.");
    const playback = new Playback(this.#plan(row.graphHash), segments[0]?.row ?? row, base, keepsParts);
    for (const commit of this.commits(segments)) playback.replay(commit);
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
    for (const commit of this.#store.commits(row.firstSeq, to)) playback.replay(commit);
    return playback;
  }
}

/** The commit that a run stands on which goes on from none. */
function standsAt({ from, firstSeq }: RunRow): number {
  return from === null ? firstSeq - 1 : from.seq;
}
