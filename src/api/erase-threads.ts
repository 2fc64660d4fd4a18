import { EdgewiseError, failure } from "../base/errors.ts";
import type { IdPage } from "../storage/thread-erasure.ts";
import type { ApiContext } from "./context.ts";

const PAGE = 50;
/** One request to the Worker may make 1,000 calls. */
const MOST_AT_ONCE = 400;
const AT_ONCE = 10;

/**
 * Erases threads with all that is in them; runs that are live on them are cancelled first. Safe to be asked for again.
 * @param pageOf the next ids behind the page before
 * @throws EdgewiseError `unavailable` (retryable) when there are more than one request can erase: some are gone then
 */
export async function eraseThreads(c: ApiContext, pageOf: (page: IdPage) => Promise<readonly string[]>): Promise<void> {
  for (let erased = 0, after = ""; ; ) {
    const ids = await pageOf({ after, limit: PAGE });
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      await Promise.all(ids.slice(from, from + AT_ONCE).map((threadId) => eraseThread(c, threadId)));
    }
    erased += ids.length;
    after = ids.at(-1) ?? after;
    if (ids.length < PAGE) return;
    if (erased < MOST_AT_ONCE) continue;
    const text = `${erased} threads are erased and there are more; ask again for the rest.`;
    throw failure("unavailable", text, { retryable: true, retryAfterMs: 1_000 });
  }
}

/** One that is gone already is as it should be. */
async function eraseThread(c: ApiContext, threadId: string): Promise<void> {
  const address = { tenant: c.var.tenant, threadId };
  try {
    await c.var.threads.surely(address, (thread) => thread.deleteThread(address));
  } catch (error) {
    if (!(error instanceof EdgewiseError && error.code === "not_found")) throw error;
  }
}
