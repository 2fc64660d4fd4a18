import type { Json } from "../../src/base/json.ts";
import type { Commit } from "../log/entry.ts";
import type { StreamMode } from "../thread-api.ts";
import type { Audience } from "./audience.ts";
import { type Layout, layoutOf, type Slot } from "./layout.ts";

/** One server-sent event of a run. Ids grow; a frame has the same id and data whenever it is shown. */
export interface Frame {
  readonly id: number;
  readonly event: string;
  readonly data: Json;
}

/** Where a frame is put: its place among the commit's, and the frame (R10) that it tells of. */
export interface Spot {
  readonly slot: Slot;
  readonly index?: number;
  /** "" is the run itself. */
  readonly frame: string;
  /** Where it is not called by its mode. */
  readonly event?: string;
}

/** What one commit shows to those who asked. */
export class Sheet {
  readonly commit: Commit;
  readonly #layout: Layout;
  readonly #audience: Audience;
  readonly #frames = new Map<number, Frame>();

  constructor(commit: Commit, audience: Audience) {
    this.commit = commit;
    this.#layout = layoutOf(commit);
    this.#audience = audience;
  }

  /** Nothing where nobody asked for it, or where the commit has no id for it. */
  add(mode: StreamMode, { slot, index = 0, frame, event = mode }: Spot, data: () => Json): void {
    if (!this.#audience.wants(mode) || !this.#audience.sees(frame)) return;
    this.put(slot, this.#audience.nameOf(event, frame), data, index);
  }

  /** Whatever was asked for. One frame an id: of two the later one counts. */
  put(slot: Slot, event: string, data: () => Json, index = 0): void {
    const id = this.#layout.id(slot, index);
    if (id !== undefined) this.#frames.set(id, { id, event, data: data() });
  }

  /** It was written before there were steps: it shows what it showed then. */
  get isFormer(): boolean {
    return this.commit.shows === null;
  }

  /** Whether both have ids, of their own. */
  areApart(one: Slot, other: Slot): boolean {
    return this.#layout.id(one) !== this.#layout.id(other);
  }

  has(slot: Slot): boolean {
    const id = this.#layout.id(slot);
    return id !== undefined && this.#frames.has(id);
  }

  /** In the order of their ids. */
  frames(): Frame[] {
    return [...this.#frames.values()].sort((one, other) => one.id - other.id);
  }
}

/** RFC 3339. */
export function timeOf({ at }: Pick<Commit, "at">): string {
  return new Date(at).toISOString();
}
