import { failureBody } from "../../src/base/failure-text.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { Outcome, Task, TaskId } from "../../src/engine/types.ts";
import type { ThreadCore } from "../core.ts";
import type { Ask, Chunk, Commit, LogEntry } from "../log/entry.ts";
import { isInFrame, rootTaskOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import { isCancelled } from "../run/ending.ts";
import type { Playback } from "../run/playback.ts";
import type { StreamMode } from "../thread-api.ts";
import { Audience, frameAround, type Wish } from "./audience.ts";
import { EventFrames } from "./event-frames.ts";
import { pieceId } from "./layout.ts";
import { MessageFrames } from "./message-frames.ts";
import { type Frame, Sheet, timeOf } from "./sheet.ts";
import { StateFrames, type StateOf } from "./state-frames.ts";
import { type RunNames, TaskTexts, updateOf } from "./task-texts.ts";

const FAILED: ReadonlySet<RunRow["status"]> = new Set(["error", "timeout"]);
/** Modes that show what an entry alone does not say: for them the run is played. */
const PLAYED: readonly StreamMode[] = ["values", "tasks", "checkpoints", "debug", "events", "tools"];

type Ended = Extract<LogEntry, { readonly type: "task-succeeded" | "task-failed" }>;

/** Where the framer of a run looks. */
export interface Look {
  readonly core: ThreadCore;
  readonly names: RunNames;
  /** The run before its first commit; asked for only by the modes that show what an entry alone does not say. */
  begin(): Playback;
  /** The questions that are open at the end of the run. */
  open(): readonly Ask[];
  /** @param row the run as it is told of */
  stateOf(row: RunRow): StateOf;
}

/**
 * Turns a run's log into frames, commit by commit and piece by piece, in the order of their ids. What is shown when is said by
 * docs/decisions/0026; which ids it has, by layout.ts.
 */
export class Framer {
  readonly #row: RunRow;
  readonly #audience: Audience;
  readonly #texts: TaskTexts;
  readonly #messages: MessageFrames;
  readonly #events: EventFrames;
  readonly #playback: Playback | undefined;
  readonly #states: StateFrames | undefined;
  readonly #open: () => readonly Ask[];
  /** Questions that this run has shown. */
  readonly #asked = new Set<string>();

  constructor(look: Look, wish: Wish) {
    const { core, names } = look;
    this.#row = names.row;
    this.#audience = new Audience(names.plan, names.row, wish);
    this.#texts = new TaskTexts(names, this.#audience);
    this.#messages = new MessageFrames(this.#audience, this.#texts, names.plan, names.row.lineage);
    this.#events = new EventFrames(this.#audience, this.#texts, names);
    this.#open = () => look.open();
    if (!this.#audience.wants(...PLAYED)) return;
    this.#playback = look.begin();
    this.#states = new StateFrames(this.#audience, core, names, this.#playback, (row) => look.stateOf(row));
  }

  get wantsChunks(): boolean {
    return this.#audience.wants("messages-tuple", "messages", "events", "custom", "tools");
  }

  /** Whether pieces can only be shown by who has seen those before. */
  get needsAllChunks(): boolean {
    return this.#messages.needsAll || this.#audience.wants("tools");
  }

  /** To be called for every commit of the run, in order, also those a follower has seen. `over`: the run's row once it has ended. */
  commit(commit: Commit, over: RunRow | undefined): Frame[] {
    const sheet = new Sheet(commit, this.#audience);
    const { entry } = commit;
    const step = this.#playback?.apply(entry);
    const shown = this.#playback?.shown(commit) ?? [];
    if (entry.type === "run-started" || entry.type === "run-continued") this.#begins(sheet, entry);
    else this.#happens(sheet, entry);
    const end = over?.lastSeq === commit.seq ? over : undefined;
    this.#states?.steps(sheet, shown, end);
    this.#states?.frame(sheet, step);
    for (const [index, task] of (step?.start ?? []).entries()) this.#started(sheet, task, index);
    if (end !== undefined) this.#ends(sheet, end);
    return sheet.frames();
  }

  #begins(sheet: Sheet, entry: Extract<LogEntry, { readonly type: "run-started" | "run-continued" }>): void {
    sheet.put("metadata", "metadata", () => ({ run_id: this.#row.runId, attempt: 1 }));
    const input = entry.type === "run-started" ? updateOf(entry.outcome) : null;
    this.#events.begins(sheet, input);
    if (entry.type === "run-started") this.#messages.given(sheet, entry);
    if (entry.type === "run-continued" || sheet.isFormer)
      sheet.add("values", { slot: "goneOn", frame: "" }, () => this.#states?.values() ?? {});
  }

  #happens(sheet: Sheet, entry: LogEntry): void {
    if (entry.type === "task-succeeded" || entry.type === "task-failed") this.#ended(sheet, entry);
    if (entry.type === "state-updated") this.#messages.given(sheet, entry);
    if (entry.type === "task-waiting") this.#question(sheet, entry);
    if (entry.type === "frames-announced" || entry.type === "frame-started") this.#events.framed(sheet, entry);
    // Of commits from before there were steps each one with an outcome had the values of then.
    if (sheet.isFormer && (entry.type === "state-updated" || isOutcome(entry)))
      sheet.add("values", { slot: "values", frame: "" }, () => this.#states?.values() ?? {});
  }

  #ended(sheet: Sheet, entry: Ended): void {
    const { task } = entry;
    const said = this.#messages.ended(sheet, entry);
    if (entry.type === "task-failed") {
      this.#end(sheet, task, { error: entry.error.message });
      this.#events.toolEnded(sheet, task, { error: entry.error.message });
    } else {
      this.#end(sheet, task, { result: updateOf(entry.outcome) });
      this.#events.toolEnded(sheet, task, { output: updateOf(entry.outcome) });
      this.#events.answered(sheet, entry);
    }
    if (entry.outcome !== undefined) this.#outcome(sheet, task, entry.outcome, said);
  }

  #outcome(sheet: Sheet, task: TaskId, outcome: Outcome, said: Json | undefined): void {
    sheet.add("updates", { slot: "updates", frame: frameAround(task) }, () => ({
      [this.#texts.name(task)]: updateOf(outcome),
    }));
    this.#events.ended(sheet, task, outcome, said);
  }

  #end(sheet: Sheet, task: TaskId, end: { readonly result: JsonObject } | { readonly error: string }): void {
    this.#taskFrame(sheet, task, "End", () => this.#texts.ended(task, end));
  }

  /** In `tasks`, and the same in `debug`. */
  #taskFrame(sheet: Sheet, task: TaskId, which: "End" | "AroundEnd", payload: () => JsonObject): void {
    const frame = frameAround(task);
    const slots = which === "End" ? (["taskEnd", "debugEnd"] as const) : (["aroundEnd", "debugAroundEnd"] as const);
    sheet.add("tasks", { slot: slots[0], frame }, payload);
    sheet.add("debug", { slot: slots[1], frame }, () => this.#debug(sheet, "task_result", task, payload()));
  }

  #debug(sheet: Sheet, type: "task" | "task_result", task: TaskId, payload: JsonObject): JsonObject {
    return { step: this.#texts.step(task), type, timestamp: timeOf(sheet.commit), payload };
  }

  #started(sheet: Sheet, task: Task, index: number): void {
    const frame = frameAround(task.id);
    if (!this.#audience.sees(frame)) return;
    this.#events.started(sheet, task, index);
    sheet.add("tasks", { slot: "taskStart", index, frame }, () => this.#texts.started(task));
    sheet.add("debug", { slot: "debugStart", index, frame }, () =>
      this.#debug(sheet, "task", task.id, this.#texts.started(task)),
    );
  }

  /** The run is asked about it, wherever in it the question is; and so is the frame that it is in. */
  #question(sheet: Sheet, { ask, task }: Extract<LogEntry, { readonly type: "task-waiting" }>): void {
    if (ask === undefined || ask.kind === "breakpoint") return;
    this.#asked.add(ask.id);
    const data = interrupted([ask]);
    const interrupts = data["__interrupt__"] as readonly Json[];
    if (!sheet.isFormer) this.#taskFrame(sheet, task, "End", () => this.#texts.asks(task, interrupts));
    if (isInFrame(task)) {
      const [frame, around] = [frameAround(task), rootTaskOf(task)];
      sheet.add("updates", { slot: "innerAsked", frame }, () => data);
      sheet.add("values", { slot: "innerAskedValues", frame }, () => data);
      this.#taskFrame(sheet, around, "AroundEnd", () => this.#texts.asks(around, interrupts));
    }
    sheet.add("updates", { slot: "asked", frame: "" }, () => data);
    sheet.add("values", { slot: "askedValues", frame: "" }, () => data);
  }

  #ends(sheet: Sheet, over: RunRow): void {
    if (over.status === "interrupted" && !isCancelled(over)) this.#stillOpen(sheet);
    if (FAILED.has(over.status))
      sheet.put("error", "error", () => (over.error === null ? {} : failureBody(over.error)));
    else this.#events.ends(sheet, () => this.#states?.values() ?? {});
  }

  /** What was asked in a run before this one, and was not answered in it, is what this one ends with as well. */
  #stillOpen(sheet: Sheet): void {
    const open = this.#open();
    const questions = open.filter(({ id, kind }) => kind !== "breakpoint" && !this.#asked.has(id));
    const { entry } = sheet.commit;
    if (questions.length > 0) {
      // One frame an id: where they share it, the run's last question and those before it are told in one.
      const own = entry.type === "task-waiting" && entry.ask !== undefined && !sheet.areApart("asked", "open");
      const all = own && entry.ask?.kind !== "breakpoint" ? [entry.ask as Ask, ...questions] : questions;
      this.#openFrames(sheet, interrupted(all));
    } else if (!sheet.isFormer && this.#asked.size === 0 && open.some(({ kind }) => kind === "breakpoint"))
      this.#openFrames(sheet, interrupted([]));
  }

  #openFrames(sheet: Sheet, data: JsonObject): void {
    sheet.add("updates", { slot: "open", frame: "" }, () => data);
    // Who asks for both looks into updates, where there is an id for one alone.
    if (sheet.areApart("open", "openValues") || !this.#audience.wants("updates"))
      sheet.add("values", { slot: "openValues", frame: "" }, () => data);
  }

  /** The frames of those of a chunk's pieces that have an id above `after`. */
  chunk(chunk: Chunk, after: number): Frame[] {
    // A piece that was shown is not looked at again: a long answer is one chunk, and read for each piece it gains.
    const from = Math.max(0, Math.floor((after + 1 - chunk.first) / chunk.each));
    if (chunk.kind === "say") return this.#messages.pieces(chunk, from);
    const frame = this.#audience.heardIn(chunk.task, chunk.each === 1);
    const told = this.#audience.wants("tools") ? this.#events.pieces(chunk, from) : [];
    if (!this.#audience.wants("custom") || !this.#audience.sees(frame)) return told;
    const event = this.#audience.nameOf("custom", frame);
    const frames = chunk.data.slice(from).flatMap((data, index): Frame[] => {
      const id = pieceId(chunk.first + (from + index) * chunk.each, chunk.each, "custom");
      return id === undefined ? [] : [{ id, event, data }];
    });
    return told.length === 0 ? frames : [...frames, ...told].sort((one, other) => one.id - other.id);
  }
}

function isOutcome(entry: LogEntry): boolean {
  return (
    (entry.type === "task-succeeded" || entry.type === "task-failed") &&
    entry.outcome !== undefined &&
    !isInFrame(entry.task)
  );
}

function interrupted(asks: readonly Ask[]): JsonObject {
  return { __interrupt__: asks.map(({ id, value }) => ({ id, value })) };
}
