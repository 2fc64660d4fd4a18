import { z } from "zod";

/**
 * A message of the queue `edgewise-wake`: something of that run is due at `at` (Unix milliseconds), so look at its thread.
 * Only ever a hint beside the thread's alarm: the log is the truth, and a lost, doubled or late message changes nothing.
 */
export interface Wake {
  readonly tenant: string;
  readonly thread: string;
  readonly run: string;
  readonly at: number;
}

/** Of the platform: a message is kept back no longer than twelve hours. */
export const LONGEST_DELAY_S = 12 * 3600;

const Message = z.object({
  tenant: z.string().min(1),
  thread: z.string().min(1),
  run: z.string().min(1),
  at: z.number(),
});

/** Undefined for a body that Edgewise never sends. */
export function readWake(body: unknown): Wake | undefined {
  const parsed = Message.safeParse(body);
  return parsed.success ? parsed.data : undefined;
}

/** Comes not before its time, or, where that is further away than a message can be, to be sent on. */
export async function sendWake(queue: Queue, wake: Wake, nowMs: number): Promise<void> {
  const delaySeconds = Math.min(Math.max(Math.ceil((wake.at - nowMs) / 1000), 0), LONGEST_DELAY_S);
  // As JSON, so that whoever looks at the dead-letter queue can read it.
  await queue.send(wake, { contentType: "json", delaySeconds });
}
