import { failureBody } from "../../src/base/failure-text.ts";
import type { Json } from "../../src/base/json.ts";
import type { ThreadCore } from "../core.ts";
import type { RunRow } from "../log/rows.ts";
import { cancelRun, findRun } from "../queue.ts";
import type { FollowRun } from "../thread-api.ts";
import { HEARTBEAT, HEARTBEAT_MS } from "./event-stream.ts";

/**
 * Follows a run that waits for its turn: heartbeats until it begins, then what `follow` shows of it. Of one that never begins
 * there is its name, and why.
 */
export function followQueued(
  core: ThreadCore,
  query: FollowRun,
  follow: (begun: RunRow) => ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const { runId } = query;
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let heart: ReturnType<typeof setInterval> | undefined;
  let unwatch: (() => void) | undefined;
  const stop = (): void => {
    clearInterval(heart);
    unwatch?.();
  };
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      heart = setInterval(
        () => (controller.desiredSize ?? 0) > 0 && controller.enqueue(encoder.encode(HEARTBEAT)),
        HEARTBEAT_MS,
      );
    },
    pull: async (controller) => {
      if (reader === undefined) {
        await new Promise<void>((resolve) => {
          const look = (): void => {
            if (!core.queue.isPending(runId)) resolve();
          };
          unwatch = core.watch(look);
          look();
        });
        stop();
        const begun = core.store.run(runId);
        if (begun === undefined) {
          controller.enqueue(encoder.encode(neverBegan(query, findRun(core, runId))));
          return controller.close();
        }
        reader = follow(begun).getReader();
      }
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async (reason) => {
      stop();
      if (reader !== undefined) await reader.cancel(reason);
      else if (query.cancelOnDisconnect) cancelRun(core, runId, "interrupt", "its client went away");
    },
  });
}

/** @param row undefined: it was deleted */
function neverBegan({ runId, after }: FollowRun, row: RunRow | undefined): string {
  const frames: (readonly [event: string, data: Json])[] = [["metadata", { run_id: runId, attempt: 1 }]];
  if (row?.status === "error" && row.error !== null) frames.push(["error", failureBody(row.error)]);
  return frames
    .map(([event, data], id) => (id > after ? `event: ${event}\ndata: ${JSON.stringify(data)}\nid: ${id}\n\n` : ""))
    .join("");
}
