import { failure } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import type { JsonObject } from "../src/base/json.ts";
import { toPointer } from "../src/base/pointer.ts";
import type { Outcome, Write } from "../src/engine/types.ts";
import type { Plan } from "../src/graph/plan.ts";
import { route } from "../src/graph/route.ts";
import type { NodeKinds } from "../src/nodes/registry.ts";
import { forkOf, lastRun, nextRun } from "./commands.ts";
import type { ThreadCore } from "./core.ts";
import type { LogEntry, Signal } from "./log/entry.ts";
import type { RunRow } from "./log/rows.ts";
import { carriedFrom } from "./run/budget-limits.ts";
import { refuseTooMuch } from "./run/budget-state.ts";
import { givenOf } from "./run/globals.ts";
import { startedBy } from "./run/input.ts";
import { LiveRun } from "./run/live-run.ts";
import { newRun } from "./run/new-run.ts";
import { restOf } from "./run/ending.ts";
import { INPUT_STEP, nodeIndex, quiet, targetsOf, writesOf } from "./run/opening.ts";
import { migrated } from "./run/migration.ts";
import { scopeAfter } from "./run/scope.ts";
import type { Opening } from "./run/start.ts";
import { standpoint } from "./standpoint.ts";
import type { Address, GraphVersion, RunCommand, StartRun, UpdateState } from "./thread-api.ts";

/** Writes from outside (R7): a run of their own that nobody started, and that leaves what it changed at rest. */

/** One of the writes that a single update makes, one after the other. */
export interface OutsideWrite extends Pick<UpdateState, "values" | "asNode"> {
  /** In place of the node's own edges. */
  readonly goto?: RunCommand["goto"];
  /** Where the body said it. */
  readonly path: readonly string[];
}

/**
 * A write, or several that are one checkpoint's: what they come to is one run.
 * @throws EdgewiseError `thread_busy`, `not_found`, `invalid_request`, `unknown_channel`, `invalid_write`, `condition_failed`; nothing is written then.
 */
export function updateState(
  core: ThreadCore,
  command: UpdateState,
  plan: () => Plan,
  kinds: NodeKinds,
  several?: readonly OutsideWrite[],
): void {
  const { threadId, values, asNode, graph } = command;
  const at = standpoint(core, threadId, command.checkpointId);
  const last = lastRun(core);
  const now = core.now();
  const runId = uuidv7(now, secureRandom);
  if (last === undefined && graph === undefined) {
    throw failure("invalid_request", NO_GRAPH, { pointer: "/metadata/graph_id" });
  }
  const make = (): LiveRun => {
    if (at !== undefined) return forkOf(core, at.seq, threadId);
    if (last !== undefined) return core.rebuilding.at(last, restOf(last), threadId);
    const first = newRun(hiddenRun(command, runId, graph as GraphVersion), {
      ...nextRun(core),
      from: NOWHERE,
      hidden: true,
    });
    return new LiveRun(first, givenOf(first, first, threadId), plan(), new Map(), kinds);
  };
  const live = make();
  const asked = several ?? [{ values, path: [], ...(asNode === undefined ? {} : { asNode }) }];
  const made = asked.map((write) => madeOf(live, write, runId));
  refuseTooMuch(
    live.playback,
    made.flatMap(({ writes }) => writes),
    toPointer([...(asked[0]?.path ?? []), "values"]),
  );
  const row = last === undefined ? live.row : hiddenRow(core, live.row, runId, { command, at });
  const entries: Opening = function* (run) {
    if (last === undefined) yield { type: "run-started", outcome: NOTHING };
    else {
      run.goOn(row, givenOf(row, run.first, threadId));
      yield { type: "run-continued" };
    }
    for (const each of made) {
      yield* quiet(run);
      yield* written(run, each);
    }
  };
  const rehearsed = rehearse(make(), entries, now);
  core.rebuilding.remember(live, row);
  core.start(live, row, goingOn(row, rehearsed, threadId), {
    ...command,
    belongsTo: { graph_id: row.graphId, assistant_id: row.assistantId },
    ...(graph && last === undefined && { document: graph.document }),
    ...(at && { step: at.step }),
  });
}

/**
 * A write as the input of a run that nobody starts (`start`), or as its end (`end`): what was in flight is left, and the state there
 * goes on with the start's edges, or with nothing.
 * @throws EdgewiseError as {@link updateState}
 */
