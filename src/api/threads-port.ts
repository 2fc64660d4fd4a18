import type { Address, ThreadApi } from "../../durable-objects/thread-api.ts";
import { EdgewiseError, type Reply, failure, unwrap } from "../base/errors.ts";
import { objectName } from "../security/tenant.ts";

/** How often a call that the platform dropped is made again, and how long after: an object that restarts is back in a second. */
const RETRY_DELAYS_MS = [50, 200, 800, 2_000];

/** The way to Thread objects; the only place that knows their names. */
export interface ThreadsPort {
  /** One call, once: for what must not happen twice. @throws EdgewiseError as replied, or `unavailable`. */
  once<T>(address: Address, call: (thread: ThreadApi) => Promise<Reply<T>>): Promise<T>;
  /** Made again, with a new stub, when the object was reset under it: for reads, and commands whose ids make them idempotent. */
  surely<T>(address: Address, call: (thread: ThreadApi) => Promise<Reply<T>>): Promise<T>;
}

export function threadsPort(namespace: DurableObjectNamespace, pause: (delayMs: number) => Promise<void>): ThreadsPort {
  async function attempt<T>(
    address: Address,
    call: (thread: ThreadApi) => Promise<Reply<T>>,
    delays: readonly number[],
  ): Promise<T> {
    try {
      return unwrap(await call(threadStub(namespace, address)));
    } catch (error) {
      if (!isTransient(error)) throw error;
      const [delayMs, ...rest] = delays;
      if (delayMs === undefined) throw unavailable();
      await pause(delayMs);
      return attempt(address, call, rest);
    }
  }
  return {
    once: (address, call) => attempt(address, call, []),
    surely: (address, call) => attempt(address, call, RETRY_DELAYS_MS),
  };
}

/** The object of a thread. A stub is good for one call only as long as its object lives: take a new one after a failure. */
export function threadStub(namespace: DurableObjectNamespace, { tenant, threadId }: Address): ThreadApi {
  const stub = namespace.get(namespace.idFromName(objectName(tenant, "thread", threadId)));
  // The binding's type does not know its class (the class lives in a later part); its RPC surface is ThreadApi.
  return stub as unknown as ThreadApi;
}

/** A thread that takes longer to be looked at counts as out of reach: who comes round must not wait for it. */
const TOUCH_DEADLINE_MS = 10_000;

/**
 * Looks at a thread from outside, as the sweep and the queue do: what should have moved goes on. Safe at any moment and any
 * number of times. False: the run is not live.
 * @throws whatever kept the thread from answering, or that it did not in time.
 */
export async function threadTouch(
  namespace: DurableObjectNamespace,
  run: Address & { readonly runId: string },
  deadlineMs = TOUCH_DEADLINE_MS,
): Promise<boolean> {
  const { tenant, threadId, runId } = run;
  return inTime(threadStub(namespace, run).touch({ tenant, threadId, runId }), threadId, deadlineMs);
}

async function inTime<T>(answer: Promise<T>, threadId: string, deadlineMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unanswered(threadId, deadlineMs)), deadlineMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Has a thread erase itself if its time to live is over. True: there is none any more. @throws as {@link threadTouch} */
export async function threadExpiry(
  namespace: DurableObjectNamespace,
  { tenant, threadId }: Address,
  deadlineMs = TOUCH_DEADLINE_MS,
): Promise<boolean> {
  return inTime(threadStub(namespace, { tenant, threadId }).expireThread({ tenant, threadId }), threadId, deadlineMs);
}

function unanswered(threadId: string, deadlineMs: number): Error {
  return failure("unavailable", `Thread ${threadId} did not answer within ${deadlineMs} ms.`, { retryable: true });
}

/**
 * Whether the platform dropped the call: the object was reset, moved or has too much to do. Some of these errors carry a mark,
 * some nothing at all; but what the object itself throws is marked `remote`, and our own mistakes have names.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof EdgewiseError) return false;
  const marks = error as Error & {
    retryable?: unknown;
    overloaded?: unknown;
    durableObjectReset?: unknown;
    remote?: unknown;
  };
  if (marks.retryable === true || marks.overloaded === true || marks.durableObjectReset === true) return true;
  return marks.remote !== true && error.name === "Error";
}

function unavailable() {
  const text = "The thread's object does not answer at the moment; ask again. What was acknowledged is kept.";
  return failure("unavailable", text, { retryable: true, retryAfterMs: 1_000 });
}
