import type { Json } from "../../src/base/json.ts";

/** Clients learn this beat and reconnect when it stops; we learn by it that one has left (langgraph-protocol, section 3). */
export const HEARTBEAT_MS = 3_000;
/** A comment alone, without a blank line after it: older clients would take that for an event. */
export const HEARTBEAT = ": hb\n";

/** What is sent, page by page. */
export interface Paged {
  /** The next page as it is sent; `upToDate` when there is nothing after it yet. */
  read(): { readonly text: string; readonly upToDate: boolean };
  /** Whether nothing will come after what was read. */
  isDone(): boolean;
  /** Hears when there may be more; the answer takes the ear away again. */
  watch(listener: () => void): () => void;
}

/**
 * Server-sent events as bytes. Read when the reader asks, so a slow reader neither holds frames in memory nor holds up what it
 * follows. @param left hears when the reader goes away before the end
 */
export function streamOf(paged: Paged, left: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let wake: (() => void) | undefined;
  const unwatch = paged.watch(() => wake?.());
  let heart: ReturnType<typeof setInterval> | undefined;
  const stop = (): void => {
    unwatch();
    clearInterval(heart);
  };
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      // A reader that does not keep up hears enough of us.
      heart = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(HEARTBEAT));
        wake?.();
      }, HEARTBEAT_MS);
    },
    pull: async (controller) => {
      for (;;) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const { text, upToDate } = readOr(paged, stop);
        if (text !== "") return controller.enqueue(encoder.encode(text));
        if (!upToDate) continue;
        if (paged.isDone()) {
          stop();
          return controller.close();
        }
        await woken;
      }
    },
    cancel: () => {
      stop();
      left();
    },
  });
}

/** A stream that fails is not cancelled besides: what keeps its reader's connection alive ends here. */
function readOr(paged: Paged, failed: () => void): ReturnType<Paged["read"]> {
  try {
    return paged.read();
  } catch (thrown) {
    failed();
    throw thrown;
  }
}

/** One event as it is sent. */
export function eventText({
  event,
  data,
  id,
}: {
  readonly event: string;
  readonly data: Json;
  readonly id: number | bigint;
}): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\nid: ${id}\n\n`;
}
