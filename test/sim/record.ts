import type { Commit } from "../../durable-objects/log/entry.ts";
import type { RunRow } from "../../durable-objects/log/rows.ts";
import { ThreadStore } from "../../durable-objects/log/store.ts";
import { storageOn } from "./disk.ts";
import type { SimObject } from "./object.ts";

/** When a commit was on disk. */
export interface Moment {
  readonly turn: number;
  /** The latest that any clock had shown by then: nothing that was due later may have happened. */
  readonly peak: number;
  /** The alarm that was on disk with it, Unix milliseconds. */
  readonly alarm: number | null;
}

/** Writes down when each commit of an object came to be, and reads its log when all is over. */
export class Recorder {
  readonly #object: SimObject;
  readonly #moments: Moment[] = [];
  readonly #store: ThreadStore;

  constructor(object: SimObject) {
    this.#object = object;
    this.#store = new ThreadStore(storageOn(object.disk, () => true).sql);
    object.onCommit = () => this.#note();
  }

  #note(): void {
    const { turns: turn, peak } = this.#object.world.timeline;
    // One that goes off comes again until its handler has ended well.
    const alarm = this.#object.alarm.isHandling ? this.#object.world.timeline.wall : this.#object.disk.alarm;
    const has = this.#object.disk.exec("SELECT 1 FROM sqlite_master WHERE name = 'commits'", []);
    if (has.length === 0) return;
    const [row] = this.#object.disk.exec("SELECT max(seq) AS seq FROM commits", []);
    for (let seq = this.#moments.length + 1; seq <= Number(row?.["seq"] ?? 0); seq += 1)
      this.#moments.push({ turn, peak, alarm });
  }

  /** Commits on disk so far. */
  get count(): number {
    return this.#moments.length;
  }

  moment(seq: number): Moment {
    return this.#moments[seq - 1] ?? { turn: Number.POSITIVE_INFINITY, peak: 0, alarm: null };
  }

  runs(): readonly RunRow[] {
    return this.#store.thread() === undefined ? [] : this.#store.runsAfter(0);
  }

  /** Every row of the log, whatever run it says it is of. */
  commits(): readonly Commit[] {
    return this.#store.thread() === undefined ? [] : [...this.#store.commits(0, Number.MAX_SAFE_INTEGER)];
  }
}
