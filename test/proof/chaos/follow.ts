import { readEvents } from "../../../scripts/local/client.ts";
import type { Random } from "../../../src/engine/testing/random.ts";
import type { Port } from "./port.ts";
import { type Frame, toFrame } from "./record.ts";

const MODES = ["values", "updates", "messages-tuple", "tasks"].map((mode) => `stream_mode=${mode}`).join("&");

/** Reads a run's frames to its end, coming back after the last id whenever the connection breaks. */
export async function follow(
  port: Port,
  run: { readonly threadId: string; readonly runId: string },
  seen: Frame[],
  options: { readonly connected?: () => void; readonly leaves?: Random } = {},
): Promise<void> {
  for (;;) {
    // Some leave by themselves now and then.
    const enough = options.leaves?.chance(0.3) ? seen.length + 1 + options.leaves.below(12) : Number.POSITIVE_INFINITY;
    const lastEventId = String(seen.at(-1)?.id ?? -1);
    const response = await port.open(`/threads/${run.threadId}/runs/${run.runId}/stream?${MODES}`, {
      "last-event-id": lastEventId,
    });
    options.connected?.();
    if (await read(response, seen, enough)) return;
  }
}

/** Whether the stream ended as the server wanted it to. */
async function read(response: Response, seen: Frame[], enough: number): Promise<boolean> {
  try {
    for await (const event of readEvents(response)) {
      seen.push(toFrame(event));
      if (seen.length >= enough) return false;
    }
    return true;
  } catch {
    return false;
  }
}
