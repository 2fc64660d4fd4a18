import type { JsonObject } from "../../src/base/json.ts";
import type { RunRow } from "./rows.ts";
import type { Chunk, Commit } from "./entry.ts";
import { Snapshots } from "./snapshots.ts";
import { checkpointAt } from "./standing.ts";
import type { ThreadStore } from "./store.ts";

/** The last commit: its position, its time, and the number of the newest checkpoint. */
export interface Last {
  readonly seq: number;
  readonly at: number;
  readonly step: number;
}

const NONE: Last = { seq: 0, at: 0, step: -2 };

/** The end of the thread's log, where it grows. */
export class LogTail {
  readonly #store: ThreadStore;
  readonly #snapshots: Snapshots;
  #last = NONE;

  constructor(store: ThreadStore) {
    this.#store = store;
    this.#snapshots = new Snapshots(store);
  }

  get last(): Last {
    return this.#last;
  }

  restore(): void {
    const commit = this.#store.lastCommit();
    this.#snapshots.restore();
    if (commit === undefined) return;
    const step = checkpointAt(this.#store, commit.seq)?.step ?? NONE.step;
    this.#last = { seq: commit.seq, at: commit.at, step };
  }

  /** What follows stands on an older checkpoint, of that number. */
  standOn(step: number): void {
    this.#last = { ...this.#last, step };
  }

  /** Joins the transaction it is called in. @param commit with how many steps it shows */
  append(
    run: RunRow,
    commit: Omit<Commit, "seq" | "run" | "step" | "shows"> & { readonly shows: number },
    chunks: readonly Chunk[],
  ): Commit {
    const { at, shows } = commit;
    const step = shows > 0 ? this.#last.step + shows : null;
    const whole = { ...commit, seq: this.#last.seq + 1, run: run.n, step };
    this.#snapshots.committed(this.#store.appendCommit(whole));
    this.keep(run, chunks);
    this.#last = { seq: whole.seq, at, step: step ?? this.#last.step };
    return whole;
  }

  /** The run rests: what was committed last shows so many steps more. @param lastEvent its last frame's id with those of them */
  showMore(more: number, lastEvent: number): void {
    const step = this.#last.step + more;
    this.#store.checkpoints.showMore(this.#last.seq, more, step, lastEvent);
    this.#last = { ...this.#last, step };
  }

  keep(run: RunRow, chunks: readonly Chunk[]): void {
    for (const chunk of chunks) this.#store.appendChunk(run.n, chunk);
  }

  /** To be called when no run is live, with every channel's value. */
  rest(values: ReadonlyMap<string, JsonObject[string]>): void {
    this.#snapshots.saveIfDue(this.#last.seq, values);
  }

  forget(): void {
    this.#last = NONE;
    this.#snapshots.forget();
  }
}
