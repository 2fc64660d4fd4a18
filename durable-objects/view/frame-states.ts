import { EdgewiseError } from "../../src/base/errors.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { LeftFrame, OpenFrame, Step, TaskId, View } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { ThreadCore } from "../core.ts";
import type { LogEntry } from "../log/entry.ts";
import { type FramePlace, nodeOf, prefixOf, taskIn } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { LiveRun } from "../run/live-run.ts";
import type { Playback } from "../run/playback.ts";
import type { ThreadState } from "../thread-api.ts";
import { type Asked, metadataOf, noteQuestion, sourceOf, taskView, withInterrupts } from "./checkpoints.ts";
import type { FramePositions } from "./frame-positions.ts";
import { shownIn } from "./shown.ts";

/** A run as it stands after one of its commits. */
export interface Stand {
  readonly core: ThreadCore;
  readonly threadId: string;
  readonly run: RunRow;
  readonly playback: Playback;
  readonly positions: FramePositions;
  readonly seq: number;
  readonly errorOf: (task: TaskId) => string | null;
  /** Open questions, where they are known. */
  readonly questions: readonly LogEntry[];
  /** Composites with one open frame tell its state. */
  readonly deep: boolean;
}

/** What can go on, as it stands now. */
export function standOf(
  core: ThreadCore,
  threadId: string,
  head: LiveRun,
  { positions, deep }: Pick<Stand, "positions" | "deep">,
): Stand {
  const { row: run, playback, waits } = head;
  const questions = waits.open().map(({ task, ask }): LogEntry => ({ type: "task-waiting", task, until: null, ask }));
  const errorOf = (task: TaskId) => head.failure([task]).message;
  return { core, threadId, run, playback, positions, seq: core.lastCommit.seq, errorOf, questions, deep };
}

/** One scan for all the frames that {@link taskState} will tell of. */
export function loadFrames({ playback: { engine, plan }, positions, deep }: Stand): void {
  if (!deep) return;
  const open = [...engine.inFlight(), ...engine.inFrames()].filter(({ state }) => state === "open");
  const single = open.filter(({ task }) => nodeOf(plan, task.id).many !== true);
  positions.load(single.map(({ task }) => ({ composite: task.id, frame: 0 })));
}

/** A task in flight, with the state of its frame if that is asked for and there is one. */
export function taskState(stand: Stand, task: TaskId, error: string | null): JsonObject {
  const view = taskView(stand, task, error);
  const isSingle = nodeOf(stand.playback.plan, task).many !== true;
  if (!stand.deep || !isSingle || stand.playback.engine.framesOf(task).length === 0) return view;
  const state = frameState(stand, { composite: task, frame: 0 });
  return state === undefined ? view : { ...view, checkpoint: null, state: { ...state } as JsonObject };
}

/** What is to be seen of a frame. */
interface Inside {
  readonly state: View;
  /** Nodes of the graph inside. */
  readonly next: readonly number[];
  readonly tasks: readonly { readonly id: TaskId; readonly isFailed: boolean }[];
}

/**
 * The state of a frame that is open, or that was left by the step that was played last; otherwise undefined.
 * Its checkpoint is that of its own last commit.
 */
export function frameState(stand: Stand, place: FramePlace, step?: Step): ThreadState | undefined {
  const { core, threadId, playback, positions, seq } = stand;
  const { inside } = nodeOf(playback.plan, place.composite);
  const prefix = prefixOf(playback.plan, place);
  const names = (node: number): string => (inside === undefined ? "?" : shownIn(stand, inside, inside.nodes[node]));
  const seen = inside && insideOf(playback, place, step);
  const last = positions.last(place, seq);
  if (inside === undefined || seen === undefined || last === undefined) return undefined;
  const { head, index } = last;
  const before = positions.of(place)[index - 1];
  const run = core.store.runAt(head.seq) ?? stand.run;
  const asked: Asked = new Map();
  for (const question of stand.questions) noteQuestion(asked, stand.run, question, prefix);
  const state: ThreadState = {
    values: valuesIn(seen.state, inside),
    next: [...new Set(seen.next.map(names))],
    tasks: seen.tasks.map(({ id, isFailed }) => taskState(stand, id, isFailed ? stand.errorOf(id) : null)),
    interrupts: [],
    metadata: metadataOf(
      threadId,
      run,
      { source: sourceOf(head, run), step: index - 1 },
      positions.linked(place, head.seq),
    ),
    created_at: new Date(head.at).toISOString(),
    checkpoint: positions.view(place, head),
    parent_checkpoint: before ? positions.view(place, before) : null,
  };
  return withInterrupts(state, asked);
}

/** The channels of a frame that is open, or that was left by the step that was played last. */
export function frameValues(playback: Playback, place: FramePlace, step?: Step): JsonObject | undefined {
  const { inside } = nodeOf(playback.plan, place.composite);
  const seen = inside && insideOf(playback, place, step);
  return inside && seen && valuesIn(seen.state, inside);
}

function insideOf({ engine, plan }: Playback, place: FramePlace, step: Step | undefined): Inside | undefined {
  const open = engine.framesOf(place.composite).find(({ frame }) => frame === place.frame);
  if (open !== undefined) return openInside(open);
  const isIt = ({ composite, frame }: LeftFrame) => composite.id === place.composite && frame === place.frame;
  const left = step?.frames?.left.find(isIt);
  return left && leftInside(left, prefixOf(plan, place));
}

function openInside(frame: OpenFrame): Inside {
  const flights = frame.inFlight();
  const nodes = [...flights.map(({ task }) => task.node), ...frame.pending().map(({ node }) => node)];
  return {
    state: frame.state,
    next: nodes,
    tasks: flights.map(({ task: { id }, state }) => ({ id, isFailed: state === "failed" })),
  };
}

/** It is over: nothing comes next. What it failed of is still told. */
function leftInside({ state, failed }: LeftFrame, prefix: string): Inside {
  const tasks = [...new Set(failed.map((task) => taskIn(prefix, task)))];
  return { state, next: [], tasks: tasks.map((id) => ({ id, isFailed: true })) };
}

/** A channel in conflict (R6) is left out: a frame has nothing from before. */
function valuesIn(state: View, inside: Plan): JsonObject {
  const values: Record<string, Json> = {};
  for (const { name } of inside.channels) {
    try {
      const value = state.read(name);
      if (value !== undefined) values[name] = value;
    } catch (thrown) {
      if (!(thrown instanceof EdgewiseError && thrown.code === "conflicting_write")) throw thrown;
    }
  }
  return values;
}
