import type { Commit } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import type { ThreadStore } from "../log/store.ts";
import type { LiveRun } from "../run/live-run.ts";
import type { Frame, Framer } from "./frames.ts";

/** Commits and chunks read from the log at once: what a reader holds in memory does not grow with the run. */
const PAGE = 128;
/** Clients learn this beat and reconnect when it stops; we learn by it that one has left (langgraph-protocol, section 3). */
const HEARTBEAT_MS = 3_000;
/** A comment alone, without a blank line after it: older clients would take that for an event. */
const HEARTBEAT = ": hb\n";

/** Where a follower reads: the log, and what is still being streamed. */
export interface Source {
  readonly store: ThreadStore;
  /** The run as it is now. */
  run(): RunRow;
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

  constructor(source: Source, framer: Framer, after: number) {
    this.#source = source;
    this.#framer = framer;
    this.#after = after;
    this.#nextSeq = source.run().firstSeq;
  }

  /** The next page of what can be shown, in order; `upToDate` when there is nothing after it yet. */
  read(): { readonly frames: readonly Frame[]; readonly upToDate: boolean } {
    const run = this.#source.run();
    const after = this.#after;
    const chunks = this.#framer.wantsChunks ? this.#source.store.chunks(run.n, after, PAGE) : [];
    const commits = this.#source.store.commitsOfRun(run.n, this.#nextSeq, PAGE);
    const open = this.#source.live()?.openChunks() ?? [];
    // A page that was cut says nothing about what comes after it: nothing beyond its end may be shown before that is read.
    const horizon = Math.min(
      endOf(chunks, (chunk) => chunk.first + chunk.data.length - 1),
      endOf(commits, (commit) => commit.lastEvent),
    );
    const frames = [...chunks, ...open].flatMap((chunk) => this.#framer.chunk(chunk, after));
    for (const commit of commits) frames.push(...this.#commitFrames(commit, run, horizon));
    const shown = frames
      .filter((frame) => frame.id <= horizon && frame.id > after)
      .sort((one, other) => one.id - other.id);
    const upToDate = horizon === Number.POSITIVE_INFINITY;
    this.#after = upToDate ? (shown.at(-1)?.id ?? after) : Math.max(after, horizon);
    return { frames: shown, upToDate };
  }

  /** Whether the run is over and all of it was shown. */
  get isDone(): boolean {
    const { lastSeq } = this.#source.run();
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
          const { frames, upToDate } = this.read();
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

  #commitFrames(commit: Commit, run: RunRow, horizon: number): Frame[] {
    // Beyond the horizon it is left for the next page: the framer must see each commit once.
    if (commit.lastEvent > horizon) return [];
    this.#nextSeq = commit.seq + 1;
    return this.#framer.commit(commit, run.lastSeq === null ? undefined : run);
  }
}

/** The last frame id a full page reaches; infinity for one that was not cut. */
function endOf<T>(page: readonly T[], lastId: (item: T) => number): number {
  const last = page.at(-1);
  return last === undefined || page.length < PAGE ? Number.POSITIVE_INFINITY : lastId(last);
}

function toText(frame: Frame): string {
  return `event: ${frame.event}\ndata: ${JSON.stringify(frame.data)}\nid: ${frame.id}\n\n`;
}
