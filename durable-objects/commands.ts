import { failure } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../src/base/json.ts";
import type { Plan } from "../src/graph/plan.ts";
import type { NodeKinds } from "../src/nodes/registry.ts";
import type { ThreadCore } from "./core.ts";
import type { LogEntry } from "./log/entry.ts";
import type { RunRow } from "./log/rows.ts";
import { checkAlone } from "./run/check-alone.ts";
import { carriedFrom } from "./run/budget-limits.ts";
import { refuseTooMuch } from "./run/budget-state.ts";
import { configured, configuredAfter } from "./run/configured.ts";
import { restOf } from "./run/ending.ts";
import { checkGiven, givenOf } from "./run/globals.ts";
import { readInput } from "./run/input.ts";
import { refuseTooLarge } from "./run/limits.ts";
import { LiveRun } from "./run/live-run.ts";
import { newRun, type Place } from "./run/new-run.ts";
import type { Opening, Start } from "./run/start.ts";
import { askedSteps } from "./run/playback.ts";
import { checkAnswer, waitOver } from "./run/questions.ts";
import { breakpointsIn, checkBreakpoints } from "./run/breakpoints.ts";
import { commanded, resumed } from "./run/opening.ts";
import { answeredAt, type Standpoint, standpoint } from "./standpoint.ts";
import type { AnswerInterrupt, Budget, RunCommand, StartRun } from "./thread-api.ts";

/** What starts runs on a thread: with an input, or on what is at rest there. All of it checks first, and then writes whole. */

/** @throws EdgewiseError for what the graph or the thread refuses; nothing is written then. */
export function startRun(core: ThreadCore, command: StartRun, plan: () => Plan, kinds: NodeKinds): RunRow {
  const at = standpoint(core, command.threadId, command.checkpointId);
  return goesOn(core, command, at) ? goOn(core, command, at) : begin(core, command, plan(), at, kinds);
}

function goesOn(core: ThreadCore, { command, input }: StartRun, at: Standpoint | undefined): boolean {
  return command !== undefined || (input === null && (at !== undefined || lastRun(core) !== undefined));
}

/**
 * What can be said of a run before its turn has come: whatever does not depend on the state that it will begin on.
 * @throws EdgewiseError as {@link startRun}
 */
export function checkStart(core: ThreadCore, command: StartRun, plan: Plan): void {
  const at = standpoint(core, command.threadId, command.checkpointId);
  if (!goesOn(core, command, at)) return checkAlone(command, plan, lastRun(core));
  const { config, context, metadata } = command;
  refuseTooLarge({ config, context, metadata });
  checkBreakpoints(plan, command);
}

/** Where the next run of the thread stands. */
export function nextRun(core: ThreadCore): Pick<Place, "n" | "firstSeq" | "now"> {
  const n = (core.record.row === undefined ? 0 : core.store.queue.lastNumber()) + 1;
  return { n, firstSeq: core.lastCommit.seq + 1, now: core.now() };
}

/** The thread's newest, writes from outside included; undefined where there is none, or no thread. */
export function lastRun(core: ThreadCore): RunRow | undefined {
  return core.record.row && core.store.lastRun();
}

function begin(core: ThreadCore, asked: StartRun, plan: Plan, at: Standpoint | undefined, kinds: NodeKinds): RunRow {
  const command: StartRun = { ...asked, ...configured(asked, plan, lastRun(core)) };
  const { graph, config, context, metadata } = command;
  refuseTooLarge({ config, context, metadata });
  checkBreakpoints(plan, command);
  const from = at === undefined ? standsAfresh(core) : at.anew;
  const row = newRun(command, { ...nextRun(core), from, lineage: command.runId });
  const given = givenOf(row, row, command.threadId);
  checkGiven(plan, given);
  const base = at === undefined ? core.values : core.past.valuesOn(at.anew);
  const outcome = readInput(command, plan, base, given);
  const live = new LiveRun(row, given, plan, base, kinds);
  refuseTooMuch(live.playback, outcome.writes, "/input");
  const entries = (): LogEntry[] => [{ type: "run-started", outcome }];
  core.start(live, row, entries, { ...startOf(command, row), document: graph.document, ...(at && { step: at.step }) });
  return row;
}

/** Where a run stands that begins: nothing need be said of the end of the log; other runs may have been struck from there. */
function standsAfresh(core: ThreadCore): RunRow["from"] {
  const seq = lastRun(core)?.lastSeq ?? 0;
  return seq === core.lastCommit.seq ? null : { seq, anew: true };
}

