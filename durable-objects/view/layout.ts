import { isJsonObject, type JsonObject } from "../../src/base/json.ts";
import type { Commit, LogEntry } from "../log/entry.ts";

/**
 * Which frame ids a commit and a streamed piece have, whatever modes somebody asks for: an id means the same to all followers,
 * and the same whenever it is shown (docs/decisions/0026). Ids are reserved where something may be shown; most are never used.
 */

/** What a run begins with. */
const HEAD = ["metadata", "graphStart", "goneOn"] as const;
/** Of each message that a task has written. */
const MESSAGE = ["message", "toolMessage"] as const;
/** What the end of a task, or a question, shows; in the order in which it is shown. */
const ENDS = [
  "callStart",
  "modelPiece",
  "complete",
  "modelEnd",
  "toolEnd",
  "taskEnd",
  "debugEnd",
  "updates",
  "nodePiece",
  "graphPiece",
  "nodeEnd",
  "innerAsked",
  "innerAskedValues",
  "aroundEnd",
  "debugAroundEnd",
  "asked",
  "askedValues",
  "innerValues",
  "innerCheckpoint",
  "innerDebug",
] as const;
/** Of each step that a commit shows. */
const STEP = ["values", "checkpoint", "debugCheckpoint"] as const;
/** Of each task that it starts. */
const START = ["nodeStart", "modelStart", "toolStart", "taskStart", "debugStart"] as const;
/** What a run ends with. */
const FOOT = ["open", "openValues", "graphEnd", "error"] as const;

export type Slot =
  | (typeof HEAD)[number]
  | (typeof MESSAGE)[number]
  | (typeof ENDS)[number]
  | (typeof STEP)[number]
  | (typeof START)[number]
  | (typeof FOOT)[number];

/** The ids of one commit. */
export interface Layout {
  /** Undefined where the commit has none for it: one that was written before there was such a frame. `index`: of several. */
  id(slot: Slot, index?: number): number | undefined;
}

/**
 * How many ids a commit reserves.
 * @param starts tasks that it starts
 * @param shows steps that it shows
 */
export function frameCount(entry: LogEntry, starts: number, shows: number): number {
  const tasks = starts * START.length;
  const messages = messagesIn(entry).length * MESSAGE.length;
  return HEAD.length + messages + ENDS.length + shows * STEP.length + tasks + FOOT.length;
}

/** The same of steps that a run shows when it comes to rest; with any entry they take as many. */
export function restCount(more: number): number {
  return more * STEP.length;
}

/**
 * What may be messages among a task's writes, in order, and what it said as a whole. More than are in channels of messages, maybe:
 * the entry alone decides.
 */
export function messagesIn(entry: LogEntry): readonly WrittenMessage[] {
  if (entry.type !== "task-succeeded" && entry.type !== "task-failed") return [];
  const written = (entry.outcome?.writes ?? []).flatMap(({ channel, value }): WrittenMessage[] =>
    (Array.isArray(value) ? value : []).flatMap((message): WrittenMessage[] =>
      isMessage(message) ? [{ channel, message }] : [],
    ),
  );
  if (entry.type === "task-failed" || entry.message === undefined) return written;
  return [...written, { channel: undefined, message: { ...entry.message } as unknown as JsonObject & Named }];
}

interface Named {
  readonly id: string;
  readonly type: string;
}

export interface WrittenMessage {
  /** Undefined for what was said and need not have been written. */
  readonly channel: string | undefined;
  readonly message: JsonObject & Named;
}

export function isMessage(value: unknown): value is JsonObject & Named {
  const message = value as JsonObject;
  return isJsonObject(message) && typeof message["id"] === "string" && typeof message["type"] === "string";
}

const ENDS_AT = new Map<Slot, number>(ENDS.map((slot, index) => [slot, index]));
const HEAD_AT = new Map<Slot, number>(HEAD.map((slot, index) => [slot, index]));
const STEP_AT = new Map<Slot, number>(STEP.map((slot, index) => [slot, index]));
const START_AT = new Map<Slot, number>(START.map((slot, index) => [slot, index]));
const FOOT_AT = new Map<Slot, number>(FOOT.map((slot, index) => [slot, index]));

export function layoutOf(commit: Commit): Layout {
  return commit.shows === null ? formerLayout(commit) : layout(commit, commit.shows);
}

function layout({ entry, event, lastEvent }: Commit, shows: number): Layout {
  const messages = event + HEAD.length;
  const ends = messages + messagesIn(entry).length * MESSAGE.length;
  const steps = ends + ENDS.length;
  const starts = steps + shows * STEP.length;
  const foot = lastEvent + 1 - FOOT.length;
  const id = (slot: Slot, index = 0): number => {
    if (slot === "message") return messages + index * MESSAGE.length;
    if (slot === "toolMessage") return messages + index * MESSAGE.length + 1;
    const [head, end, step, start] = [HEAD_AT, ENDS_AT, STEP_AT, START_AT].map((at) => at.get(slot));
    if (head !== undefined) return event + head;
    if (end !== undefined) return ends + end;
    if (step !== undefined) return steps + index * STEP.length + step;
    if (start !== undefined) return starts + index * START.length + start;
    return foot + (FOOT_AT.get(slot) ?? 0);
  };
  return { id };
}

const FORMER: Partial<Record<Slot, number>> = { taskEnd: 1, updates: 2, asked: 2, values: 3, askedValues: 3 };

/**
 * Of commits that were written before there were steps: message, task's end, updates, values, task starts, and the error last;
 * of a run's first: metadata, values, task starts. A question that was left open has the last id where a task's end has the others.
 */
function formerLayout({ entry, event, lastEvent }: Commit): Layout {
  const begins = entry.type === "run-started" || entry.type === "run-continued";
  const hasOutcome = "outcome" in entry;
  const id = (slot: Slot, index = 0): number | undefined => {
    if (slot === "taskStart") return event + (begins ? 2 : 4) + index;
    if (slot === "error") return lastEvent;
    if (begins) return slot === "metadata" ? event : slot === "values" || slot === "goneOn" ? event + 1 : undefined;
    if (slot === "message") return index === 0 ? event : undefined;
    if (slot === "open" || slot === "openValues") return hasOutcome ? lastEvent : event + (slot === "open" ? 2 : 3);
    const place = FORMER[slot];
    return place === undefined ? undefined : event + place;
  };
  return { id };
}

/** Of the {@link PIECE_IDS} of a streamed piece; what is emitted needs two of them. */
const PIECE: Readonly<Record<PieceSlot, number>> = { named: 0, partial: 1, tuple: 2, event: 3, custom: 0, tool: 1 };

export type PieceSlot = "named" | "partial" | "tuple" | "event" | "custom" | "tool";

/** @param each ids of the piece; where it has one alone, that is of the one frame there was then: a text's, or what was emitted */
export function pieceId(first: number, each: number, slot: PieceSlot): number | undefined {
  if (each === 1) return slot === "tuple" || slot === "custom" ? first : undefined;
  return first + PIECE[slot];
}
