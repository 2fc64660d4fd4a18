import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { Wake } from "../../src/storage/wakes.ts";
import worker from "../../src/worker.ts";

/** The queue of wakes in tests: what was sent to it, and deliveries by hand, since real ones come when they like. */

export interface Sent {
  readonly wake: Wake;
  readonly delaySeconds: number;
}

/** Takes the place of the queue for everybody in this isolate; messages go nowhere. `refuse`: none are taken. */
export function catchWakes(refuse = false): { readonly sent: Sent[]; release(): void } {
  const sent: Sent[] = [];
  const spy = vi
    .spyOn(Object.getPrototypeOf(env.WAKE) as Queue, "send")
    .mockImplementation(async (wake: unknown, options?: QueueSendOptions) => {
      if (refuse) throw new Error("the queue is away");
      sent.push({ wake: wake as Wake, delaySeconds: options?.delaySeconds ?? 0 });
      return {} as never;
    });
  return { sent, release: () => spy.mockRestore() };
}

/** Hands bodies to the Worker's consumer as one batch. Answers the indexes of those acknowledged and of those to be tried again. */
export async function deliver(
  bodies: readonly unknown[],
  {
    queue = "edgewise-wake",
    attempts = 1,
    bindings = env,
  }: { queue?: string; attempts?: number; bindings?: object } = {},
): Promise<{ readonly acked: number[]; readonly retried: number[] }> {
  const messages = bodies.map((body, index) => ({ id: String(index), timestamp: new Date(), attempts, body }));
  const batch = createMessageBatch(queue, messages);
  const context = createExecutionContext();
  await worker.queue(batch, bindings as never, context);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, context);
  return { acked: explicitAcks.map(Number), retried: retryMessages.map(({ msgId }) => Number(msgId)) };
}

/** The clock of everybody in this isolate, so much ahead. */
export function aheadBy(ms: number): { restore(): void } {
  const real = Date.now.bind(Date);
  const spy = vi.spyOn(Date, "now").mockImplementation(() => real() + ms);
  return { restore: () => spy.mockRestore() };
}
