import type { ThreadCore } from "./core.ts";
import { eraseAt } from "./stateless.ts";

/** While a run moves, its alarm is never further away than this: so soon it goes on after a crash (design, section 3). */
export const LEASE_MS = 5_000;

/**
 * The next moment, in Unix milliseconds, at which something of the thread must happen by itself.
 * @param due when something of what is live, or at rest, is due; @param isMoving it moves in this moment
 */
export function nextMoment(core: ThreadCore, due: number | undefined, isMoving: boolean): number | undefined {
  const now = core.now();
  const times = due === undefined ? [] : [due];
  if (isMoving || !core.notices.isEmpty) times.push(now + LEASE_MS);
  const [queued] = core.live === undefined ? core.queue.pending : [];
  if (queued !== undefined) times.push(queued.due > now ? queued.due : now + LEASE_MS);
  const erased = eraseAt(core);
  if (erased !== undefined) times.push(erased);
  return times.length === 0 ? undefined : Math.min(...times);
}
