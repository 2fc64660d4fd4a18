import type { TaskId } from "../../src/engine/types.ts";
import { type Commit, isFrameCheckpoint, type LogEntry } from "./entry.ts";

/** A commit of a frame, or the opening of a composite, without what it wrote. */
export interface FrameHead {
  readonly seq: number;
  readonly at: number;
  readonly run: number;
  readonly type: LogEntry["type"];
  readonly task: TaskId;
  /** Of the frame that begins, or is written to; undefined for everything else. */
  readonly frame: number | undefined;
}

/** The letters of format-v1. */
const TYPES: ReadonlyMap<string, LogEntry["type"]> = new Map([
  ["a", "frames-announced"],
  ["b", "frame-started"],
  ["v", "frame-updated"],
  ["o", "task-succeeded"],
  ["f", "task-failed"],
]);
/** So many characters of a body hold the names of nearly all tasks; of the others the whole body is read. */
const HEAD_LENGTH = 300;
const HEAD = /^\["([abofv])","([^"]*)",(?:(\d+),)?/;

type HeadSql = { seq: number; at: number; run: number; head: string };

const HEADS = `SELECT seq, at, run, substr(body, 1, ${HEAD_LENGTH}) AS head FROM commits WHERE seq >= ?1 AND seq <= ?2`;
/** Before steps were levels nothing of a frame showed one. */
const IN_FRAME = "(step IS NULL OR shows IS NOT NULL)";
/** Where the task's name begins in a body. */
const NAME_AT = '["o","'.length + 1;

/**
 * What was committed in frames between two commits, in order: a scan of rows, of which none is decoded.
 * @param starts only bodies that go on so after their letter
 */
export function* frameHeads(
  sql: SqlStorage,
  { from, to, starts }: { readonly from: number; readonly to: number; readonly starts?: readonly string[] },
  whole: (seq: number) => Commit | undefined,
): IterableIterator<FrameHead> {
  const isOne = (starts ?? [""]).map((_, at) => `substr(body, ${NAME_AT}, length(?${at + 3})) = ?${at + 3}`);
  const letters = "substr(body, 1, 4) IN ('[\"b\"', '[\"v\"', '[\"o\"', '[\"f\"')";
  const where = `AND ${IN_FRAME} AND (substr(body, 1, 1) = '#' OR (${letters} AND (${isOne.join(" OR ")})))`;
  const rows = sql.exec<HeadSql>(`${HEADS} ${where} ORDER BY seq`, from, to, ...(starts ?? [""]));
  for (const row of rows) {
    const head = headOf(row, whole);
    if (head !== undefined && isFrameCheckpoint(head)) yield head;
  }
}

/** The openings of composites between two commits, the newest first. */
export function* announcements(
  sql: SqlStorage,
  from: number,
  to: number,
  whole: (seq: number) => Commit | undefined,
): IterableIterator<FrameHead> {
  const where = `AND ${IN_FRAME} AND (substr(body, 1, 4) = '["a"' OR substr(body, 1, 1) = '#')`;
  for (const row of sql.exec<HeadSql>(`${HEADS} ${where} ORDER BY seq DESC`, from, to)) {
    const head = headOf(row, whole);
    if (head?.type === "frames-announced") yield head;
  }
}

function headOf({ head, ...place }: HeadSql, whole: (seq: number) => Commit | undefined): FrameHead | undefined {
  const [, letter = "", task, number] = HEAD.exec(head) ?? [];
  const type = TYPES.get(letter);
  if (type !== undefined && task !== undefined && (!isOfFrame(type) || number !== undefined))
    return { ...place, type, task, frame: isOfFrame(type) ? Number(number) : undefined };
  // It stands outside its row, or its name is long.
  const entry = whole(place.seq)?.entry;
  if (entry === undefined || !("task" in entry)) return undefined;
  return {
    ...place,
    type: entry.type,
    task: entry.task,
    frame: entry.type === "frame-started" || entry.type === "frame-updated" ? entry.frame : undefined,
  };
}

/** It names the frame by its number, not by a task in it. */
function isOfFrame(type: LogEntry["type"]): boolean {
  return type === "frame-started" || type === "frame-updated";
}
