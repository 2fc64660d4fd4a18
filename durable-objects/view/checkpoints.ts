import { containsJson, isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { CheckpointHead } from "../log/checkpoint-rows.ts";
import type { LogEntry } from "../log/entry.ts";
import { nodeOf, planOf, taskIn } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { Playback } from "../run/playback.ts";
import type { ThreadState } from "../thread-api.ts";
import { compositeName } from "./frame-names.ts";
import { checkpointId, type Position, taskUuid } from "./identity.ts";
import { shownIn } from "./shown.ts";

/** Checkpoints and tasks as LangGraph's clients read them (langgraph-protocol, section 4); of the run itself, and of frames. */

/** Where a frame's checkpoint stands: its name, and the checkpoints of what is around it, by theirs. */
export interface Linked {
  readonly namespace: string;
  readonly parents: Readonly<Record<string, string>>;
}

const ROOT: Linked = { namespace: "", parents: {} };

/** What is known of a state without playing the log. */
export type Summary = Pick<ThreadState, "metadata" | "created_at" | "checkpoint" | "parent_checkpoint">;

export function summaryOf(
  threadId: string,
  run: RunRow,
  commit: Position & { readonly step: number | null; readonly source: string },
  parent: Position | undefined,
): Summary {
  return {
    metadata: metadataOf(threadId, run, commit, ROOT),
    created_at: new Date(commit.at).toISOString(),
    checkpoint: checkpointView(threadId, commit),
    parent_checkpoint: parent ? checkpointView(threadId, parent) : null,
  };
}

export function metadataOf(
  threadId: string,
  run: RunRow,
  { source, step }: { readonly source: string; readonly step: number | null },
  { parents }: Linked,
): JsonObject {
  return {
    ...run.metadata,
    source,
    step,
    parents,
    run_id: run.runId,
    thread_id: threadId,
    graph_id: run.graphId,
    assistant_id: run.assistantId,
  };
}

/** @param part of the steps that the entry's commit shows */
export function sourceOf(entry: Pick<LogEntry, "type">, run: RunRow, part = 0): string {
  if (run.hidden) return run.from?.anew === false && run.lineage === run.runId ? "fork" : "update";
  if (entry.type === "state-updated" || entry.type === "frame-updated") return "update";
  // The second step of an input is LangGraph's `__start__`, which has written it.
  if (entry.type === "run-started") return part === 0 ? "input" : "loop";
  return entry.type === "frame-started" ? "input" : "loop";
}

export function checkpointView(threadId: string, commit: Position, { namespace, parents }: Linked = ROOT): JsonObject {
  const id = checkpointId(threadId, commit);
  return {
    thread_id: threadId,
    checkpoint_id: id,
    checkpoint_ns: namespace,
    checkpoint_map: namespace === "" ? null : { ...parents, [namespace]: id },
  };
}

/** Whose tasks are shown. */
export interface Shower {
  readonly threadId: string;
  readonly run: RunRow;
  readonly playback: Playback;
}

/** A task in flight; one that has frames says how they are asked for. */
export function taskView({ threadId, run, playback }: Shower, task: TaskId, error: string | null): JsonObject {
  const { plan, engine } = playback;
  const node = nodeOf(plan, task);
  const shown = shownIn({ run, threadId }, planOf(plan, task), node);
  const view = {
    id: taskUuid(run.lineage, task),
    name: shown,
    path: ["__pregel_pull", shown],
    error,
    interrupts: [],
    checkpoint: null,
    state: null,
    result: null,
  };
  if (node.inside === undefined) return view;
  const name = compositeName(plan, run.lineage, task);
  if (node.many !== true) return { ...view, checkpoint: { thread_id: threadId, checkpoint_ns: name } };
  return { ...view, frames: engine.framesOf(task).map(({ frame }) => ({ frame, checkpoint_ns: `${name}:${frame}` })) };
}

/** Before its input is written a run has this to do. */
export const START_NODE = "__start__";

export function startTask(run: RunRow): JsonObject {
  const path = ["__pregel_pull", START_NODE];
  const none = { error: null, interrupts: [], checkpoint: null, state: null, result: null };
  return { id: taskUuid(run.lineage, START_NODE), name: START_NODE, path, ...none };
}

/** What was asked, by the task's UUID. */
export type Asked = Map<string, readonly Json[]>;

/** @param prefix of the frame whose tasks are shown: "" for the run itself */
export function noteQuestion(asked: Asked, run: RunRow, entry: LogEntry, prefix = ""): void {
  if (entry.type !== "task-waiting" || entry.ask === undefined || entry.ask.kind === "breakpoint") return;
  if (!entry.task.startsWith(prefix)) return;
  const { id, value } = entry.ask;
  const uuid = taskUuid(run.lineage, taskIn(prefix, entry.task));
  const others = (asked.get(uuid) ?? []).filter((other) => !isJsonObject(other) || other["id"] !== id);
  asked.set(uuid, [...others, { id, value }]);
}

/** What was asked of the tasks that the state has. */
export function withInterrupts(state: ThreadState, asked: Asked): ThreadState {
  if (asked.size === 0) return state;
  const shown = new Set(state.tasks.map((task) => (isJsonObject(task) ? task["id"] : undefined)));
  const tasks = state.tasks.map((task): Json => {
    if (!isJsonObject(task)) return task;
    return { ...task, interrupts: [...(asked.get(task["id"] as string) ?? [])] };
  });
  return { ...state, tasks, interrupts: [...asked].flatMap(([id, questions]) => (shown.has(id) ? questions : [])) };
}

/** Whether a step's metadata holds what a search asks for. */
export function matchesStep(
  threadId: string,
  run: RunRow,
  { type, step, part }: Pick<CheckpointHead, "type" | "step" | "part">,
  wanted: JsonObject,
): boolean {
  return containsJson(metadataOf(threadId, run, { source: sourceOf({ type }, run, part), step }, ROOT), wanted);
}

/** Whether a run's metadata holds what a search asks for. */
export function matchesRun(run: RunRow, wanted: JsonObject): boolean {
  return containsJson({ ...run.metadata, run_id: run.runId }, wanted);
}
