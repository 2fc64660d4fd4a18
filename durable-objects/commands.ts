import { failure } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../src/base/json.ts";
import type { Plan } from "../src/graph/plan.ts";
import type { NodeKinds } from "../src/nodes/registry.ts";
import type { ThreadCore } from "./core.ts";
import type { LogEntry } from "./log/entry.ts";
import type { RunRow } from "./log/rows.ts";
import { checkpointAt } from "./log/standing.ts";
import { carriedFrom } from "./run/budget-limits.ts";
import { refuseTooMuch } from "./run/budget-state.ts";
import { restOf } from "./run/ending.ts";
import { checkGiven, givenOf } from "./run/globals.ts";
import { readInput } from "./run/input.ts";
import { refuseTooLarge } from "./run/limits.ts";
import { LiveRun } from "./run/live-run.ts";
import { newRun } from "./run/new-run.ts";
import type { Opening, Start } from "./run/start.ts";
import { askedSteps } from "./run/playback.ts";
import { checkAnswer, waitOver } from "./run/questions.ts";
import { commanded, resumed } from "./run/opening.ts";
import type { AnswerInterrupt, Budget, RunCommand, StartRun } from "./thread-api.ts";
import { checkpointCommit } from "./view/identity.ts";

/** What starts runs on a thread: with an input, or on what is at rest there. All of it checks first, and then writes whole. */

/** Where a run stands: at a commit, with the number of the checkpoint there; undefined: at the thread's newest. */
export type Standpoint = { readonly seq: number; readonly step: number } | undefined;

/** @throws EdgewiseError `not_found` for an id of no checkpoint. The newest counts as none given: clients send it along. */
export function standpoint(core: ThreadCore, threadId: string, id: string | undefined): Standpoint {
  if (id === undefined) return undefined;
  const { seq, step } = checkpointCommit(core.store, threadId, id, "/checkpoint_id");
  const newest = checkpointAt(core.store, core.lastCommit.seq)?.seq;
  return seq === newest ? undefined : { seq, step };
}

/** @throws EdgewiseError for what the graph or the thread refuses; nothing is written then. */
export function startRun(core: ThreadCore, command: StartRun, plan: () => Plan, kinds: NodeKinds): RunRow {
  const at = standpoint(core, command.threadId, command.checkpointId);
  const goesOn =
    command.command !== undefined || (command.input === null && (at !== undefined || lastRun(core) !== undefined));
  return goesOn ? goOn(core, command, at) : begin(core, command, plan(), at, kinds);
}

/** The thread's newest, writes from outside included; undefined where there is none, or no thread. */
export function lastRun(core: ThreadCore): RunRow | undefined {
  return core.record.row && core.store.lastRun();
}

function begin(core: ThreadCore, command: StartRun, plan: Plan, at: Standpoint, kinds: NodeKinds): RunRow {
  const { graph, config, context, metadata } = command;
  refuseTooLarge({ config, context, metadata });
  const from = at === undefined ? null : { seq: at.seq, anew: true };
  const row = newRun(command, { ...core.nextRun(), from, lineage: command.runId });
  const given = givenOf(row, row, command.threadId);
  checkGiven(plan, given);
  const base = at === undefined ? core.values : core.past.valuesAt(at.seq);
  const outcome = readInput(command, plan, base, given);
  const live = new LiveRun(row, given, plan, base, kinds);
  refuseTooMuch(live.playback, outcome.writes, "/input");
  const entries = (): LogEntry[] => [{ type: "run-started", outcome }];
  core.start(live, row, entries, { ...startOf(command, row), document: graph.document, ...(at && { step: at.step }) });
  return row;
}

/** R8, R9: goes on with what is at rest, or, from an older checkpoint, as a fork of it. */
function goOn(core: ThreadCore, command: StartRun, at: Standpoint): RunRow {
  const asked = at && command.command?.resume !== undefined ? { ...at, seq: askedBy(core, at.seq) } : at;
  const live = asked === undefined ? headOf(core, command.command ?? {}) : forkOf(core, asked.seq, command.threadId);
  const entries = commanded(live, command.command ?? {});
  return continueRun(core, live, { ...command, ...(asked && { at: asked }) }, entries);
}

/** An answer given at a checkpoint is for what was asked there, before anything else was: a question follows its checkpoint. */
function askedBy(core: ThreadCore, checkpoint: number): number {
  let asked = checkpoint;
  for (let run = core.store.runAt(checkpoint); run !== undefined; run = core.past.next(run))
    for (const { seq, step, entry } of core.store.commits(
      Math.max(checkpoint + 1, run.firstSeq),
      run.lastSeq ?? core.lastCommit.seq,
    )) {
      if (step !== null || !precedesAnswers(entry)) return asked;
      if (entry.type === "task-waiting" && entry.ask !== undefined) asked = seq;
    }
  return asked;
}

/** What comes of itself and leaves nothing in doubt. */
const OF_ITSELF: ReadonlySet<LogEntry["type"]> = new Set([
  "run-continued",
  "task-waiting",
  "task-succeeded",
  "frames-announced",
  "frames-extended",
  "frame-started",
  "frame-failed",
  "step-recorded",
]);

function precedesAnswers(entry: LogEntry): boolean {
  if (entry.type === "task-resumed") return entry.answer === undefined && entry.signal === undefined;
  return OF_ITSELF.has(entry.type);
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

interface Continuation extends Pick<StartRun, "tenant" | "threadId" | "runId" | "assistantId"> {
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
  const { config, context, metadata } = command;
  refuseTooLarge({ config, context, metadata });
  const pinned = { graphId: before.graphId, version: before.graphVersion, hash: before.graphHash, document: "" };
  const asked: StartRun = {
    ...command,
    graph: pinned,
    input: null,
    config: { ...jsonOf(before.kwargs["config"]), ...config },
    context: { ...jsonOf(before.kwargs["context"]), ...context },
    ifNotExists: "reject",
    budget: { ...jsonOf(before.kwargs["budget"]), ...budget },
    ...(requestHash === undefined ? {} : { requestHash }),
  };
  const from = { seq: at?.seq ?? restOf(before), anew: false };
  const lineage = at === undefined ? before.lineage : command.runId;
  const used = isAlone ? { used: carriedFrom(before) } : {};
  const row = newRun(asked, { ...core.nextRun(), from, lineage, ...used });
  const given = givenOf(row, live.first, command.threadId);
  checkGiven(live.playback.plan, given);
  core.rebuilding.remember(live, row);
  const steps = askedSteps(config);
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

function jsonOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** As the run that asked was started, where nobody says otherwise. */
function inherited(
  row: RunRow,
  place: { readonly tenant: string; readonly threadId: string; readonly runId: string },
): Continuation {
  const { assistantId, metadata } = row;
  return { ...place, assistantId, metadata, config: {}, context: {}, streamMode: ["values"] };
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
  continueRun(core, head, { ...inherited(head.row, place), isAlone: true }, (live) =>
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
