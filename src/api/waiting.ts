import type { RunResult } from "../../durable-objects/thread-api.ts";
import { type ErrorRecord, toErrorRecord } from "../base/errors.ts";
import { failureBody } from "../base/failure-text.ts";
import type { JsonObject } from "../base/json.ts";
import { forStrangers } from "./problem.ts";

/** LangGraph's clients take the connection for dead without a sign of life; JSON may begin with white space. */
const BEAT_MS = 1_000;

/**
 * A body that is a newline each second while the run goes on, then its result. The status is long sent by then, so a failure is
 * `{"__error__": …}`. `abandoned` is called when the client goes away first.
 */
export function waitingBody(result: Promise<RunResult>, abandoned: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let beat: ReturnType<typeof setInterval> | undefined;
  let open = true;
  const stop = () => {
    open = false;
    clearInterval(beat);
  };
  return new ReadableStream({
    start(controller) {
      beat = setInterval(() => controller.enqueue(encoder.encode("\n")), BEAT_MS);
      const finish = (value: JsonObject) => {
        if (!open) return;
        stop();
        controller.enqueue(encoder.encode(JSON.stringify(value)));
        controller.close();
      };
      result.then(
        (ended) => finish(toResultBody(ended)),
        (error: unknown) => finish(errorBody(forStrangers(toErrorRecord(error)))),
      );
    },
    cancel() {
      stop();
      abandoned();
    },
  });
}

/** LangGraph's clients look for open questions under `__interrupt__`. */
export function toResultBody({ run, values, interrupts }: RunResult): JsonObject {
  if (run.error !== null) return errorBody(run.error);
  return interrupts.length === 0 ? values : { ...values, __interrupt__: interrupts };
}

function errorBody(error: ErrorRecord): JsonObject {
  return { __error__: failureBody(error) };
}
