import type { Plan } from "../../src/graph/plan.ts";
import type { ThreadCore } from "../core.ts";
import type { FrameHead } from "../log/frame-heads.ts";
import { type FramePlace, framesTo, nodeOf, prefixOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { Segment } from "../run/past.ts";
import { checkpointView, type Linked } from "./checkpoints.ts";
import { namespaceOf } from "./frame-names.ts";
import { checkpointId, type Position } from "./identity.ts";

/** A frame's own commit; `index` counts them from 0. */
export interface FrameCommit {
  readonly head: FrameHead;
  readonly index: number;
}

/** Where the commits of frames are in a run's log. Each frame that is asked for is one scan of rows; several may share one. */
export class FramePositions {
  readonly #core: ThreadCore;
  readonly #threadId: string;
  readonly #run: RunRow;
  readonly #plan: Plan;
  readonly #segments: readonly Segment[];
  /** What is looked into; the others' commits are told by {@link note}. */
  readonly #scanned: readonly Segment[];
  /** By the prefix of the frame's tasks. */
  readonly #known = new Map<string, FrameHead[]>();

  /** @param isTold whoever follows the last segment tells of its commits, and it is not looked into */
  constructor(core: ThreadCore, threadId: string, run: RunRow, segments: readonly Segment[], isTold = false) {
    this.#core = core;
    this.#threadId = threadId;
    this.#run = run;
    this.#plan = core.plan(run.graphHash);
    this.#segments = segments;
    this.#scanned = isTold ? segments.slice(0, -1) : segments;
  }

  /** The next commit of a frame. */
  note(head: FrameHead): void {
    const prefix = this.#prefixOf(head);
    if (!this.#known.has(prefix)) this.#scan([prefix]);
    this.#known.get(prefix)?.push(head);
  }

  /** The frame's commits, in order; empty where it has not begun. */
  of(place: FramePlace): readonly FrameHead[] {
    const prefix = prefixOf(this.#plan, place);
    if (!this.#known.has(prefix)) this.#scan([prefix], [`${place.composite}",${place.frame},`, prefix]);
    return this.#known.get(prefix) ?? [];
  }

  /** Looks for the commits of several frames at once. */
  load(places: readonly FramePlace[]): void {
    const prefixes = places.flatMap((place) => framesTo(place).map((each) => prefixOf(this.#plan, each)));
    if (places.length > 0) this.#scan(prefixes);
  }

  #scan(prefixes: readonly string[], starts?: readonly string[]): void {
    for (const prefix of prefixes) this.#known.set(prefix, []);
    for (const { row, to } of this.#scanned)
      for (const head of this.#core.store.frameHeads(row.firstSeq, to, starts)) {
        const prefix = this.#prefixOf(head);
        if (prefixes.includes(prefix)) this.#known.get(prefix)?.push(head);
      }
  }

  #prefixOf({ task, frame }: FrameHead): string {
    if (frame === undefined) return task.slice(0, task.lastIndexOf("/") + 1);
    return nodeOf(this.#plan, task).many === true ? `${task}[${frame}]/` : `${task}/`;
  }

  /** The frame's last commit up to one of the run's. */
  last(place: FramePlace, seq: number): FrameCommit | undefined {
    const heads = this.of(place);
    const index = heads.findLastIndex((head) => head.seq <= seq);
    const head = heads[index];
    return head && { head, index };
  }

  /** A frame's checkpoint, as clients name it. */
  view(place: FramePlace, head: FrameHead) {
    return checkpointView(this.#threadId, head, this.linked(place, head.seq));
  }

  /** A commit's place among the checkpoints around its frame: the newest there were when it was made. */
  linked(place: FramePlace, seq: number): Linked {
    const { lineage } = this.#run;
    const parents: Record<string, string> = {};
    const root = this.#root(seq);
    if (root !== undefined) parents[""] = checkpointId(this.#threadId, root);
    for (const around of framesTo(place).slice(0, -1)) {
      const newest = this.last(around, seq);
      if (newest !== undefined)
        parents[namespaceOf(this.#plan, lineage, around)] = checkpointId(this.#threadId, newest.head);
    }
    return { namespace: namespaceOf(this.#plan, lineage, place), parents };
  }

  #root(seq: number): Position | undefined {
    for (const { row, to } of this.#segments.toReversed()) {
      const found = row.firstSeq > seq ? undefined : this.#core.store.checkpoints.last(Math.min(seq, to));
      if (found !== undefined && found.seq >= row.firstSeq) return found;
    }
    return undefined;
  }
}
