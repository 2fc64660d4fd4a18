import { EdgewiseError, failure } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import { toPointer } from "../../src/base/pointer.ts";
import type { Outcome, Write } from "../../src/engine/types.ts";
import type { Globals, Plan } from "../../src/graph/plan.ts";
import { shownName } from "../../src/graph/shown-name.ts";
import type { LogEntry } from "../log/entry.ts";
import type { RunCommand } from "../thread-api.ts";
import type { LiveRun } from "./live-run.ts";
import type { Opening } from "./start.ts";
import { breakpointAt } from "./breakpoints.ts";
import { refuseTooMuch } from "./budget-state.ts";
import { checkAnswer, waitOver } from "./questions.ts";
import type { Open } from "./waits.ts";
import { toWrite } from "./writes.ts";

/** What a run that goes on begins with: entries that come from outside. */

/**
 * LangGraph's command. What it says is checked here, before anything is written; what it comes to is asked for afterwards.
 * @throws EdgewiseError `wait_over`, `invalid_answer`, `invalid_request`, `unknown_channel`, `invalid_write`, `state_too_large`, with pointers
 */
export function commanded(live: LiveRun, command: RunCommand): Opening {
  const { resume, update = [], goto = [], by = null } = command;
  const { plan } = live.playback;
  const writes = writesOf(plan, update, ["command", "update"], live.row.lineage);
  refuseTooMuch(live.playback, writes, "/command/update");
  const { takes, sends } = targetsOf(plan, goto, live.scopes.globals(plan));
  const answers = resume === undefined ? [] : answersOf(live.waits.open(), resume, by);
  const isRedrive = resume === undefined;
  return function* (run) {
    if (writes.length + takes.length + sends.length > 0) {
      yield* quiet(run);
      yield { type: "state-updated", outcome: { writes, takes, sends }, as: goto.length > 0 ? "goto" : null };
    }
    yield* answers;
    if (isRedrive) yield* redriven(run);
  };
}

/**
 * How many steps an entry shows that was just applied. A write from outside begins on a thread that has never run by an empty start,
 * which shows nothing; written as an input it is one step, or as many as a run's where it says both of LangGraph's.
 */
export function showsOf({ row, playback }: LiveRun, entry: LogEntry): number {
  if (!row.hidden || entry.type !== "run-started") return playback.steps.completed;
  const { writes, takes, sends } = entry.outcome;
  if (writes.length + takes.length + sends.length === 0) return 0;
  return row.kwargs[INPUT_STEP] === true ? playback.steps.completed : 1;
}

/** Where a hidden run's kwargs say that `__input__` and `__start__` were both written. */
export const INPUT_STEP = "input_step";

/** R9: what has failed is to be tried anew. */
function redriven({ playback: { engine } }: LiveRun): LogEntry[] {
  const failed = [...engine.inFlight(), ...engine.inFrames()].filter(({ state }) => state === "failed");
  return failed.map(({ task }) => ({ type: "task-resumed", task: task.id }));
}

/** R8: what stands at a breakpoint goes on with whatever goes on. */
export function* resumed(live: LiveRun): Iterable<LogEntry> {
  for (const { task, ask } of live.waits.open()) if (ask.kind === "breakpoint") yield { type: "task-resumed", task };
}

/**
 * A run at rest may have tasks that were made ready and did not run: they are halted, so that a write from outside joins
 * what they see (R7, R8). What composites are owed is pure, and comes first.
 */
export function* quiet(live: LiveRun): Iterable<LogEntry> {
  for (;;) {
    const { engine } = live.playback;
    const owed = live.owed();
    if (owed !== undefined) yield owed;
    else {
      const running = [...engine.inFlight(), ...engine.inFrames()].filter(({ state }) => state === "running");
      if (running.length === 0) return;
      for (const { task } of running) yield breakpointAt(live.row.lineage, task.id);
    }
  }
}

/** @throws EdgewiseError `unknown_channel`, `invalid_write` with a pointer that begins with `path` */
export function writesOf(
  plan: Plan,
  values: readonly (readonly [string, Json])[],
  path: readonly string[],
  who: string,
): Write[] {
  return values.map(([name, value], place) => {
    const channel = plan.channels.find((candidate) => candidate.name === name);
    if (channel === undefined) {
      const message = `The graph "${plan.id}" has no channel "${name.slice(0, 80)}"; it has ${plan.channels.map((known) => known.name).join(", ")}.`;
      throw failure("unknown_channel", message, { pointer: toPointer([...path, name]) });
    }
    try {
      return toWrite(plan, channel, value, (index) => `${who}:update:${crypto.randomUUID()}:${place}:${index}`);
    } catch (thrown) {
      if (!(thrown instanceof EdgewiseError)) throw thrown;
      const pointer = `${toPointer(path)}${thrown.record.pointer ?? toPointer([name])}`;
      throw new EdgewiseError({ ...thrown.record, pointer });
    }
  });
}

export function targetsOf(
  plan: Plan,
  goto: NonNullable<RunCommand["goto"]>,
  globals: Globals,
  path: readonly string[] = ["command", "goto"],
): Pick<Outcome, "takes" | "sends"> {
  const [takes, sends]: [number[], { to: number; payload: Json }[]] = [[], []];
  for (const [index, { node, input }] of goto.entries()) {
    const to = nodeIndex(plan, node, [...path, String(index)], globals);
    if (input === undefined) takes.push(to);
    else sends.push({ to, payload: input });
  }
  return { takes: [...new Set(takes)], sends };
}

/** By its id, or by what it is shown as. @throws EdgewiseError `invalid_request` */
export function nodeIndex(plan: Plan, node: string, path: readonly string[], globals: Globals): number {
  const index = plan.nodes.findIndex(({ id }) => id === node);
  if (index >= 0) return index;
  const shown = plan.nodes.findIndex((each) => shownName(each, globals) === node);
  if (shown >= 0) return shown;
  const known = plan.nodes.slice(0, 20).map(({ id }) => id);
  const message = `The graph "${plan.id}" has no node "${node.slice(0, 80)}"; it has ${known.join(", ")}.`;
  throw failure("invalid_request", message, { pointer: toPointer(path) });
}

function answersOf(open: readonly Open[], resume: NonNullable<RunCommand["resume"]>, by: string | null): LogEntry[] {
  const questions = open.filter(({ ask }) => ask.kind !== "breakpoint");
  if ("byId" in resume) {
    return Object.entries(resume.byId).map(([id, value]) => {
      const asked = questions.find(({ ask }) => ask.id === id);
      if (asked === undefined) throw waitOver(`No question "${id.slice(0, 80)}" is open on this thread.`, questions);
      return answerTo(asked, value, by, [id]);
    });
  }
  const [asked, ...others] = questions;
  if (asked === undefined) {
    throw waitOver("Nothing waits for an answer on this thread; go on with it by `input: null`.", questions);
  }
  if (others.length === 0) return [answerTo(asked, resume.value, by, [])];
  const details = { open: questions.slice(0, 100).map(({ ask, task }): Json => ({ id: ask.id, task })) };
  const message = `${questions.length} questions are open; say which by its id: {"resume": {"<id>": …}}.`;
  throw failure("invalid_request", message, { pointer: "/command/resume", details });
}

function answerTo(asked: Open, value: Json, by: string | null, path: readonly string[]): LogEntry {
  const answer = { ask: asked.ask.id, by, value };
  checkAnswer(asked, answer, { value: ["command", "resume", ...path], by: ["command", "by"] });
  return { type: "task-resumed", task: asked.task, answer };
}
