import { EdgewiseError } from "../../../src/base/errors.ts";
import { canonicalJson, type Json } from "../../../src/base/json.ts";
import { NaiveFrames } from "../../../src/engine/testing/naive-frames.ts";
import type { Composition, Nested } from "../../../src/engine/testing/nested.ts";
import type { Rest, Task, View } from "../../../src/engine/types.ts";
import type { Plan } from "../../../src/graph/plan.ts";
import { toEngineEvent } from "../../../durable-objects/log/entry.ts";
import { frameOf, nodeOf } from "../../../durable-objects/log/places.ts";
import { type ActConfig, digestOf, resultOf } from "../kind.ts";
import type { Recorded } from "../provider.ts";
import { entriesOf, type RunHistory } from "./history.ts";
import type { Lineage } from "./lineage.ts";

export interface Explained {
  readonly findings: readonly string[];
  /** Ids of every task that the rules let start. */
  readonly started: ReadonlySet<string>;
  readonly rest: Rest;
  /** After each commit, by its number: whether something is under way, and until when what waits for a time waits. */
  readonly moving: ReadonlyMap<number, boolean>;
  /** The thread's values after the run. */
  readonly values: ReadonlyMap<string, Json>;
}

/** The naive engine reads the log: it must know every task, and have shown it what it has seen; then the end is what it says. */
export function explain(history: Lineage, base: ReadonlyMap<string, Json>, ledger: readonly Recorded[]): Explained {
  const { plan, row } = history;
  const known = new Map(plan.channels.flatMap(({ name }) => (base.has(name) ? [[name, base.get(name) as Json]] : [])));
  const naive = new NaiveFrames(nestedOf(plan), plan.limits.concurrency, known);
  const findings: string[] = [];
  const tasks = new Map<string, Task>();
  /** A composite that is redriven has tasks of the same names once more. */
  const views = new Map<string, View[]>();
  const started = new Set<string>();
  let rest: Rest = { kind: "running" };
  const items = itemsOf(history);
  const moving = new Map<number, boolean>();
  const answered = new Set<string>();
  const hidden = new Set(history.rows.flatMap((run) => (run.hidden ? run.n : [])));
  for (const { entry, seq, run } of history.commits) {
    const event = toEngineEvent(entry);
    if (event === undefined) continue;
    if (event.type === "cancelled") {
      rest = { kind: "cancelled" };
      break;
    }
    if ("task" in event && event.type !== "task-resumed" && !started.has(event.task))
      findings.push(`commit ${seq} is of ${event.task}, not started`);
    const task = "task" in event ? tasks.get(event.task) : undefined;
    if (entry.type === "task-resumed" && entry.answer !== undefined) answered.add(entry.task);
    // What somebody has said that it has done follows from nothing.
    if (entry.type === "task-succeeded" && task !== undefined && !answered.has(task.id) && !hidden.has(run))
      findings.push(...checkOutcome(plan, task, entry.outcome.writes, items(task.id)));
    try {
      const step = naive.apply(event);
      // What was written from outside meanwhile joins the view of a task that goes on (R8).
      const resumed = event.type === "task-resumed" ? naive.task(event.task) : undefined;
      for (const ready of resumed === undefined ? step.ready : [...step.ready, resumed]) {
        tasks.set(ready.id, ready);
        views.set(ready.id, [...(views.get(ready.id) ?? []), ready.view]);
      }
      for (const id of step.start) started.add(id);
      rest = step.rest;
      moving.set(seq, rest.kind === "running");
    } catch (thrown) {
      return { findings: [...findings, `commit ${seq}: ${String(thrown)}`], started, rest, moving, values: base };
    }
  }
  for (const call of ledger) {
    if (!call.key.startsWith(`${row.lineage}:`)) continue;
    const id = call.key.slice(row.lineage.length + 1);
    const shown = views.get(id);
    if (shown === undefined) continue;
    const { sees } = nodeOf(plan, id).compiled as ActConfig;
    const seen = shown.map((view) => digestOf(sees, (name) => view.read(name)));
    if (!seen.includes(call.seen))
      findings.push(`${id} saw ${call.seen.slice(0, 200)} instead of ${seen.join(" or ").slice(0, 200)}`);
  }
  return { findings, started, rest, moving, values: valuesAfter(plan, base, naive.state) };
}

/** What a node of the simulator writes follows from what it sees. */
function checkOutcome(plan: Plan, task: Task, writes: Json | readonly unknown[], given: ItemOf): string[] {
  const node = nodeOf(plan, task.id);
  if (node.kind !== "act") return [];
  const globals = { item: given?.item ?? null, index: given?.index ?? null };
  const scope = { read: (name: string) => task.view.read(name), ...(given === undefined ? {} : { globals }) };
  const payload = task.payload === undefined ? {} : { payload: task.payload };
  const wanted = canonicalJson(resultOf(node.compiled as never, { ...scope, ...payload }, node.id).writes as never);
  const is = canonicalJson(writes as Json);
  return is === wanted ? [] : [`${task.id} wrote ${is.slice(0, 200)} instead of ${wanted.slice(0, 200)}`];
}

type ItemOf = { readonly item: Json; readonly index: number } | undefined;

function itemsOf(history: RunHistory): (task: string) => ItemOf {
  const items = new Map<string, Json[]>();
  for (const { entry } of entriesOf(history, "frames-announced")) items.set(entry.task, [...entry.items]);
  for (const { entry } of entriesOf(history, "frames-extended")) items.get(entry.task)?.push(entry.item);
  return (task) => {
    const frame = frameOf(task);
    return frame && { item: items.get(frame.composite)?.[frame.frame] ?? null, index: frame.frame };
  };
}

function valuesAfter(plan: Plan, base: ReadonlyMap<string, Json>, state: View): ReadonlyMap<string, Json> {
  const values = new Map(base);
  for (const { name } of plan.channels) {
    try {
      const value = state.read(name);
      if (value !== undefined) values.set(name, value);
    } catch (thrown) {
      // One in conflict keeps what it had before the run.
      if (!(thrown instanceof EdgewiseError)) throw thrown;
    }
  }
  return values;
}

/** A graph as the naive engine takes it. */
function nestedOf(plan: Plan): Nested {
  const features = { waits: true, failures: true, each: true, outside: false, limit: true };
  const composites = new Map<number, Composition>();
  for (const { index, inside, many = false, carries = false, shares } of plan.nodes) {
    if (inside === undefined) continue;
    const more = { many, carries, tolerant: false, shares: shares?.begin ?? [], winners: undefined };
    composites.set(index, { ...nestedOf(inside), ...more });
  }
  const scenario = { seed: 0, structure: plan.structure, steps: plan.limits.steps, features };
  return { scenario, composites };
}
