import { EdgewiseError, type ErrorCode } from "../base/errors.ts";

export interface EgressLimits {
  /** Of the decoded body. */
  readonly maxBytes: number;
  /** Until the answer's head has arrived, all redirects included. */
  readonly firstByteMs: number;
  /** Between two pieces of the body. */
  readonly idleMs: number;
  /** Until the last byte. */
  readonly totalMs: number;
}

export function egressError(code: ErrorCode, retryable: boolean, message: string, cause?: string): EdgewiseError {
  return new EdgewiseError({ code, message, retryable, ...(cause && { cause }) });
}

/** What may end one call before it is over: its caller's signal, and its deadlines. */
export class Deadlines {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #host: string;
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(host: string, caller: AbortSignal | undefined) {
    this.#host = host;
    this.#caller = caller;
    this.signal = caller ? AbortSignal.any([caller, this.#controller.signal]) : this.#controller.signal;
  }

  start(name: string, delayMs: number): void {
    this.stop(name);
    const expire = () =>
      this.#controller.abort(egressError("egress_timeout", true, `${this.#host}: no ${name} within ${delayMs} ms.`));
    this.#timers.set(name, setTimeout(expire, delayMs));
  }

  stop(name: string): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  stopAll(): void {
    for (const name of this.#timers.keys()) this.stop(name);
  }

  /** Closes what is still open, for a reason of our own. */
  abort(reason: EdgewiseError): void {
    this.#controller.abort(reason);
  }

  /**
   * The promise's value, unless the caller or a deadline is faster.
   * The platform's fetch listens to the signal too; racing holds even for one that does not.
   */
  async race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    let onAbort = () => {};
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      if (signal.aborted) onAbort();
      else signal.addEventListener("abort", onAbort, { once: true });
    });
    try {
      return await Promise.race([promise, aborted]);
    } catch (thrown) {
      throw this.judge(thrown);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** What a failure is: the caller's own abort, our verdict, or the network's fault. */
  judge(thrown: unknown): unknown {
    if (this.#caller?.aborted) return this.#caller.reason;
    if (this.#controller.signal.aborted) return this.#controller.signal.reason;
    if (thrown instanceof EdgewiseError) return thrown;
    const cause = thrown instanceof Error ? causeOf(thrown) : String(thrown);
    return egressError("egress_failed", true, `The call to ${this.#host} failed.`, cause.slice(0, 300));
  }
}

/** Node says "fetch failed" and hides the reason one level down; the edge runtime says it at once. */
function causeOf(error: Error): string {
  return error.cause instanceof Error && error.cause.message
    ? `${error.message}: ${error.cause.message}`
    : error.message;
}