export function updateAnew(
  core: ThreadCore,
  command: UpdateState & { readonly path?: readonly string[]; readonly hasInput?: boolean },
  as: "start" | "end",
  plan: () => Plan,
  kinds: NodeKinds,
): void {
  const { threadId, values, graph, path = [], hasInput = false } = command;
  const at = standpoint(core, threadId, command.checkpointId);
  const last = lastRun(core);
  const runId = uuidv7(core.now(), secureRandom);
  const pinned =
    last === undefined
      ? graph
      : { graphId: last.graphId, version: last.graphVersion, hash: last.graphHash, document: "" };
  if (pinned === undefined) throw failure("invalid_request", NO_GRAPH, { pointer: "/metadata/graph_id" });
  const known = last === undefined ? plan() : core.plan(last.graphHash);
  const assistantId = last?.assistantId ?? command.assistantId ?? pinned.graphId;
  const from = at?.anew ?? { seq: core.lastCommit.seq, anew: true };
  const place = { ...nextRun(core), from, hidden: true, ...(hasInput && { used: { [INPUT_STEP]: true } }) };
  const row = newRun(hiddenRun({ ...command, assistantId }, runId, pinned), place);
  const base = at === undefined ? core.values : core.past.valuesOn(at.anew);
  const given = givenOf(row, row, threadId);
  const live = new LiveRun(row, given, known, base, kinds);
  const writes = writesOf(known, values, [...path, "values"], runId);
  refuseTooMuch(live.playback, writes, toPointer([...path, "values"]));
  const entries: LogEntry[] =
    as === "start"
      ? [{ type: "run-started", outcome: startedBy(known, writes, base, given) }]
      : [
          { type: "run-started", outcome: NOTHING },
          { type: "state-updated", outcome: { ...NOTHING, writes }, as: null },
        ];
  core.start(live, row, () => entries, {
    ...command,
    belongsTo: { graph_id: row.graphId, assistant_id: row.assistantId },
    ...(graph && last === undefined && { document: graph.document }),
    ...(at && { step: at.step }),
  });
}

const NO_GRAPH = "The thread has no graph yet: start a run, or give it `metadata.graph_id`.";

const NOTHING: Outcome = { writes: [], takes: [], sends: [] };
const NOWHERE = { seq: 0, anew: true } as const;

/** A write against a graph. */
interface Made {
  readonly writes: readonly Write[];
  /** A node's position. */
  readonly as: number | undefined;
  readonly targets: Pick<Outcome, "takes" | "sends"> | undefined;
}

function madeOf(live: LiveRun, { values, asNode, goto, path }: OutsideWrite, runId: string): Made {
  const { plan } = live.playback;
  const globals = live.scopes.globals(plan);
  return {
    writes: writesOf(plan, values, [...path, "values"], runId),
    as: asNode === undefined ? undefined : nodeIndex(plan, asNode, [...path, "as_node"], globals),
    targets: goto === undefined ? undefined : targetsOf(plan, goto, globals, [...path, "command", "goto"]),
  };
}

/** As an outcome of the node if that waits or has failed, else as a write of its own. */
function* written(run: LiveRun, { writes, as, targets }: Made): Iterable<LogEntry> {
  const { engine, plan } = run.playback;
  if (as === undefined) {
    yield { type: "state-updated", outcome: { ...NOTHING, writes }, as: null };
    return;
  }
  const flight = engine
    .inFlight()
    .find(({ task, state }) => task.node === as && (state === "waiting" || state === "failed"));
  if (flight === undefined) {
    const scope = run.scopes.now();
    yield {
      type: "state-updated",
      outcome: { ...(targets ?? route(plan, as, scopeAfter(plan, scope, writes))), writes } as Outcome,
      as: targets === undefined ? as : "goto",
    };
    return;
  }
  const { id } = flight.task;
  yield { type: "task-resumed", task: id };
  if (engine.inFlight().some(({ task: other, state }) => other.id === id && state === "failed")) {
    const message = `Node "${plan.nodes[as]?.id ?? ""}" stands beyond the run's limit of steps: raise that first, by a run with a higher \`recursion_limit\`.`;
    throw failure("step_limit", message, { pointer: "/as_node" });
  }
  // Its view has been joined by what was written from outside meanwhile (R8).
  const task = engine.task(id) ?? flight.task;
  const targeted = targets !== undefined && isDeclared(plan, as, targets) ? targets : undefined;
  const taken = targets === undefined ? route(plan, as, scopeAfter(plan, run.scopes.of(task), writes)) : targeted;
  const outcome: Outcome = { ...NOTHING, ...taken, writes };
  yield { type: "task-succeeded", task: id, attempt: 1, outcome };
  // It ends, and what follows it by no edge of its own is a write like any.
  if (targets === targeted) return;
  yield* quiet(run);
  yield { type: "state-updated", outcome: { ...NOTHING, ...targets }, as: "goto" };
}

function isDeclared(plan: Plan, node: number, { takes, sends }: Pick<Outcome, "takes" | "sends">): boolean {
  const edges = plan.nodes[node]?.edges ?? [];
  return [...takes, ...sends.map(({ to }) => to)].every((target) => edges.some(({ to }) => to === target));
}

/** What the entries come to is found on a copy: what fails then has changed nothing. */
export function rehearse(copy: LiveRun, entries: Opening, now: number): LogEntry[] {
  const rehearsed: LogEntry[] = [];
  for (const entry of entries(copy)) {
    copy.apply(entry, now);
    rehearsed.push(entry);
  }
  return rehearsed;
}

export function goingOn(row: RunRow, entries: readonly LogEntry[], threadId: string): Opening {
  return function* (live) {
    if (live.row !== row) live.goOn(row, givenOf(row, live.first, threadId));
    yield* entries;
  };
}

