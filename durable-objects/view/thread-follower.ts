import { failure } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { ThreadCore } from "../core.ts";
import type { RunRow } from "../log/rows.ts";
import { checkpointAt } from "../log/standing.ts";
import { shownStatus, type StreamMode, type ThreadStreamMode } from "../thread-api.ts";
import { checkpointView } from "./checkpoints.ts";
import { eventText } from "./event-stream.ts";
import { followerOf, lastEventOf, wishOf } from "./followed.ts";
import type { Follower } from "./follower.ts";
import { updateOf } from "./task-texts.ts";

/** A place in the thread: of a run by its first commit, and how far in it; 0 is before all of it. */
interface Place {
  readonly firstSeq: number;
  readonly at: number;
}

/** Ids of the whole thread: the run's first commit, and behind it the place in the run, in so many digits. They grow as both do. */
const RUN = 10n ** 15n;

function idOf({ firstSeq, at }: Place): bigint {
  return BigInt(firstSeq) * RUN + BigInt(at);
}

/**
 * Follows a thread through all its runs, and waits for the next: `run_modes` shows each as it was started to be shown and then
 * `run_done`, `lifecycle` only that one begins and is over, `state_update` what was written from outside.
 */
export class ThreadFollower {
  readonly #core: ThreadCore;
  readonly #threadId: string;
  readonly #modes: ReadonlySet<ThreadStreamMode>;
  /** The next run begins with this commit. */
  #nextSeq: number;
  /** How far the run that begins there has been seen. */
  #at: number;
  #current: { readonly run: RunRow; readonly follower: Follower } | undefined;

  /**
   * @param after an id of this stream; -1: everything there is; left out: from the run that is live, or the next one, on
   * @throws EdgewiseError `invalid_request` for an id that this thread has not handed out
   */
  constructor(core: ThreadCore, threadId: string, modes: readonly ThreadStreamMode[], after: bigint | undefined) {
    this.#core = core;
    this.#threadId = threadId;
    this.#modes = new Set(modes);
    const place = after === undefined ? newest(core) : after < 0n ? { firstSeq: 1, at: 0 } : placeOf(core, after);
    this.#nextSeq = place.firstSeq;
    this.#at = place.at;
  }

  /** It ends with the thread. */
  isDone(): boolean {
    const { row } = this.#core.record;
    return row === undefined || row.deleted;
  }

  watch(listener: () => void): () => void {
    return this.#core.watch(listener);
  }

  read(): { readonly text: string; readonly upToDate: boolean } {
    if (this.isDone() || this.#nextSeq > this.#core.lastCommit.seq) return { text: "", upToDate: true };
    const run = this.#here();
    if (run === undefined) return { text: "", upToDate: true };
    // Who has seen it begin is told that it is over; nobody else hears of it.
    if (run.struck === true) return this.#goOn(run, this.#at > 0 || this.#current !== undefined ? this.#done(run) : "");
    return run.hidden ? this.#update(run) : this.#run(run);
  }

  /** The run that comes next. Where the history was dropped none begins at that commit, and the first behind it is meant. */
  #here(): RunRow | undefined {
    const { store } = this.#core;
    const here = store.runAt(this.#nextSeq);
    if (here?.firstSeq === this.#nextSeq) return here;
    const [next] = store.runsAfter(this.#nextSeq);
    if (next === undefined) return undefined;
    [this.#nextSeq, this.#at, this.#current] = [next.firstSeq, 0, undefined];
    return next;
  }

  #run(run: RunRow): ReturnType<ThreadFollower["read"]> {
    const { follower } = (this.#current ??= { run, follower: this.#follow(run) });
    const { frames, upToDate } = follower.read();
    const text = frames.map(({ id, ...frame }) => this.#text(run, id + 1, frame)).join("");
    if (!upToDate || !follower.isDone) return { text, upToDate };
    const over = this.#core.store.run(run.runId) ?? run;
    return this.#goOn(over, text + this.#done(over));
  }

  /** `metadata` says which run begins: it comes whatever modes are asked for. */
  #follow(run: RunRow): Follower {
    const wish = this.#modes.has("run_modes") ? wishOf(run, { modes: modesOf(run) }) : NOTHING;
    return followerOf(this.#core, run, this.#threadId, wish, this.#at - 1);
  }

  #done(run: RunRow): string {
    const at = lastEventOf(this.#core, run) + 2;
    if (!this.#modes.has("run_modes") && !this.#modes.has("lifecycle")) return "";
    const { runId: run_id } = run;
    const data: Json = { run_id, thread_id: this.#threadId, status: shownStatus(run) };
    return at <= this.#at ? "" : this.#text(run, at, { event: "run_done", data });
  }

  /** What somebody outside has written, and the checkpoint that it made. */
  #update(run: RunRow): ReturnType<ThreadFollower["read"]> {
    if (run.lastSeq === null) return { text: "", upToDate: true };
    if (!this.#modes.has("state_update") || this.#at > 0) return this.#goOn(run, "");
    const written: Record<string, Json> = {};
    for (const { entry } of this.#core.store.commits(run.firstSeq, run.lastSeq))
      if ("outcome" in entry && entry.outcome !== undefined) Object.assign(written, updateOf(entry.outcome));
    const checkpoint = checkpointAt(this.#core.store, run.lastSeq);
    const data: Json = {
      values: written,
      checkpoint: checkpoint === undefined ? null : checkpointView(this.#threadId, checkpoint),
    };
    return this.#goOn(run, this.#text(run, 1, { event: "state_update", data }));
  }

  /** To the run behind it. */
  #goOn(run: RunRow, text: string): ReturnType<ThreadFollower["read"]> {
    this.#nextSeq = (run.lastSeq ?? run.firstSeq) + 1;
    this.#at = 0;
    this.#current = undefined;
    return { text, upToDate: false };
  }

  #text(run: RunRow, at: number, frame: { readonly event: string; readonly data: Json }): string {
    const isRuns = frame.event !== "state_update";
    const isShown = isRuns ? this.#modes.has("run_modes") || this.#modes.has("lifecycle") : true;
    return isShown ? eventText({ ...frame, id: idOf({ firstSeq: run.firstSeq, at }) }) : "";
  }
}

/** Of a run that is only told of: that it begins, and the reason it failed for. */
const NOTHING = { modes: [], subgraphs: false };

function modesOf({ kwargs }: RunRow): readonly StreamMode[] {
  const modes = kwargs["stream_mode"];
  return Array.isArray(modes) ? (modes as readonly StreamMode[]) : ["values"];
}

function newest({ live, lastCommit }: ThreadCore): Place {
  return { firstSeq: live?.row.firstSeq ?? lastCommit.seq + 1, at: 0 };
}

function placeOf(core: ThreadCore, id: bigint): Place {
  const place = { firstSeq: Number(id / RUN), at: Number(id % RUN) };
  const run = place.firstSeq > core.lastCommit.seq ? undefined : core.store.runAt(place.firstSeq);
  if (run?.firstSeq === place.firstSeq && place.at <= lastEventOf(core, run) + 2) return place;
  const message = `Last-Event-ID ${id} is no event of this thread. Send the id of one, -1 for all of them, or leave it out.`;
  throw failure("invalid_request", message, { pointer: "/last-event-id" });
}
