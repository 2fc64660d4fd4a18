import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { RunResult } from "../../durable-objects/thread-api.ts";
import { type ErrorRecord, failure } from "../base/errors.ts";
import { waitingBody } from "./waiting.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ended = (error: ErrorRecord | null, interrupts: RunResult["interrupts"] = []) =>
  ({ run: { error }, values: { answer: 42 }, interrupts }) as unknown as RunResult;
const after = <T>(delayMs: number, value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), delayMs));
const ignore = () => undefined;

async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const text = new Response(body).text();
  await vi.runAllTimersAsync();
  return text;
}

it("a wait is a newline each second, then the result", async () => {
  expect(await textOf(waitingBody(after(2_500, ended(null)), ignore))).toBe('\n\n{"answer":42}');
});

it("a result that is there at once comes alone", async () => {
  expect(await textOf(waitingBody(Promise.resolve(ended(null)), ignore))).toBe('{"answer":42}');
});

it("a run that waits for an answer says what it asks", async () => {
  const waiting = ended(null, [{ id: "1", value: "Publish?" }]);
  expect(JSON.parse(await textOf(waitingBody(Promise.resolve(waiting), ignore)))).toEqual({
    answer: 42,
    __interrupt__: [{ id: "1", value: "Publish?" }],
  });
});

it("a failed run answers `__error__` with code, node, attempt and cause", async () => {
  const { record } = failure("model_timeout", "No answer.", { node: "draft", attempt: 2, cause: "timed out" });
  const { __error__: error } = JSON.parse(await textOf(waitingBody(Promise.resolve(ended(record)), ignore))) as {
    __error__: { message: string };
  };
  expect(error).toMatchObject({ error: "model_timeout", node: "draft", attempt: 2, retryable: false });
  expect(error.message).toBe('No answer. (node "draft", attempt 2) Cause: timed out');
});

it("a wait that itself fails answers `__error__` too", async () => {
  const body = waitingBody(Promise.reject(failure("unavailable", "gone", { retryable: true })), ignore);
  expect(JSON.parse(await textOf(body))).toEqual({
    __error__: { code: "unavailable", error: "unavailable", message: "gone", retryable: true },
  });
});

it("a client that goes away is told of once, and stops the beat", async () => {
  const abandoned = vi.fn();
  const body = waitingBody(after(5_000, ended(null)), abandoned);
  await body.cancel();
  await vi.runAllTimersAsync();
  expect(abandoned).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});