function hiddenRun(
  address: Address & { readonly assistantId?: string; readonly metadata?: JsonObject },
  runId: string,
  graph: GraphVersion,
): StartRun {
  const { tenant, threadId, assistantId = graph.graphId, metadata = {} } = address;
  const given = { config: {}, context: {}, metadata, input: null, streamMode: [] };
  return { tenant, threadId, runId, assistantId, graph, ...given, ifNotExists: "reject" };
}

export function hiddenRow(
  core: ThreadCore,
  before: RunRow,
  runId: string,
  {
    command,
    at,
  }: { readonly command: Address & { readonly metadata?: JsonObject }; readonly at: ReturnType<typeof standpoint> },
): RunRow {
  const graph = { graphId: before.graphId, version: before.graphVersion, hash: before.graphHash, document: "" };
  const from = at?.from ?? { seq: restOf(before), anew: false };
  const isFork = at !== undefined || before.lastSeq !== core.lastCommit.seq;
  const lineage = isFork ? runId : core.record.lineageAfter(before, runId);
  const started = hiddenRun({ ...command, assistantId: before.assistantId }, runId, graph);
  const row = newRun(started, { ...nextRun(core), from, lineage, hidden: true });
  return { ...row, kwargs: { ...before.kwargs, ...carriedFrom(before) } };
}

/**
 * A signal for a run, or for what has gone on from it: it ends a wait, or is kept for one to come, also while all is at rest.
 * @throws EdgewiseError `conflict` when nothing of the run can go on, `idempotency_mismatch` for a known id with other words
 */
export function receiveSignal(core: ThreadCore, address: Address, run: RunRow, signal: Signal): "delivered" | "kept" {
  const head = core.asking;
  if (head === undefined || !goesOnFrom(core, head.row, run))
    throw failure("conflict", `The run is over (${run.status}): nothing waits for a signal.`);
  const known = head.waits.knows(signal);
  if (known === "other") throw failure("idempotency_mismatch", OTHER_SIGNAL, { pointer: "/idempotency-key" });
  if (known === "no") {
    const entry: LogEntry = { type: "signal-received", signal };
    if (core.live !== undefined) core.receive(core.live, entry);
    else keepAtRest(core, address, head, entry);
  }
  return head.waits.isKept(signal.id) ? "kept" : "delivered";
}

/** Whether a run goes on with what the other one was at, on another version of the graph too; a fork does not. */
function goesOnFrom(core: ThreadCore, row: RunRow, other: RunRow): boolean {
  for (let at: RunRow | undefined = row; at !== undefined; ) {
    if (at.lineage === other.lineage) return true;
    const root = core.past.rootOf(at);
    // What was moved is hidden, and begins anew on the state of then.
    at = root.hidden && root.from?.anew === true ? core.store.runAt(root.from.seq) : undefined;
  }
  return false;
}

const OTHER_SIGNAL = "This Idempotency-Key was used for another signal; take a new key, or send the same body.";

function keepAtRest(core: ThreadCore, address: Address, head: LiveRun, entry: LogEntry): void {
  const row = hiddenRow(core, head.row, uuidv7(core.now(), secureRandom), { command: address, at: undefined });
  const belongsTo = { graph_id: row.graphId, assistant_id: row.assistantId };
  core.start(head, row, goingOn(row, [{ type: "run-continued" }, entry], address.threadId), {
    ...address,
    belongsTo,
  });
}

/**
 * Moves what is at rest to another version of its graph: a run on that version, on the state as it is, with tasks at the
 * nodes where some were in flight, waiting as they did (G11).
 * @throws EdgewiseError `migration_refused` with a pointer into the new document, `nothing_to_continue`, `thread_busy`
 */
export function migrate(core: ThreadCore, address: Address, graph: GraphVersion, plan: Plan, kinds: NodeKinds): void {
  const { threadId } = address;
  const { head } = core;
  if (head === undefined)
    throw failure("nothing_to_continue", "Nothing on this thread waits or could go on: nothing is to be moved.");
  if (head.row.graphId !== graph.graphId) {
    const message = `What waits is a run of "${head.row.graphId}", not of "${graph.graphId}".`;
    throw failure("migration_refused", message, { pointer: toPointer(["id"]) });
  }
  const now = core.now();
  const before = head.row;
  const runId = uuidv7(now, secureRandom);
  const started = hiddenRun({ ...address, assistantId: before.assistantId, metadata: before.metadata }, runId, graph);
  const from = { seq: restOf(before), anew: true };
  const kwargs = { ...before.kwargs, ...carriedFrom(before, head.spending.spent) };
  const row = { ...newRun(started, { ...nextRun(core), from, lineage: runId, hidden: true }), kwargs };
  const given = givenOf(row, row, threadId);
  const base = head.playback.threadValues();
  const make = (): LiveRun => new LiveRun(row, given, plan, base, kinds);
  const entries = migrated(head, plan);
  const rehearsed = rehearse(make(), entries, now);
  core.start(make(), row, () => rehearsed, {
    ...address,
    belongsTo: { graph_id: graph.graphId },
    document: graph.document,
  });
}
