import type { Chunk, Commit } from "../log/entry.ts";
import { chunkWeight, type Page, pageOf } from "../log/page.ts";
import type { RunRow } from "../log/rows.ts";
import type { ThreadStore } from "../log/store.ts";
import type { LiveRun } from "../run/live-run.ts";
import type { Frame, Framer } from "./frames.ts";

/** Clients learn this beat and reconnect when it stops; we learn by it that one has left (langgraph-protocol, section 3). */
const HEARTBEAT_MS = 3_000;
/** A comment alone, without a blank line after it: older clients would take that for an event. */
const HEARTBEAT = ": hb\n";

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
  #after: number;
  #nextSeq: number;
  /** As it was at the last look into the log. */
  #run: RunRow;
  /** The thread's last commit when the log had been read to its end; -1 before that. */
  #caughtUpAt = -1;

  constructor(source: Source, framer: Framer, after: number) {
    this.#source = source;
    this.#framer = framer;
    this.#after = after;
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
    const frames = [...chunks.items, ...open.items].flatMap((chunk) => this.#framer.chunk(chunk, after));
    for (const commit of commits.items) frames.push(...this.#commitFrames(commit, run, horizon));
    const shown = frames
      .filter((frame) => frame.id <= horizon && frame.id > after)
      .sort((one, other) => one.id - other.id);
    const upToDate = horizon === Number.POSITIVE_INFINITY;
    this.#caughtUpAt = upToDate ? lastSeq : -1;
    this.#after = upToDate ? (shown.at(-1)?.id ?? after) : Math.max(after, horizon);
    return { frames: shown, upToDate };
  }

  /** Whether the run is over and all of it was shown. */
  get isDone(): boolean {
    const { lastSeq } = this.#run;
    return lastSeq !== null && this.#nextSeq > lastSeq;
  }

  /** Server-sent events as bytes. `left` hears when the reader goes away before the end. */
  stream(left: () => void): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    let wake: (() => void) | undefined;
    const unwatch = this.#source.watch(() => wake?.());
    let heart: ReturnType<typeof setInterval> | undefined;
    const stop = (): void => {
      unwatch();
      clearInterval(heart);
    };
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        // A reader that does not keep up hears enough of us.
        heart = setInterval(
          () => (controller.desiredSize ?? 0) > 0 && controller.enqueue(encoder.encode(HEARTBEAT)),
          HEARTBEAT_MS,
        );
      },
      pull: async (controller) => {
        for (;;) {
          const woken = new Promise<void>((resolve) => {
            wake = resolve;
          });
          const { frames, upToDate } = this.#readOr(stop);
          if (frames.length > 0) return controller.enqueue(encoder.encode(frames.map(toText).join("")));
          if (!upToDate) continue;
          if (this.isDone) {
            stop();
            return controller.close();
          }
          await woken;
        }
      },
      cancel: () => {
        stop();
        left();
      },
    });
  }

  /** A stream that fails is not cancelled besides: what keeps its reader's connection alive ends here. */
  #readOr(failed: () => void): ReturnType<Follower["read"]> {
    try {
      return this.read();
    } catch (thrown) {
      failed();
      throw thrown;
    }
  }

  #commitFrames(commit: Commit, run: RunRow, horizon: number): Frame[] {
    // Beyond the horizon it is left for the next page: the framer must see each commit once.
    if (commit.lastEvent > horizon) return [];
    this.#nextSeq = commit.seq + 1;
    return this.#framer.commit(commit, run.lastSeq === null ? undefined : run);
  }
}

const NOTHING: Page<never> = { items: [], isCut: false };

/** The last frame id that a page which was cut reaches; infinity for one that was not. */
function endOf<T>({ items, isCut }: Page<T>, lastId: (item: T) => number): number {
  const last = items.at(-1);
  return last === undefined || !isCut ? Number.POSITIVE_INFINITY : lastId(last);
}

function lastOfChunk(chunk: Chunk): number {
  return chunk.first + chunk.data.length - 1;
}

function weigh(chunk: Chunk): { readonly item: Chunk; readonly weight: number } {
  return { item: chunk, weight: chunkWeight(chunk.data.length, JSON.stringify(chunk.data).length) };
}

function toText(frame: Frame): string {
  return `event: ${frame.event}\ndata: ${JSON.stringify(frame.data)}\nid: ${frame.id}\n\n`;
}
