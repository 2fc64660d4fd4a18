import { failure } from "../src/base/errors.ts";
import type { ThreadCore } from "./core.ts";
import type { Address } from "./thread-api.ts";

/**
 * How long the thread of a stateless run is kept when the run is over, Unix milliseconds: its client may have lost the
 * connection just then, comes back by the run's `Location`, and must find what it was not told (G1).
 */
export const STATELESS_KEPT_MS = 5 * 60_000;

/**
 * When a thread is erased that was made for one run alone (`on_completion: delete`); undefined: it is kept. Kept is what failed,
 * since its dead letter can be redriven; what goes on by itself; and what somebody has gone on with in another run.
 */
export function eraseAt(core: ThreadCore): number | undefined {
  if (core.live !== undefined || !core.queue.isEmpty || core.record.row?.deleted !== false) return undefined;
  const last = core.store.lastRun() ?? core.queue.newest();
  if (last?.kwargs["on_completion"] !== "delete" || last.status === "error" || last.status === "timeout")
    return undefined;
  // Who makes a copy wants to have it.
  if (last.n <= (core.record.facts.all.copied?.runs ?? -1)) return undefined;
  return core.waiting?.nextTime() === undefined ? last.updatedAt + STATELESS_KEPT_MS : undefined;
}

/** Who asks for the thread itself finds it no more; the run, its result and its stream are there until it is erased. @throws EdgewiseError `not_found` */
export function refuseLeft(core: ThreadCore, { threadId }: Address): void {
  if (eraseAt(core) !== undefined) throw failure("not_found", `Thread with ID ${threadId} not found`);
}
