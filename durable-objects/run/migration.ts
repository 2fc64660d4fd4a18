import { failure } from "../../src/base/errors.ts";
import { toPointer } from "../../src/base/pointer.ts";
import type { Outcome, TaskId } from "../../src/engine/types.ts";
import type { Plan, PlanNode } from "../../src/graph/plan.ts";
import type { LogEntry } from "../log/entry.ts";
import { type Carried, takenUp } from "./carried.ts";
import type { LiveRun } from "./live-run.ts";

/**
 * A run at rest on another version of its graph: tasks at the nodes of those in flight, made ready on the state as it is.
 * Those that waited wait on, for the same time, signal or answer; the others stand at a breakpoint until somebody goes on.
 * @throws EdgewiseError `migration_refused`, with a pointer to what does not fit
 */
export function migrated(head: LiveRun, plan: Plan): (live: LiveRun) => Iterable<LogEntry> {
  checkChannels(head, plan);
  const carried = carriedOf(head, plan);
  const signals = head.waits.kept();
  return function* (live) {
    yield { type: "run-started", outcome: { writes: [], takes: [], sends: [] } };
    yield { type: "run-migrated", outcome: outcomeOf(head, carried, plan) };
    for (const signal of signals) yield { type: "signal-received", signal };
    yield* waiting(head, live, carried);
  };
}

/** Each task in flight is brought to where the one before it stood; who has no slot yet follows when another waits. */
function* waiting(head: LiveRun, live: LiveRun, carried: readonly Carried[]): Iterable<LogEntry> {
  const left = [...carried];
  const begun = new Map<TaskId, Iterator<LogEntry[], void>>();
  for (;;) {
    const next = live.playback.engine.inFlight().find(({ state }) => state === "running");
    if (next === undefined) return;
    const { id, node, payload } = next.task;
    let taken = begun.get(id);
    if (taken === undefined) {
      const at = left.findIndex(
        (old) => old.node.index === node && JSON.stringify(old.task.payload) === JSON.stringify(payload),
      );
      const [old] = at < 0 ? [] : left.splice(at, 1);
      begun.set(id, (taken = takenUp(head, live, old, id)));
    }
    yield* taken.next().value ?? [];
  }
}

function outcomeOf(head: LiveRun, carried: readonly Carried[], plan: Plan): Outcome {
  const { engine } = head.playback;
  const placeOf = (node: number): number => nodeIn(plan, nameOf(head, node), head, node).index;
  const pendingSends = engine.pendingSends().map(({ to, payload }) => ({ to: placeOf(to), payload }));
  const sends = carried.flatMap(({ node, task: { payload } }) =>
    payload === undefined ? [] : [{ to: node.index, payload }],
  );
  const activated = carried.flatMap(({ node, task: { payload } }) => (payload === undefined ? [node.index] : []));
  const pending = engine.pending().flatMap(({ node, count }) => {
    const sent = engine.pendingSends().filter(({ to }) => to === node).length;
    return count > sent ? [placeOf(node)] : [];
  });
  return { writes: [], takes: [...new Set([...activated, ...pending])], sends: [...sends, ...pendingSends] };
}

function carriedOf(head: LiveRun, plan: Plan): Carried[] {
  const waits = new Map(head.waits.list().map(({ task, ...waiting }) => [task, waiting]));
  const activated = new Set<number>();
  return head.playback.engine.inFlight().map(({ task, state }) => {
    const name = nameOf(head, task.node);
    const pointer = toPointer(["nodes", name]);
    if (state === "open") {
      const message = `"${name}" is in the middle of the graph that it runs; let it end before the run is moved.`;
      throw failure("migration_refused", message, { pointer });
    }
    if (task.payload === undefined && activated.has(task.node)) {
      // What activates a node there merges into one task (R1).
      const message = `"${name}" stands in several tasks, one for each arrival; let them end before the run is moved.`;
      throw failure("migration_refused", message, { pointer });
    }
    if (task.payload === undefined) activated.add(task.node);
    return { task, node: nodeIn(plan, name, head, task.node), waiting: waits.get(task.id) };
  });
}

/** The node of that name, which must be of the same kind. */
function nodeIn(plan: Plan, name: string, head: LiveRun, old: number): PlanNode {
  const there = plan.nodes.find(({ id }) => id === name);
  const kind = head.playback.plan.nodes[old]?.kind;
  const pointer = toPointer(["nodes", name]);
  if (there === undefined)
    throw failure("migration_refused", `The run stands at "${name}", which the other version does not have.`, {
      pointer,
    });
  if (there.kind === kind) return there;
  const message = `The run stands at "${name}", which is of kind "${kind}" here and of "${there.kind}" there.`;
  throw failure("migration_refused", message, { pointer });
}

/** What the state holds must have a place there, that folds it the same way and takes it. */
function checkChannels(head: LiveRun, plan: Plan): void {
  const known = new Map(plan.channels.map((channel) => [channel.name, channel]));
  for (const { name, reducer } of head.playback.plan.channels) {
    const value = head.playback.values([name])[name];
    if (value === undefined) continue;
    const pointer = toPointer(["channels", name]);
    const there = known.get(name);
    if (there === undefined)
      throw failure("migration_refused", `The state has a channel "${name}", which the other version does not have.`, {
        pointer,
      });
    if (there.reducer !== reducer) {
      const message = `The channel "${name}" folds by "${reducer}" here and by "${there.reducer}" there.`;
      throw failure("migration_refused", message, { pointer });
    }
    const fault = plan.channelSchemas.get(name)?.check(value);
    if (fault === undefined) continue;
    const message = `What the channel "${name}" holds does not fit its schema there: ${fault.message}.`;
    throw failure("migration_refused", message, { pointer: toPointer(["channels", name, "schema"]) });
  }
}

function nameOf(head: LiveRun, node: number): string {
  return head.playback.plan.nodes[node]?.id ?? "?";
}
