import { unwrap } from "../../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../../src/base/ids.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { InterruptView, RunCommand, RunResult, RunView, StartRun, ThreadState } from "../thread-api.ts";
import { startOf, type TestThread } from "./open-thread.ts";

/** What tests of runs that go on say to a thread. */

export const addressOf = ({ tenant, threadId }: TestThread) => ({ tenant, threadId });

export const edges = (...pairs: readonly (readonly [string, string])[]): JsonObject[] =>
  pairs.map(([from, to]) => ({ from, to }));

/** With an input, or without one. */
export async function start(thread: TestThread, document: JsonObject, input: Json = {}, more: Partial<StartRun> = {}) {
  const command = startOf(thread, document, input, more);
  unwrap(await thread.api.startRun(command));
  return command;
}

export async function goOn(thread: TestThread, document: JsonObject, more: Partial<StartRun> = {}): Promise<RunResult> {
  return unwrap(await thread.api.joinRun(await start(thread, document, null, more)));
}

export const say = (value: Json): RunCommand => ({ resume: { value } });

export async function questions(thread: TestThread): Promise<readonly InterruptView[]> {
  return unwrap(await thread.api.interruptsOf(addressOf(thread)));
}

export async function question(thread: TestThread): Promise<InterruptView> {
  const [asked] = await questions(thread);
  if (asked === undefined) throw new Error("Nothing is asked.");
  return asked;
}

export function answer(thread: TestThread, interruptId: string, value: Json, by: string | null = null) {
  const runId = uuidv7(Date.now(), secureRandom);
  return thread.api.answerInterrupt({ ...addressOf(thread), interruptId, value, by, runId });
}

/** Answers, and waits for the end of the run that goes on by it. */
export async function answered(thread: TestThread, id: string, value: Json, by?: string): Promise<RunResult> {
  const { run } = unwrap(await answer(thread, id, value, by ?? null));
  return joined(thread, run);
}

export async function joined(thread: TestThread, run: Pick<RunView, "run_id">): Promise<RunResult> {
  return unwrap(await thread.api.joinRun({ ...addressOf(thread), runId: run.run_id }));
}

/** Ends with a pause: nothing that `hold` leads to has begun. `hold` must be a node that runs until `release` is called. */
export async function pausedBehind(thread: TestThread, document: JsonObject, release: () => void): Promise<RunResult> {
  const command = await start(thread, document);
  unwrap(await thread.api.pauseRun(command));
  release();
  return unwrap(await thread.api.joinRun(command));
}

export async function untilTrue(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await scheduler.wait(2);
}

/** The id of a state's checkpoint; "" where there is none. */
export function checkpointOf(state: Pick<ThreadState, "checkpoint"> | undefined): string {
  const id = state?.checkpoint?.["checkpoint_id"];
  return typeof id === "string" ? id : "";
}
