import { failure } from "../../src/base/errors.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { toPointer } from "../../src/base/pointer.ts";
import type { Outcome, Step, Task, TaskId } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { LogEntry } from "../log/entry.ts";
import { nodeOf, pathOf, planOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { BreakpointNodes, StartRun } from "../thread-api.ts";
import type { Playback } from "./playback.ts";
import { questionId } from "./questions.ts";

type Asked = Pick<StartRun, "interruptBefore" | "interruptAfter">;

/**
 * Where a run stops (R8): before nodes, and before what follows nodes. A breakpoint is a wait of the task behind it. What is in
 * flight when a run goes on has been stopped at, or is what somebody wants to go on with: it is passed, and only it; a loop's
 * next turn is another task.
 */
export class Breakpoints {
  readonly #playback: Playback;
  #asked: Asked;
  /** Tasks that follow a node after which the run stops. */
  readonly #following = new Set<TaskId>();
  readonly #passed = new Set<TaskId>();
  /** Activations that such nodes have made, and those that somebody outside has, as far as they are no tasks yet. */
  readonly #led = new Activations();
  readonly #meant = new Activations();

  constructor(playback: Playback, { kwargs }: RunRow) {
    this.#playback = playback;
    this.#asked = breakpointsIn(kwargs);
  }

  /** The run goes on as this one. */
  goOn({ kwargs }: RunRow): void {
    this.#asked = breakpointsIn(kwargs);
  }

  /** Takes a committed entry in, after the engine has. */
  apply(entry: LogEntry, step: Step | undefined): void {
    const { engine, plan } = this.#playback;
    if (entry.type === "run-continued") {
      this.#following.clear();
      this.#led.clear();
      this.#meant.clear();
      for (const { task } of [...engine.inFlight(), ...engine.inFrames()]) this.#passed.add(task.id);
    }
    if (entry.type === "task-resumed") this.#passed.add(entry.task);
    // Whom a command or a write from outside activates is meant to run.
    if (entry.type === "state-updated") this.#meant.add("", entry.outcome);
    const ended = entry.type === "task-succeeded" || entry.type === "task-failed" ? entry : undefined;
    if (ended?.outcome !== undefined) {
      const { interruptAfter } = this.#asked;
      const declared = planOf(plan, ended.task).breakpoints?.after;
      const isLeft = meets(plan, ended.task, interruptAfter) || meets(plan, ended.task, declared);
      if (isLeft) this.#led.add(ended.task, ended.outcome);
    }
    for (const task of step?.ready ?? []) {
      if (this.#led.take(task)) this.#following.add(task.id);
      if (this.#meant.take(task)) this.#passed.add(task.id);
    }
  }

  /** Whether a task that is to begin waits at a breakpoint instead. */
  stops(task: TaskId): boolean {
    if (this.#passed.has(task)) return false;
    const { plan } = this.#playback;
    const declared = planOf(plan, task).breakpoints?.before;
    return this.#following.has(task) || meets(plan, task, this.#asked.interruptBefore) || meets(plan, task, declared);
  }
}

/** The wait at a breakpoint, which nobody's answer ends. */
export function breakpointAt(lineage: string, task: TaskId): LogEntry {
  const id = questionId(lineage, task, "breakpoint");
  return { type: "task-waiting", task, until: null, ask: { id, kind: "breakpoint", value: null } };
}

/** Nodes have names in their own graph, and one with the nodes around them: `draft`, `summaries/draft`. */
function meets(plan: Plan, task: TaskId, nodes: BreakpointNodes | undefined): boolean {
  if (nodes === undefined || nodes.length === 0) return false;
  return nodes === "*" || nodes.includes(nodeOf(plan, task).id) || nodes.includes(pathOf(plan, task));
}

/** Activations until they are tasks: those of one node in one frame merge, and sends do not (R1). */
class Activations {
  readonly #taken = new Set<string>();
  readonly #sent = new Map<string, number>();

  /** @param task whose outcome it is, or "" for one of the run itself */
  add(task: TaskId, { takes, sends }: Outcome): void {
    for (const to of takes) this.#taken.add(placeOf(task, to));
    for (const { to } of sends) {
      const place = placeOf(task, to);
      this.#sent.set(place, (this.#sent.get(place) ?? 0) + 1);
    }
  }

  /** Whether a task that has been made ready comes of one of them; then it is no longer among them. */
  take({ id, node, payload }: Task): boolean {
    if (this.#taken.size === 0 && this.#sent.size === 0) return false;
    const place = placeOf(id, node);
    if (payload === undefined) return this.#taken.delete(place);
    const left = this.#sent.get(place) ?? 0;
    if (left > 1) this.#sent.set(place, left - 1);
    else this.#sent.delete(place);
    return left > 0;
  }

  clear(): void {
    this.#taken.clear();
    this.#sent.clear();
  }
}

function placeOf(task: TaskId, node: number): string {
  return `${task.slice(0, task.lastIndexOf("/") + 1)}${node}`;
}

/** @throws EdgewiseError `invalid_request` with a pointer, for a name that no node has, of the graph or of those inside it */
export function checkBreakpoints(plan: Plan, asked: Asked): void {
  for (const [field, nodes] of [
    ["interrupt_before", asked.interruptBefore],
    ["interrupt_after", asked.interruptAfter],
  ] as const) {
    if (nodes === undefined || nodes === "*") continue;
    const index = nodes.findIndex((name) => !isNode(plan, name.split("/")) && !namesIn(plan).has(name));
    if (index < 0) continue;
    const known = plan.nodes.slice(0, 20).map(({ id }) => id);
    const message = `The graph "${plan.id}" has no node "${nodes[index]?.slice(0, 80) ?? ""}" to stop at; it has ${known.join(", ")}.`;
    throw failure("invalid_request", message, { pointer: toPointer([field, String(index)]) });
  }
}

/** With the nodes around it. */
function isNode(plan: Plan | undefined, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  const node = plan?.nodes.find(({ id }) => id === first);
  return node !== undefined && (rest.length === 0 || isNode(node.inside, rest));
}

/** Names of nodes of the graph and of those inside it, each graph looked at once: one may be run in more places than there is memory for. */
function namesIn(plan: Plan, names = new Set<string>(), seen = new Set<Plan>()): Set<string> {
  if (seen.has(plan)) return names;
  seen.add(plan);
  for (const { id, inside } of plan.nodes) {
    names.add(id);
    if (inside !== undefined) namesIn(inside, names, seen);
  }
  return names;
}

/** What a run's kwargs say of them. */
export function breakpointsIn(kwargs: JsonObject): Asked {
  const before = listed(kwargs["interrupt_before"]);
  const after = listed(kwargs["interrupt_after"]);
  return { ...(before && { interruptBefore: before }), ...(after && { interruptAfter: after }) };
}

function listed(nodes: Json | undefined): BreakpointNodes | undefined {
  if (nodes === "*") return nodes;
  return Array.isArray(nodes) ? nodes.filter((name) => typeof name === "string") : undefined;
}