/** R8, R9: goes on with what is at rest, or, from an older checkpoint, as a fork of it. */
function goOn(core: ThreadCore, command: StartRun, at: Standpoint | undefined): RunRow {
  const asked = at && command.command?.resume !== undefined ? answeredAt(core, at) : at;
  const live = asked === undefined ? headOf(core, command.command ?? {}) : forkOf(core, asked.seq, command.threadId);
  const entries = commanded(live, command.command ?? {});
  return continueRun(core, live, { ...command, ...(asked && { at: asked }) }, entries);
}

/** @throws EdgewiseError `nothing_to_continue`, `wait_over` */
function headOf(core: ThreadCore, command: RunCommand): LiveRun {
  const last = lastRun(core);
  const head =
    core.head ?? (last && wantsMore(command) ? core.rebuilding.at(last, restOf(last), threadIdOf(core)) : undefined);
  if (head !== undefined) return head;
  if (command.resume !== undefined) throw waitOver("Nothing waits for an answer on this thread.", []);
  throw failure(
    "nothing_to_continue",
    "No run on this thread could go on. Start one with an input, `{}` if it takes none.",
  );
}

/** An update or a jump makes something to do where nothing was left. */
function wantsMore({ resume, update, goto = [] }: RunCommand): boolean {
  return resume === undefined && (update !== undefined || goto.length > 0);
}

export function forkOf(core: ThreadCore, seq: number, threadId: string): LiveRun {
  const row = core.store.runAt(seq);
  if (row === undefined) throw failure("not_found", "There is no run at this checkpoint.");
  return core.rebuilding.at(row, seq, threadId);
}

function threadIdOf(core: ThreadCore): string {
  return core.record.row?.threadId ?? "";
}

type Handed =
  | "command"
  | "checkpointId"
  | "defaults"
  | "interruptBefore"
  | "interruptAfter"
  | "onCompletion"
  | "multitask"
  | "webhook";

interface Continuation extends Pick<StartRun, "tenant" | "threadId" | "runId" | "assistantId" | Handed> {
  readonly config: JsonObject;
  readonly context: JsonObject;
  readonly metadata: JsonObject;
  readonly streamMode: StartRun["streamMode"];
  readonly graph?: StartRun["graph"];
  readonly requestHash?: string;
  readonly budget?: Budget;
  readonly at?: Standpoint;
  /** Nobody goes on with it. */
  readonly isAlone?: boolean;
}

const OTHER_ANSWER = "This Idempotency-Key was used for another run or answer; take a new key.";

/** The run stays on the version of its graph that it began with (G11), and is given what it was given, unless it is said otherwise. */
function continueRun(core: ThreadCore, live: LiveRun, command: Continuation, opening: Opening): RunRow {
  const before = live.row;
  // One Idempotency-Key for two answers makes one run id of them.
  if (core.store.run(command.runId) !== undefined) throw failure("idempotency_mismatch", OTHER_ANSWER);
  const { at, graph, budget, requestHash, isAlone = false } = command;
  if (graph !== undefined && graph.graphId !== before.graphId) {
    const message = `What goes on here is a run of "${before.graphId}", not of "${graph.graphId}".`;
    throw failure("invalid_request", message, { pointer: "/assistant_id" });
  }
  const merged = configuredAfter(command, before);
  const { config, context, metadata } = merged;
  refuseTooLarge({ config, context, metadata });
  checkBreakpoints(live.playback.plan, command);
  const pinned = { graphId: before.graphId, version: before.graphVersion, hash: before.graphHash, document: "" };
  const asked: StartRun = {
    ...command,
    graph: pinned,
    input: null,
    ...merged,
    ifNotExists: "reject",
    budget: { ...jsonOf(before.kwargs["budget"]), ...budget },
    ...(requestHash === undefined ? {} : { requestHash }),
  };
  const from = at?.from ?? { seq: restOf(before), anew: false };
  // What was struck has happened: who goes on from before it is a fork, and does not repeat it unasked.
  const isFork = at !== undefined || before.lastSeq !== core.lastCommit.seq;
  const lineage = isFork ? command.runId : core.record.lineageAfter(before, command.runId);
  const used = isAlone ? { used: carriedFrom(before) } : {};
  const row = newRun(asked, { ...nextRun(core), from, lineage, ...used });
  const given = givenOf(row, live.first, command.threadId);
  checkGiven(live.playback.plan, given);
  core.rebuilding.remember(live, row);
  const steps = askedSteps(command.config);
  const entries: Opening = function* (run) {
    run.goOn(row, given);
    yield steps === undefined ? { type: "run-continued" } : { type: "run-continued", steps };
    yield* opening(run);
    yield* resumed(run);
  };
  // Everything is checked before anything is written: what is refused leaves the thread as it was.
  core.start(live, row, entries, { ...startOf(command, row), ...(at && { step: at.step }) });
  return row;
}

