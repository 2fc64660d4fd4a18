import { failure, toErrorRecord, type ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { FrameRequest, LeftFrame, Outcome, Task, TaskId, View, Write } from "../../src/engine/types.ts";
import type { ResultCache } from "../../src/cache/contract.ts";
import type { Globals, Plan, PlanNode, Scope } from "../../src/graph/plan.ts";
import { route } from "../../src/graph/route.ts";
import type { Done, FrameEnd, Turn } from "../../src/nodes/contract.ts";
import type { AnyCompositeKind, NodeKinds } from "../../src/nodes/registry.ts";
import { frameOf, isInside, nodeOf, planOf } from "../log/places.ts";
import type { LogEntry } from "../log/entry.ts";
import { keepResult, type Keeper, keeperOf } from "./cached.ts";
import { coalesced } from "./coalesce.ts";
import { bounded, combine } from "./failures.ts";
import { scopeAfter } from "./scope.ts";
import { compensationFailed, doneBy, inCanonicalOrder } from "./undoing.ts";
import { isTooLarge, MAX_VALUE, toWrites } from "./writes.ts";

/** Items of one composite: each is a commit and a frame. */
const MOST_FRAMES = 100_000;

interface Open {
  readonly items: Json[];
  readonly ends: (FrameEnd | undefined)[];
  /** Frames still to win a race. */
  wanted: number;
  /** The state that the last turn of a loop left. */
  left?: View;
  /** Of a saga: what its first frame has done that can be undone; in canonical order once that is over. */
  done: Done[] | undefined;
}

/** What the run knows. */
interface Known {
  /** What a task's expressions see, and what those of a graph may name. */
  readonly scopeOf: (task: Task) => Scope;
  readonly globalsOf: (plan: Plan) => Globals;
  /** One in flight. */
  readonly taskOf: (id: TaskId) => Task | undefined;
}

/** What composites' kinds make of frames (R10): how they begin, what leaves them. Everything here is pure but its memory. */
export class Composites {
  readonly #plan: Plan;
  readonly #lineage: () => string;
  readonly #kinds: NodeKinds;
  readonly #scopeOf: Known["scopeOf"];
  readonly #globalsOf: Known["globalsOf"];
  readonly #taskOf: Known["taskOf"];
  readonly #open = new Map<TaskId, Open>();

  /** @param lineage whose name its tasks carry outside */
  constructor(plan: Plan, lineage: () => string, kinds: NodeKinds, known: Known) {
    this.#plan = plan;
    this.#lineage = lineage;
    this.#kinds = kinds;
    this.#scopeOf = known.scopeOf;
    this.#globalsOf = known.globalsOf;
    this.#taskOf = known.taskOf;
  }

  /** What the expressions of a task in a frame see besides: the item and its index. */
  localsOf(task: TaskId): { readonly item: Json; readonly index: number } | undefined {
    const frame = frameOf(task);
    const items = frame && this.#open.get(frame.composite)?.items;
    if (frame === undefined || items === undefined) return undefined;
    return { item: items[frame.frame] ?? null, index: frame.frame };
  }

  /** It has frames that are not concluded. */
  isOpen(task: TaskId): boolean {
    return this.#open.has(task);
  }

  /** The task has its slot: it opens. @throws EdgewiseError as its expressions do. */
  announce(task: Task): LogEntry {
    const { node, kind } = this.#kindOf(task.id);
    const scope = this.#scopeOf(task);
    for (const channel of node.shares?.begin ?? []) scope.read(channel); // R6: a conflict is the reader's failure
    const opening = kind.open(node.compiled as never, scope);
    const { concurrency, tolerant, winners } = opening;
    const first = kind.next?.(node.compiled as never, this.#turn(task, 0));
    const items = first === undefined ? opening.items : [first];
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
    const announced = { type: "frames-announced", task: task.id, items, concurrency, tolerant: bears } as const;
    return winners === undefined ? announced : { ...announced, winners };
  }

  /**
   * A loop's next turn, if there is one, or what a saga undoes next. @throws EdgewiseError as a loop's expressions do, and for
   * a state that no turn can begin with (R6)
   */
  again(task: Task): LogEntry | undefined {
    const { node, kind, inside } = this.#kindOf(task.id);
    const open = this.#open.get(task.id);
    if (kind.next === undefined || open === undefined) return undefined;
    if (open.done !== undefined) return this.#undo(task, open, open.done);
    if (open.ends.some((end) => end?.ok === false)) return undefined;
    const item = kind.next(node.compiled as never, this.#turn(task, open.items.length));
    if (item === undefined) return undefined;
    for (const { name } of inside.channels) open.left?.read(name);
    return { type: "frames-extended", task: task.id, item };
  }

  /** 0019: what has failed is the graph, or what follows from its end: then the saga fails, and leaves nothing done. */
  #undo(task: Task, open: Open, done: readonly Done[]): LogEntry | undefined {
    const { node, kind } = this.#kindOf(task.id);
    const [first] = open.ends;
    let failed = first?.ok === false ? first.error : undefined;
    if (first?.ok === true) {
      try {
        this.#conclusion(task);
      } catch (thrown) {
        failed = { node: node.id, ...bounded(toErrorRecord(thrown)) };
        this.#end(task.id, 0, { ok: false, error: failed });
      }
    }
    if (failed === undefined) return undefined;
    const turn = { ...this.#turn(task, open.items.length), failed, done };
    const item = kind.next?.(node.compiled as never, turn);
    return item === undefined ? undefined : { type: "frames-extended", task: task.id, item, holds: true };
  }

  /** What failed in these tasks, where that is what undoes something as the saga's failure. */
  failuresIn(tasks: readonly TaskId[], errors: ReadonlyMap<TaskId, ErrorRecord>): ReadonlyMap<TaskId, ErrorRecord> {
    const told = new Map(errors);
    for (const task of tasks) {
      const [error, undoing] = [errors.get(task), this.#undoingIn(task)];
      if (error !== undefined && undoing !== undefined)
        told.set(task, compensationFailed(undoing.saga, undoing.done, error));
    }
    return told;
  }

  #undoingIn(task: TaskId): { readonly saga: string; readonly done: Done } | undefined {
    for (let frame = frameOf(task); frame !== undefined; frame = frameOf(frame.composite)) {
      const done = this.#open.get(frame.composite)?.done;
      const undone = frame.frame === 0 ? undefined : done?.at(-frame.frame);
      if (undone !== undefined) return { saga: nodeOf(this.#plan, frame.composite).id, done: undone };
    }
    return undefined;
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
    if (entry.type === "frames-announced") {
      const wanted = entry.winners ?? Number.POSITIVE_INFINITY;
      const done = this.#kindOf(entry.task).kind.holds === true ? [] : undefined;
      this.#open.set(entry.task, { items: [...entry.items], ends: [], wanted, done });
    }
    if (entry.type === "task-succeeded") this.#noteDone(entry);
    if (entry.type === "frames-extended") this.#open.get(entry.task)?.items.push(entry.item);
    if (entry.type === "frame-failed") this.#end(entry.task, entry.frame, { ok: false, error: entry.error });
    if (entry.type === "task-succeeded" || entry.type === "task-failed") this.#open.delete(entry.task);
  }

  #noteDone(entry: Extract<LogEntry, { readonly type: "task-succeeded" }>): void {
    const frame = frameOf(entry.task);
    const open = frame?.frame === 0 ? this.#open.get(frame.composite) : undefined;
    if (open?.done === undefined) return;
    const done = doneBy(this.#plan, entry, this.#taskOf(entry.task)?.payload);
    if (done !== undefined) open.done.push(done);
  }

  /** A frame is over: what leaves it is taken down, so that the frame can be forgotten. */
  leave({ composite, frame, state, writesTo, failed }: LeftFrame, failures: ReadonlyMap<TaskId, ErrorRecord>): void {
    const open = this.#open.get(composite.id);
    // Whoever comes in after a race is decided comes in for nothing.
    if (open === undefined || open.wanted === 0) return;
    open.left = state;
    for (const task of failed) this.#dropAround(task, composite.id);
    if (open.done !== undefined && frame > 0)
      return this.#end(composite.id, frame, { ok: true, shared: [], writes: [] });
    open.done &&= inCanonicalOrder(open.done);
    if (failed.length > 0) return this.#end(composite.id, frame, { ok: false, error: combine(failed, failures) });
    const { node, kind } = this.#kindOf(composite.id);
    try {
      const scope = {
        ...this.#inside(composite, frame, this.#itemOf(composite, frame)),
        read: (channel: string) => state.read(channel),
      };
      const shared = (node.shares?.leave ?? []).flatMap((channel) =>
        writesTo(channel).map((value) => ({ channel, value })),
      );
      this.#end(composite.id, frame, { ok: true, shared, writes: kind.leave(node.compiled as never, scope) });
      open.wanted -= 1;
    } catch (thrown) {
      this.#end(composite.id, frame, { ok: false, error: { ...bounded(toErrorRecord(thrown)), node: node.id } });
    }
  }

  /** All frames are over, or won: what the task wrote. @throws EdgewiseError the first frame's failure, where the kind does not bear it. */
  conclude(task: Task, cache: ResultCache): LogEntry {
    const { entry, writes, ends } = this.#conclusion(task);
    const keeper = this.keeperOf(task, cache);
    // What was left out because it failed may well succeed the next time.
    if (keeper !== undefined && ends.every(({ ok }) => ok)) keepResult(keeper, { writes }, this.messageId(task));
    return entry;
  }

  #conclusion(task: Task) {
    const { node, kind } = this.#kindOf(task.id);
    const ends = (this.#open.get(task.id)?.ends ?? []).flatMap((end) => end ?? []);
    const writes = coalesced(planOf(this.#plan, task.id), kind.close(node.compiled as never, ends), node);
    return { entry: this.succeed(task, writes), writes, ends };
  }

  /** What a composite wrote, and the edges it takes. */
  succeed(task: Task, written: readonly Write[]): LogEntry {
    const plan = planOf(this.#plan, task.id);
    const { id } = this.#kindOf(task.id).node;
    const writes = toWrites(plan, written, id, (index) => `${this.messageId(task)}:${index}`);
    const taken = route(plan, task.node, scopeAfter(plan, this.#scopeOf(task), writes));
    return { type: "task-succeeded", task: task.id, attempt: 1, outcome: { writes, ...taken } };
  }

  /** Where its result is kept, if its node says so. */
  keeperOf(task: Task, cache: ResultCache): Keeper | undefined {
    return keeperOf(planOf(this.#plan, task.id), this.#kindOf(task.id).node, this.#scopeOf(task), cache);
  }

  messageId(task: Task): string {
    return `${this.#lineage()}:${task.id}`;
  }

  #startOf(composite: Task, frame: number): Outcome {
    const { node, kind, inside } = this.#kindOf(composite.id);
    const item = this.#itemOf(composite, frame);
    const begins = kind.begins?.(node.compiled as never, item);
    if (begins !== undefined) {
      const takes = inside.nodes.flatMap(({ id, index }) => (id === begins ? [index] : []));
      return { writes: [], takes, sends: [] };
    }
    const { scope, writes } = this.#beginning(composite, frame, item);
    return { writes, ...route(inside, "start", scope) };
  }

  /** What a frame begins with: what it is given, or, in a loop's later turns, what the one before it left. */
  #beginning(composite: Task, frame: number, item: Json): { readonly scope: Scope; readonly writes: readonly Write[] } {
    const { node, kind, inside } = this.#kindOf(composite.id);
    const known = this.#inside(composite, frame, item);
    const left = node.carries === true ? this.#open.get(composite.id)?.left : undefined;
    if (left !== undefined) return { scope: { ...known, read: (channel) => left.read(channel) }, writes: [] };
    const within = this.#within(composite, frame, item);
    const given = kind.enter(node.compiled as never, within).writes;
    const writes = toWrites(inside, given, node.id, (index) => `${this.messageId(composite)}[${frame}]:${index}`);
    const shares = new Set(node.shares?.begin);
    const read = (name: string): Json | undefined =>
      (shares.has(name) ? within.read(name) : undefined) ??
      inside.channels.find((channel) => channel.name === name)?.default;
    return { scope: scopeAfter(inside, { ...known, read }, writes), writes };
  }

  #turn(task: Task, index: number): Turn {
    const inside = (at: number, item = this.#itemOf(task, at)): Scope => this.#beginning(task, at, item).scope;
    return { index, outside: this.#scopeOf(task), inside };
  }

  /** What a frame is given is made of what its composite sees; one without items sees the item of a frame around it. */
  #within(composite: Task, index: number, item: Json): Scope {
    const scope = this.#scopeOf(composite);
    const { kind } = this.#kindOf(composite.id);
    if (!kind.many || kind.holds === true) return scope;
    return { ...scope, globals: { ...scope.globals, item, index } };
  }

  /** The expressions of the graph inside name what that graph knows. */
  #inside(composite: Task, index: number, item: Json): Omit<Scope, "read"> {
    return { globals: { ...this.#globalsOf(this.#kindOf(composite.id).inside), item, index } };
  }

  #itemOf({ id }: Task, frame: number): Json {
    return this.#open.get(id)?.items[frame] ?? null;
  }

  #end(
    task: TaskId,
    frame: number,
    end: { ok: true; shared: readonly Write[]; writes: readonly Write[] } | { ok: false; error: ErrorRecord },
  ): void {
    const open = this.#open.get(task);
    if (open !== undefined) open.ends[frame] = { ...end, item: open.items[frame] ?? null, index: frame };
  }

  /** Of a frame that failed, composites between the task in which it did and the frame are left as they are. */
  #dropAround(task: TaskId, outer: TaskId): void {
    for (
      let frame = frameOf(task);
      frame !== undefined && isInside(frame.composite, outer);
      frame = frameOf(frame.composite)
    )
      this.#open.delete(frame.composite);
  }

  #kindOf(task: TaskId): { readonly node: PlanNode; readonly kind: AnyCompositeKind; readonly inside: Plan } {
    const node = nodeOf(this.#plan, task);
    const kind = this.#kinds.get(node.kind);
    if (kind === undefined || !("open" in kind) || node.inside === undefined)
      throw failure("node_failed", `This deployment has no composite "${node.kind}", which "${node.id}" is of.`);
    return { node, kind, inside: node.inside };
  }
}
