import { type Chunk, type Commit, lastOfChunk } from "../log/entry.ts";
import { chunkWeight, type Page, pageOf } from "../log/page.ts";
import type { RunRow } from "../log/rows.ts";
import type { ThreadStore } from "../log/store.ts";
import type { LiveRun } from "../run/live-run.ts";
import type { Framer } from "./frames.ts";
import { eventText, streamOf } from "./event-stream.ts";
import type { Frame } from "./sheet.ts";

/** Where a follower reads: the log, and what is still being streamed. */
export interface Source {
  readonly store: ThreadStore;
  /** The run as it is now. */
  run(): RunRow;
  /** The thread's last commit: nothing in the log changes without another. */
  lastSeq(): number;
  /** The live run, if it is this one. */
  live(): LiveRun | undefined;
  watch(listener: () => void): () => void;
}

/**
 * Follows one run from a frame id on: every frame above it exactly once, in order (G7), first from the log, then as they
 * come. It reads when its reader asks, so a slow reader neither holds frames in memory nor holds up the run.
 */
export class Follower {
  readonly #source: Source;
  readonly #framer: Framer;
  /** Whoever follows has seen what has an id up to this one. */
  readonly #seen: number;
  /** Pieces and commits with ids up to this one have been read. */
  #after: number;
  #nextSeq: number;
  /** As it was at the last look into the log. */
  #run: RunRow;
  /** The thread's last commit when the log had been read to its end; -1 before that. */
  #caughtUpAt = -1;

  constructor(source: Source, framer: Framer, after: number) {
    this.#source = source;
    this.#framer = framer;
    this.#seen = after;
    this.#after = framer.needsAllChunks ? -1 : after;
    this.#run = source.run();
    this.#nextSeq = this.#run.firstSeq;
  }

  /** The next page of what can be shown, in order; `upToDate` when there is nothing after it yet. */
  read(): { readonly frames: readonly Frame[]; readonly upToDate: boolean } {
    const after = this.#after;
    const { wantsChunks } = this.#framer;
    const { store } = this.#source;
    // Between two commits only what streams is new, and it comes piece by piece: no query for each.
    const lastSeq = this.#source.lastSeq();
    const isQuiet = lastSeq === this.#caughtUpAt;
    if (!isQuiet) this.#run = this.#source.run();
    const run = this.#run;
    const chunks = wantsChunks && !isQuiet ? store.chunks(run.n, after) : NOTHING;
    const commits = isQuiet ? NOTHING : store.commitsOfRun(run.n, this.#nextSeq);
    const open = wantsChunks ? pageOf(this.#source.live()?.openChunks(after) ?? [], weigh) : NOTHING;
    // A page that was cut says nothing about what comes after it: nothing beyond its end may be shown before that is read.
    const horizon = Math.min(
      endOf(chunks, lastOfChunk),
      endOf(open, lastOfChunk),
      endOf(commits, (commit) => commit.lastEvent),
    );
    // The framer hears of everything once and in the order of the ids, so that a frame is the same whenever it is read.
    const units: Unit[] = [
      ...[...chunks.items, ...open.items].map((chunk) => ({ chunk, first: chunk.first, last: lastOfChunk(chunk) })),
      ...commits.items.map((commit) => ({ commit, first: commit.event, last: commit.lastEvent })),
    ].sort((one, other) => one.first - other.first);
    const frames = units.filter(({ last }) => last <= horizon).flatMap((unit) => this.#framesOf(unit, run, after));
    const upToDate = horizon === Number.POSITIVE_INFINITY;
    this.#caughtUpAt = upToDate ? lastSeq : -1;
    this.#after = Math.max(after, upToDate ? (units.at(-1)?.last ?? after) : horizon);
    return { frames: frames.filter(({ id }) => id > this.#seen), upToDate };
  }

  #framesOf(unit: Unit, run: RunRow, after: number): readonly Frame[] {
    if ("chunk" in unit) return this.#framer.chunk(unit.chunk, after);
    this.#nextSeq = unit.commit.seq + 1;
    return this.#framer.commit(unit.commit, run.lastSeq === null ? undefined : run);
  }

  /** Whether the run is over and all of it was shown. */
  get isDone(): boolean {
    const { lastSeq } = this.#run;
    return lastSeq !== null && this.#nextSeq > lastSeq;
  }

  /** Server-sent events as bytes. `left` hears when the reader goes away before the end. */
  stream(left: () => void): ReadableStream<Uint8Array> {
    const paged = {
      read: () => {
        const { frames, upToDate } = this.read();
        return { text: frames.map(eventText).join(""), upToDate };
      },
      isDone: () => this.isDone,
      watch: (listener: () => void) => this.#source.watch(listener),
    };
    return streamOf(paged, left);
  }
}

/** What is read of a log: a stretch of ids that nothing else has. */
type Unit = { readonly first: number; readonly last: number } & (
  | { readonly chunk: Chunk }
  | { readonly commit: Commit }
);

const NOTHING: Page<never> = { items: [], isCut: false };

/** The last frame id that a page which was cut reaches; infinity for one that was not. */
function endOf<T>({ items, isCut }: Page<T>, lastId: (item: T) => number): number {
  const last = items.at(-1);
  return last === undefined || !isCut ? Number.POSITIVE_INFINITY : lastId(last);
}

function weigh(chunk: Chunk): { readonly item: Chunk; readonly weight: number } {
  return { item: chunk, weight: chunkWeight(chunk.data.length, JSON.stringify(chunk.data).length) };
}
