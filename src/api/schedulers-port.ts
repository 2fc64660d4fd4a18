import { type SchedulerApi, schedulerStub } from "../../durable-objects/scheduler-api.ts";
import { failure, type Reply, unwrap } from "../base/errors.ts";
import type { ApiContext } from "./context.ts";
import { isTransient } from "./threads-port.ts";

const RETRY_DELAYS_MS = [50, 200, 800, 2_000];

/**
 * A call of the Scheduler object of this name, made again when the object was reset under it: whatever it is asked for may be
 * asked twice. @throws EdgewiseError as replied, or `unavailable`.
 */
export async function schedulersPort<T>(
  namespace: DurableObjectNamespace,
  name: string,
  call: (scheduler: SchedulerApi) => Promise<Reply<T>>,
  delays: readonly number[] = RETRY_DELAYS_MS,
): Promise<T> {
  try {
    return unwrap(await call(schedulerStub(namespace, name)));
  } catch (thrown) {
    if (!isTransient(thrown)) throw thrown;
    const [delayMs, ...rest] = delays;
    if (delayMs === undefined) {
      const text = "The scheduler does not answer at the moment; ask again. What was acknowledged is kept.";
      throw failure("unavailable", text, { retryable: true, retryAfterMs: 1_000 });
    }
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return schedulersPort(namespace, name, call, rest);
  }
}

/**
 * Crons and webhooks need the class: a binding alone is taken by the platform, and then answers nothing.
 * @throws EdgewiseError `misconfigured` where the Worker does not export it
 */
export function requireScheduler(c: ApiContext): void {
  const exported = exportsOf(c);
  if (exported === undefined || "Scheduler" in exported) return;
  const text =
    "This deployment's Worker does not export the Durable Object class Scheduler: add it to `export { Scheduler, Thread }`.";
  throw failure("misconfigured", text);
}

/** Undefined where the platform does not tell, or there is none. */
function exportsOf(c: ApiContext): object | undefined {
  try {
    return (c.executionCtx as { readonly exports?: object }).exports;
  } catch {
    return undefined;
  }
}
