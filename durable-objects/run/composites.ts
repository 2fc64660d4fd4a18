import { failure, toErrorRecord, type ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { FrameRequest, LeftFrame, Outcome, Task, TaskId, View, Write } from "../../src/engine/types.ts";
import type { ResultCache } from "../../src/cache/contract.ts";
import type { Globals, Plan, PlanNode, Scope } from "../../src/graph/plan.ts";
import { route } from "../../src/graph/route.ts";
import type { FrameEnd, Turn } from "../../src/nodes/contract.ts";
import type { AnyCompositeKind, NodeKinds } from "../../src/nodes/registry.ts";
import { frameOf, nodeOf, planOf } from "../log/places.ts";
import type { LogEntry } from "../log/entry.ts";
import { keepResult, type Keeper, keeperOf } from "./cached.ts";
import { coalesced } from "./coalesce.ts";
import { bounded, combine } from "./failures.ts";
import { scopeAfter } from "./scope.ts";
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

  /** A loop's next turn, if there is one. @throws EdgewiseError as its expressions do, and for a state that none can begin with (R6). */
  again(task: Task): LogEntry | undefined {
    const { node, kind, inside } = this.#kindOf(task.id);
    const open = this.#open.get(task.id);
    if (kind.next === undefined || open === undefined || open.ends.some((end) => end?.ok === false)) return undefined;
    const item = kind.next(node.compiled as never, this.#turn(task, open.items.length));
    if (item === undefined) return undefined;
    for (const { name } of inside.channels) open.left?.read(name);
    return { type: "frames-extended", task: task.id, item };
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
      this.#open.set(entry.task, { items: [...entry.items], ends: [], wanted });
    }
    if (entry.type === "frames-extended") this.#open.get(entry.task)?.items.push(entry.item);
    if (entry.type === "frame-failed") this.#end(entry.task, entry.frame, { ok: false, error: entry.error });
    if (entry.type === "task-succeeded" || entry.type === "task-failed") this.#open.delete(entry.task);
  }

  /** A frame is over: what leaves it is taken down, so that the frame can be forgotten. */
  leave({ composite, frame, state, writesTo, failed }: LeftFrame, failures: ReadonlyMap<TaskId, ErrorRecord>): void {
    const open = this.#open.get(composite.id);
    // Whoever comes in after a race is decided comes in for nothing.
    if (open === undefined || open.wanted === 0) return;
    open.left = state;
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
    const { node, kind } = this.#kindOf(task.id);
    const ends = (this.#open.get(task.id)?.ends ?? []).flatMap((end) => end ?? []);
    const writes = coalesced(planOf(this.#plan, task.id), kind.close(node.compiled as never, ends), node);
    const entry = this.succeed(task, writes);
    const keeper = this.keeperOf(task, cache);
    // What was left out because it failed may well succeed the next time.
    if (keeper !== undefined && ends.every(({ ok }) => ok)) keepResult(keeper, { writes }, this.messageId(task));
    return entry;
  }

  /** What a composite wrote, and the edges it takes. */
  succeed(task: Task, written: readonly Write[]): LogEntry {
    const plan = planOf(this.#plan, task.id);
    const { id } = this.#kindOf(task.id).node;
    const writes = toWrites(plan, written, id, (index) => `${this.messageId(task)}:${index}`);
    const { takes } = route(plan, task.node, scopeAfter(plan, this.#scopeOf(task), writes));
    return { type: "task-succeeded", task: task.id, attempt: 1, outcome: { writes, takes, sends: [] } };
  }

  /** Where its result is kept, if its node says so. */
  keeperOf(task: Task, cache: ResultCache): Keeper | undefined {
    return keeperOf(planOf(this.#plan, task.id), this.#kindOf(task.id).node, this.#scopeOf(task), cache);
  }

  messageId(task: Task): string {
    return `${this.#runId}:${task.id}`;
  }

  #startOf(composite: Task, frame: number): Outcome {
    const { inside } = this.#kindOf(composite.id);
    const { scope, writes } = this.#beginning(composite, frame, this.#itemOf(composite, frame));
    return { writes, takes: route(inside, "start", scope).takes, sends: [] };
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

  /** What a frame is given is made of what its composite sees. */
  #within(composite: Task, index: number, item: Json): Scope {
    const scope = this.#scopeOf(composite);
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

  #kindOf(task: TaskId): { readonly node: PlanNode; readonly kind: AnyCompositeKind; readonly inside: Plan } {
    const node = nodeOf(this.#plan, task);
    const kind = this.#kinds.get(node.kind);
    if (kind === undefined || !("open" in kind) || node.inside === undefined)
      throw failure("node_failed", `This deployment has no composite "${node.kind}", which "${node.id}" is of.`);
    return { node, kind, inside: node.inside };
  }
}
