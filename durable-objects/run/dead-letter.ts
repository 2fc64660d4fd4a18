import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { Task } from "../../src/engine/types.ts";
import { type DeadLetter, deadRunId, type FailedAttempt } from "../../src/storage/dead-letters.ts";
import type { Commit } from "../log/entry.ts";
import { nodeOf, pathOf, planOf } from "../log/places.ts";
import type { RunRow, ThreadRow } from "../log/rows.ts";
import type { ThreadStore } from "../log/store.ts";
import type { LiveRun } from "./live-run.ts";

/** A node may have hundreds of attempts; the newest tell enough. */
const MOST_ATTEMPTS = 50;
const LONGEST_MESSAGE = 500;
/** JSON text of what the task saw, in UTF-16 units: a notice is one row, and so is a dead letter. */
const LONGEST_PAYLOAD = 64_000;

/**
 * What is kept of a run that ended with failed tasks at rest (R9): nothing of it is left to try by itself. Undefined where the
 * run ended otherwise. To be called in the end's transaction, its last commit written.
 */
export function deadLetterOf(
  live: LiveRun,
  over: RunRow,
  thread: ThreadRow | undefined,
  store: ThreadStore,
): DeadLetter | undefined {
  // A write from outside leaves what has failed as it was: the run that failed has its letter.
  if (over.status !== "error" || over.error === null || over.hidden || thread === undefined) return undefined;
  const { playback } = live;
  const failed = leading(live, over.error);
  if (failed === undefined) return undefined;
  const commits = store.failedAttempts(failed.id, over.firstSeq, over.lastSeq ?? over.firstSeq, MOST_ATTEMPTS);
  return {
    id: deadRunId(thread.tenant, thread.threadId, over.runId),
    kind: "run",
    threadId: thread.threadId,
    runId: over.runId,
    graphId: over.graphId,
    node: pathOf(playback.plan, failed.id),
    task: failed.id,
    cause: over.error,
    history: historyOf(commits, over),
    payload: seenBy(live, failed),
    createdAt: over.updatedAt,
  };
}

/** The failed task that the run's error speaks of; the others are among its details. */
function leading({ playback: { engine, plan } }: LiveRun, error: ErrorRecord): Task | undefined {
  const failed = [...engine.inFlight(), ...engine.inFrames()].filter(({ state }) => state === "failed");
  return (failed.find(({ task }) => nodeOf(plan, task.id).id === error.node) ?? failed[0])?.task;
}

/** A task that failed before its first attempt (the step limit) has the run's reason for its history. */
function historyOf(commits: readonly Commit[], over: RunRow): FailedAttempt[] {
  const attempts = commits.flatMap(({ entry, at }): FailedAttempt[] => {
    if (entry.type === "attempt-failed" || entry.type === "task-failed")
      return [{ attempt: entry.attempt, at, error: shown(entry.error) }];
    if (entry.type !== "attempt-lost") return [];
    return [{ attempt: 0, at, error: { code: "attempt_lost", message: "A restart cut the attempt off." } }];
  });
  if (attempts.length > 0 || over.error === null) return attempts;
  return [{ attempt: over.error.attempt ?? 0, at: over.updatedAt, error: shown(over.error) }];
}

function shown({ code, message }: ErrorRecord): FailedAttempt["error"] {
  return { code, message: message.slice(0, LONGEST_MESSAGE) };
}

/** What the task was given and saw, as far as there is room; what is left out is named. */
function seenBy({ playback }: LiveRun, { id, payload, view }: Task): Json {
  let room = LONGEST_PAYLOAD;
  const omitted: string[] = [];
  const fits = (name: string, value: Json): boolean => {
    const { length } = JSON.stringify(value);
    const isRoom = length <= room;
    if (isRoom) room -= length;
    else omitted.push(name);
    return isRoom;
  };
  const given = payload !== undefined && fits("(payload)", payload) ? { payload } : {};
  const state: [string, Json][] = [];
  for (const { name } of planOf(playback.plan, id).channels) {
    const value = readable(view, name);
    if (value !== undefined && fits(name, value)) state.push([name, value]);
  }
  return { ...given, state: Object.fromEntries(state), ...(omitted.length === 0 ? {} : { omitted }) };
}

/** A channel in conflict is what it may have failed for. */
function readable(view: Task["view"], name: string): Json | undefined {
  try {
    return view.read(name);
  } catch {
    return undefined;
  }
}
