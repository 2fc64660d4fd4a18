import { isDeepStrictEqual } from "node:util";
import type { Frame } from "./record.ts";

/** What a follower must have seen, judged by a replay of the whole run. Pure: nothing is asked of the server here. */

/** @returns what is wrong, in words; empty when the follower saw every frame once, in order. */
export function judgeSeen(seen: readonly Frame[], replay: readonly Frame[]): string[] {
  const shown = new Map(replay.map((frame) => [frame.id, frame]));
  const had = new Map(seen.map((frame) => [frame.id, frame]));
  const kept = new Set(replay.map(messageIdOf));
  return [
    ...disorder(seen),
    ...replay.filter(({ id }) => !had.has(id)).map((frame) => `never saw ${inWords(frame)}`),
    ...seen.flatMap((frame) => {
      const again = shown.get(frame.id);
      if (again !== undefined) {
        return isDeepStrictEqual(frame, again) ? [] : [`saw ${inWords(frame)}, which is now ${inWords(again)}`];
      }
      // What an attempt said that died with its server is gone, all of it; nothing else may be.
      const message = messageIdOf(frame);
      return message !== undefined && !kept.has(message) ? [] : [`saw ${inWords(frame)}, which is no more`];
    }),
  ];
}

/** Frames whose ids do not grow. */
export function disorder(frames: readonly Frame[]): string[] {
  return frames.flatMap((frame, index) => {
    const before = frames[index - 1];
    return before === undefined || before.id < frame.id ? [] : [`${inWords(frame)} came after ${before.id}`];
  });
}

/** How often the tasks of each node began and ended; the same whenever the server died. One that has waited begins again. */
export function taskCounts(replay: readonly Frame[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const task of tasksOf(replay)) {
    const what = `${"input" in task ? "starts" : "ends"} of ${task.name}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

export interface Spoken {
  readonly node: string;
  /** Of the last attempt, as the pieces add up. */
  readonly text: string;
  readonly result: unknown;
}

/** Beside what each task said piece by piece, what it came to. */
export function spokenIn(frames: readonly Frame[]): Spoken[] {
  const texts = new Map<string, { readonly message: string; readonly text: string }>();
  for (const frame of frames) {
    const message = messageIdOf(frame);
    if (message === undefined) continue;
    const [{ content }, { langgraph_checkpoint_ns: place }] = frame.data as MessageData;
    const before = texts.get(place);
    texts.set(place, { message, text: (before?.message === message ? before.text : "") + content });
  }
  return tasksOf(frames).flatMap((task) => {
    const text = texts.get(`${task.name}:${task.id}`)?.text;
    return text === undefined || task.result === undefined
      ? []
      : [{ node: task.name, text, result: answerIn(task.result) }];
  });
}

type MessageData = readonly [
  { readonly id: string; readonly content: string },
  { readonly langgraph_checkpoint_ns: string },
];
interface TaskData {
  readonly id: string;
  readonly name: string;
  readonly input?: unknown;
  readonly result?: object;
}

function tasksOf(frames: readonly Frame[]): TaskData[] {
  return frames.flatMap(({ event, data }) => (event === "tasks" ? [data as TaskData] : []));
}

function messageIdOf({ event, data }: Frame): string | undefined {
  return event === "messages" ? (data as MessageData)[0].id : undefined;
}

/** A model writes one channel: a text, or a list of one message. */
function answerIn(result: object): unknown {
  const [value] = Object.values(result) as unknown[];
  return Array.isArray(value) ? (value[0] as { content?: unknown }).content : value;
}

function inWords({ id, event, data }: Frame): string {
  return `frame ${id} ${event} ${JSON.stringify(data).slice(0, 120)}`;
}
