import type { FrameRequest, Step, Task, TaskId } from "../../src/engine/types.ts";

/** What a live run has to do next. Each ends in a commit, at once or later. */
export type Work =
  | { readonly kind: "task"; readonly task: Task }
  /** A waiting task's time has come (R8). */
  | { readonly kind: "resume"; readonly task: Task }
  /** A frame of a composite begins (R10). */
  | { readonly kind: "frame"; readonly request: FrameRequest }
  /** A composite's frames are over: its outcome is due. */
  | { readonly kind: "outcome"; readonly task: Task };

/** Two of the same key are one. */
export function keyOf(work: Work): string {
  return work.kind === "frame" ? `${work.request.composite.id}[${work.request.frame}]` : `${work.kind} ${taskOf(work)}`;
}

export function workIn(step: Step | undefined): Work[] {
  if (step === undefined) return [];
  return [...step.start.map((task): Work => ({ kind: "task", task })), ...frameWork(step.frames)];
}

export function frameWork(frames: Pick<NonNullable<Step["frames"]>, "begin" | "due"> | undefined): Work[] {
  if (frames === undefined) return [];
  const begin = frames.begin.map((request): Work => ({ kind: "frame", request }));
  return [...begin, ...frames.due.map((task): Work => ({ kind: "outcome", task }))];
}

function taskOf(work: Exclude<Work, { readonly kind: "frame" }>): TaskId {
  return work.task.id;
}