function startOf(
  { tenant, threadId, assistantId }: Pick<StartRun, "tenant" | "threadId" | "assistantId">,
  row: RunRow,
): Start {
  return { tenant, threadId, belongsTo: { graph_id: row.graphId, assistant_id: assistantId } };
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string";
}

function jsonOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** As the run that asked was started, where nobody says otherwise. */
function inherited(
  row: RunRow,
  place: { readonly tenant: string; readonly threadId: string; readonly runId: string },
): Continuation {
  const { assistantId, metadata, kwargs } = row;
  const asked = { ...place, assistantId, metadata, config: {}, context: {}, streamMode: ["values"] as const };
  return { ...asked, ...breakpointsIn(kwargs), ...(isText(kwargs["webhook"]) && { webhook: kwargs["webhook"] }) };
}

/**
 * G9: an answer is for one question, and taken once.
 * @returns the run that takes it, or has taken it
 * @throws EdgewiseError `wait_over` with what is open, `invalid_answer`
 */
export function answerInterrupt(core: ThreadCore, command: AnswerInterrupt): RunRow {
  const { interruptId, value, by, budget } = command;
  const answer = { ask: interruptId, by, value };
  const { asking } = core;
  const head = asking ?? restBefore(core);
  if (head === undefined) throw waitOver("Nothing waits for an answer on this thread.", []);
  const known = head.waits.answeredBy(answer);
  const open = asking?.waits.open() ?? [];
  const asked = open.find(({ ask }) => ask.id === interruptId);
  if (known !== undefined && (!known.other || asked === undefined)) {
    const row = core.store.run(known.runId);
    if (!known.other && row !== undefined) return row;
    throw waitOver(`It was answered already, and otherwise.`, open);
  }
  if (asked === undefined) throw waitOver(`No question "${interruptId.slice(0, 80)}" is open on this thread.`, open);
  checkAnswer(asked, answer);
  const entry: LogEntry = { type: "task-resumed", task: asked.task, answer };
  if (core.live !== undefined) {
    core.receive(core.live, entry);
    return core.store.run(head.row.runId) ?? head.row;
  }
  const place = { tenant: command.tenant, threadId: command.threadId, runId: command.runId };
  return continueRun(core, head, { ...inherited(head.row, place), ...(budget && { budget }) }, () => [entry]);
}

/** A run that is over, or was cancelled, asks nothing any more, and knows who answered what. */
function restBefore(core: ThreadCore): LiveRun | undefined {
  const last = lastRun(core);
  return last && core.rebuilding.at(last, restOf(last), threadIdOf(core));
}

/** A run at rest goes on because the time of some of its waits has come. It counts with the time that was taken before. */
export function goOnAlone(core: ThreadCore, head: LiveRun | undefined): void {
  const thread = core.record.row;
  const now = core.now();
  const over = head?.waits.over(now) ?? [];
  if (thread === undefined || head === undefined || over.length === 0) return;
  const place = { tenant: thread.tenant, threadId: thread.threadId, runId: uuidv7(now, secureRandom) };
  const stays = head.row.kwargs["on_completion"] === "delete" ? { onCompletion: "delete" as const } : {};
  continueRun(core, head, { ...inherited(head.row, place), ...stays, isAlone: true }, (live) =>
    over.flatMap((task): LogEntry[] => {
      const end = live.waits.endOf(task, now);
      return end === undefined ? [] : [{ type: "task-resumed", task, ...end }];
    }),
  );
}

/** Nothing new starts; the run is at rest when what runs has ended. */
export function pauseRun(core: ThreadCore, runId: string): void {
  const { live } = core;
  if (live?.row.runId === runId && live.pause === undefined)
    core.receive(live, { type: "run-paused", reason: "by request" });
}
