import { failure, toErrorRecord, type ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { FrameRequest, LeftFrame, Task, TaskId, Write } from "../../src/engine/types.ts";
import type { Globals, Plan, PlanNode, Scope } from "../../src/graph/plan.ts";
import { route } from "../../src/graph/route.ts";
import type { FrameEnd } from "../../src/nodes/contract.ts";
import type { AnyCompositeKind, NodeKinds } from "../../src/nodes/registry.ts";
import { frameOf, nodeOf } from "../log/places.ts";
import type { LogEntry } from "../log/entry.ts";
import { bounded, combine } from "./failures.ts";
import { scopeAfter } from "./scope.ts";
import { isTooLarge, MAX_VALUE, toWrites } from "./writes.ts";

/** Items of one composite: each is a commit and a frame. */
const MOST_FRAMES = 100_000;

interface Open {
  readonly items: readonly Json[];
  readonly ends: (FrameEnd | undefined)[];
}

/** What composites' kinds make of frames (R10): how they begin, what leaves them. Everything here is pure but its memory. */
export class Composites {
  readonly #plan: Plan;
  readonly #runId: string;
  readonly #kinds: NodeKinds;
  readonly #scopeOf: (task: Task) => Scope;
  readonly #globalsOf: (plan: Plan) => Globals;
  readonly #open = new Map<TaskId, Open>();

  /** @param known what a task's expressions see, and what those of a graph may name */
  constructor(
    plan: Plan,
    runId: string,
    kinds: NodeKinds,
    known: { readonly scopeOf: (task: Task) => Scope; readonly globalsOf: (plan: Plan) => Globals },
  ) {
    this.#plan = plan;
    this.#runId = runId;
    this.#kinds = kinds;
    this.#scopeOf = known.scopeOf;
    this.#globalsOf = known.globalsOf;
  }

  /** What the expressions of a task in a frame see besides: the item and its index. */
  localsOf(task: TaskId): { readonly item: Json; readonly index: number } | undefined {
    const frame = frameOf(task);
    const items = frame && this.#open.get(frame.composite)?.items;
    if (frame === undefined || items === undefined) return undefined;
    return { item: items[frame.frame] ?? null, index: frame.frame };
  }

  /** The task has its slot: it opens. @throws EdgewiseError as its expressions do. */
  announce(task: Task): LogEntry {
    const { node, kind } = this.#kindOf(task.id);
    const scope = this.#scopeOf(task);
    for (const channel of node.shares?.begin ?? []) scope.read(channel); // R6: a conflict is the reader's failure
    const { items, concurrency, tolerant } = kind.open(node.compiled as never, scope);
    if (items.length > MOST_FRAMES) {
      const message = `Node "${node.id}" has ${items.length} items; ${MOST_FRAMES} are allowed. Split the list.`;
      throw failure("value_too_large", message);
    }
    if (isTooLarge(items)) {
      const message = `The items of "${node.id}" have more than ${MAX_VALUE} characters of JSON together. Split the list.`;
      throw failure("value_too_large", message);
    }
    // Where its failure goes somewhere (0012), what fails inside is its failure; elsewhere it waits to be redriven (R9).
    const bears = tolerant || node.onError !== undefined;
    return { type: "frames-announced", task: task.id, items, concurrency, tolerant: bears };
  }

  /** A frame begins, or cannot. */
  begin({ composite, frame }: FrameRequest): LogEntry {
    try {
      return { type: "frame-started", task: composite.id, frame, outcome: this.#startOf(composite, frame) };
    } catch (thrown) {
      const error = { ...bounded(toErrorRecord(thrown)), node: this.#kindOf(composite.id).node.id };
      return { type: "frame-failed", task: composite.id, frame, error };
    }
  }

  /** Takes a committed entry in. */
  apply(entry: LogEntry): void {
    if (entry.type === "frames-announced") this.#open.set(entry.task, { items: entry.items, ends: [] });
    if (entry.type === "frame-failed") this.#end(entry.task, entry.frame, { ok: false, error: entry.error });
    if (entry.type === "task-succeeded" || entry.type === "task-failed") this.#open.delete(entry.task);
  }

  /** A frame is over: what leaves it is taken down, so that the frame can be forgotten. */
  leave({ composite, frame, state, writesTo, failed }: LeftFrame, failures: ReadonlyMap<TaskId, ErrorRecord>): void {
    if (failed.length > 0) return this.#end(composite.id, frame, { ok: false, error: combine(failed, failures) });
    const { node, kind } = this.#kindOf(composite.id);
    try {
      const scope = { ...this.#inside(composite, frame), read: (channel: string) => state.read(channel) };
      const shared = (node.shares?.leave ?? []).flatMap((channel) =>
        writesTo(channel).map((value) => ({ channel, value })),
      );
      this.#end(composite.id, frame, { ok: true, writes: [...shared, ...kind.leave(node.compiled as never, scope)] });
    } catch (thrown) {
      this.#end(composite.id, frame, { ok: false, error: { ...bounded(toErrorRecord(thrown)), node: node.id } });
    }
  }

  /** All frames are over: what the task writes, and whether none of them failed. @throws EdgewiseError the first frame's failure, where the kind does not bear it. */
  close(task: Task): { readonly writes: readonly Write[]; readonly isWhole: boolean } {
    const { node, kind } = this.#kindOf(task.id);
    const ends = (this.#open.get(task.id)?.ends ?? []).flatMap((end) => end ?? []);
    return { writes: kind.close(node.compiled as never, ends), isWhole: ends.every(({ ok }) => ok) };
  }

  #startOf(composite: Task, frame: number) {
    const { node, kind, inside } = this.#kindOf(composite.id);
    const within = this.#within(composite, frame);
    const entry = kind.enter(node.compiled as never, within);
    const writes = toWrites(
      inside,
      entry.writes,
      node.id,
      (index) => `${this.#runId}:${composite.id}[${frame}]:${index}`,
    );
    const shares = new Set(node.shares?.begin);
    const inner = {
      ...this.#inside(composite, frame),
      read: (name: string) =>
        (shares.has(name) ? within.read(name) : undefined) ??
        inside.channels.find((channel) => channel.name === name)?.default,
    };
    return { writes, takes: route(inside, "start", scopeAfter(inside, inner, writes)).takes, sends: [] };
  }

  /** What a frame is given is made of what its composite sees. */
  #within(composite: Task, frame: number): Scope {
    const scope = this.#scopeOf(composite);
    return { ...scope, globals: { ...scope.globals, ...this.#itemOf(composite, frame) } };
  }

  /** The expressions of the graph inside name what that graph knows. */
  #inside(composite: Task, frame: number): Omit<Scope, "read"> {
    return { globals: { ...this.#globalsOf(this.#kindOf(composite.id).inside), ...this.#itemOf(composite, frame) } };
  }

  #itemOf({ id }: Task, frame: number): { readonly item: Json; readonly index: number } {
    return { item: this.#open.get(id)?.items[frame] ?? null, index: frame };
  }

  #end(
    task: TaskId,
    frame: number,
    end: { ok: true; writes: readonly Write[] } | { ok: false; error: ErrorRecord },
  ): void {
    const open = this.#open.get(task);
    if (open !== undefined) open.ends[frame] = { ...end, item: open.items[frame] ?? null, index: frame };
  }

  #kindOf(task: TaskId): { readonly node: PlanNode; readonly kind: AnyCompositeKind; readonly inside: Plan } {
    const node = nodeOf(this.#plan, task);
    const kind = this.#kinds.get(node.kind);
    if (kind === undefined || !("open" in kind) || node.inside === undefined)
      throw failure("node_failed", `This deployment has no composite "${node.kind}", which "${node.id}" is of.`);
    return { node, kind, inside: node.inside };
  }
}
