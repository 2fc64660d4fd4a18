import type { Json, JsonObject } from "../../src/base/json.ts";
import type { Step, TaskId } from "../../src/engine/types.ts";
import type { ThreadCore } from "../core.ts";
import { type Commit, isFrameCheckpoint, type LogEntry } from "../log/entry.ts";
import { type FramePlace, frameOf, prefixOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { Playback } from "../run/playback.ts";
import { BEFORE_INPUT, type ShownStep } from "../run/steps.ts";
import type { ThreadState } from "../thread-api.ts";
import type { Audience } from "./audience.ts";
import { FramePositions } from "./frame-positions.ts";
import { frameState, frameValues } from "./frame-states.ts";
import { type Sheet, timeOf } from "./sheet.ts";
import type { RunNames } from "./task-texts.ts";

/** The state that a step shows. */
export type StateOf = (playback: Playback, commit: Commit, shown: ShownStep) => ThreadState;

/** What there is after each step, of the run itself; within a frame, after each of its commits. */
export class StateFrames {
  readonly #audience: Audience;
  readonly #core: ThreadCore;
  readonly #names: RunNames;
  readonly #playback: Playback;
  readonly #stateOf: (row: RunRow) => StateOf;
  /** Before the run's last commit: what it ends with is known with that one, whenever it is read. */
  #untilThen: StateOf | undefined;
  #positions: FramePositions | undefined;
  readonly #errors = new Map<TaskId, string>();

  constructor(
    audience: Audience,
    core: ThreadCore,
    names: RunNames,
    playback: Playback,
    stateOf: (row: RunRow) => StateOf,
  ) {
    this.#audience = audience;
    this.#core = core;
    this.#names = names;
    this.#playback = playback;
    this.#stateOf = stateOf;
  }

  /** Of the run itself; to be asked right after its entry was applied. @param over the run's row, if this is its last commit */
  steps(sheet: Sheet, shown: readonly ShownStep[], over: RunRow | undefined): void {
    if (sheet.isFormer) return;
    for (const [index, step] of shown.entries()) {
      if (step.upTo !== BEFORE_INPUT)
        sheet.add("values", { slot: "values", index, frame: "" }, () => this.values(step.upTo));
      if (!this.#audience.wants("checkpoints", "debug")) continue;
      const payload = checkpointOf(this.#stateAt(over)(this.#playback, sheet.commit, step));
      sheet.add("checkpoints", { slot: "checkpoint", index, frame: "" }, () => payload);
      sheet.add("debug", { slot: "debugCheckpoint", index, frame: "" }, () => ({
        step: step.step,
        type: "checkpoint",
        timestamp: timeOf(sheet.commit),
        payload,
      }));
    }
  }

  #stateAt(over: RunRow | undefined): StateOf {
    const { row } = this.#names;
    if (over !== undefined) return this.#stateOf({ ...row, error: over.error });
    return (this.#untilThen ??= this.#stateOf({ ...row, error: null }));
  }

  #placesOfFrames(): FramePositions {
    const { row, threadId } = this.#names;
    const segments = () => [...this.#core.past.before(row), { row, to: Number.MAX_SAFE_INTEGER }];
    return (this.#positions ??= new FramePositions(this.#core, threadId, row, segments(), true));
  }

  /** The result's channels as they stand. */
  values(upTo?: number): JsonObject {
    return this.#playback.values(this.#names.plan.output, upTo);
  }

  /** Of the frame that the commit is of, if it is of one. @param step what came of it */
  frame(sheet: Sheet, step: Step | undefined): void {
    const { commit } = sheet;
    const { entry } = commit;
    if (entry.type === "task-failed") this.#errors.set(entry.task, entry.error.message);
    for (const { task, error } of step?.failed ?? []) this.#errors.set(task.id, error.message);
    if (!isFrameCheckpoint(entry) || !("task" in entry)) return;
    const place = placeOf(entry);
    if (place === undefined) return;
    const { plan } = this.#names;
    const frame = prefixOf(plan, place);
    if (!this.#audience.sees(frame) || sheet.isFormer) return;
    sheet.add("values", { slot: "innerValues", frame }, () => frameValues(this.#playback, place, step) ?? {});
    if (this.#audience.wants("checkpoints", "debug")) this.#checkpoint(sheet, { place, frame, step, task: entry.task });
  }

  #checkpoint(
    sheet: Sheet,
    at: {
      readonly place: FramePlace;
      readonly frame: string;
      readonly step: Step | undefined;
      readonly task: TaskId;
    },
  ): void {
    const { commit } = sheet;
    const { seq, at: time, run, entry } = commit;
    const number = entry.type === "frame-started" || entry.type === "frame-updated" ? entry.frame : undefined;
    const positions = this.#placesOfFrames();
    positions.note({ seq, at: time, run, type: entry.type, task: at.task, frame: number });
    const stand = {
      core: this.#core,
      threadId: this.#names.threadId,
      run: this.#names.row,
      playback: this.#playback,
      positions,
      seq,
      errorOf: (task: TaskId) => this.#errors.get(task) ?? null,
      questions: [],
      deep: false,
    };
    const state = frameState(stand, at.place, at.step);
    if (state === undefined) return;
    const payload = checkpointOf(state);
    const step = (state.metadata?.["step"] ?? null) as Json;
    const { frame } = at;
    sheet.add("checkpoints", { slot: "innerCheckpoint", frame }, () => payload);
    sheet.add("debug", { slot: "innerDebug", frame }, () => ({
      step,
      type: "checkpoint",
      timestamp: timeOf(commit),
      payload,
    }));
  }
}

/** The frame that begins or is written to, or whose task has ended. */
function placeOf(entry: LogEntry & { readonly task: TaskId }): FramePlace | undefined {
  const isOfFrame = entry.type === "frame-started" || entry.type === "frame-updated";
  return isOfFrame ? { composite: entry.task, frame: entry.frame } : frameOf(entry.task);
}

/** A history's entry, with the configurations by which LangGraph's clients name it and the one before. */
function checkpointOf(state: ThreadState): JsonObject {
  return {
    ...(state as unknown as JsonObject),
    config: configOf(state.checkpoint),
    parent_config: configOf(state.parent_checkpoint),
  };
}

function configOf(checkpoint: JsonObject | null): Json {
  if (checkpoint === null) return null;
  const { thread_id = null, checkpoint_id = null, checkpoint_ns = "" } = checkpoint;
  return { configurable: { thread_id, checkpoint_ns, checkpoint_id } };
}
