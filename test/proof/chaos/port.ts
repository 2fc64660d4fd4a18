import { setTimeout as sleep } from "node:timers/promises";
import type { Lives } from "./lives.ts";

/** How long one call may take before it is made again: the server may have died with it in its hands. */
const PATIENCE_MS = 20_000;

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface Request {
  readonly body?: object;
  readonly headers?: Record<string, string>;
}

/** The public API through kills: what may be asked twice is asked until it is answered. */
export class Port {
  readonly #lives: Lives;
  readonly #signal: AbortSignal;
  readonly #givenUp: Promise<never>;
  /** Answers that nobody should get, kill or not. */
  readonly unexpected: string[] = [];

  /** @param signal gives up: every call that has not been answered then fails */
  constructor(lives: Lives, signal: AbortSignal) {
    this.#lives = lives;
    this.#signal = signal;
    this.#givenUp = new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    // Nobody need be waiting.
    this.#givenUp.catch(() => {});
  }

  /** Until an answer came whole. 5xx asks again; anything that is not 2xx or in `also` is unexpected, and answered too. */
  async ask<Body>(
    method: string,
    path: string,
    request: Request = {},
    also: readonly number[] = [],
  ): Promise<Answer<Body>> {
    for (;;) {
      const answer = await this.once<Body>(method, path, request, also);
      if (answer !== undefined && answer.status < 500) return answer;
      await this.again();
    }
  }

  /** One call; undefined when it was lost on the way, there or back. */
  async once<Body>(
    method: string,
    path: string,
    request: Request = {},
    also: readonly number[] = [],
  ): Promise<Answer<Body> | undefined> {
    const response = await this.#send(method, path, request, AbortSignal.timeout(PATIENCE_MS));
    const text = await response?.text().catch(() => undefined);
    if (response === undefined || text === undefined) return undefined;
    const { status } = response;
    if (!response.ok && status !== 503 && !also.includes(status)) {
      this.unexpected.push(`${method} ${path}: ${status} ${text.slice(0, 300)}`);
    }
    try {
      return { status, body: (text === "" ? null : JSON.parse(text)) as Body };
    } catch {
      // White space only, cut off: a wait that died with its server.
      return undefined;
    }
  }

  /** A call whose reply nobody reads, cut off after so long. */
  async lose(method: string, path: string, request: Request, afterMs: number): Promise<void> {
    const response = await this.#send(method, path, request, AbortSignal.timeout(afterMs));
    await response?.body?.cancel().catch(() => {});
  }

  /** Until there is a stream to read. */
  async open(path: string, headers: Record<string, string>): Promise<Response> {
    for (;;) {
      const response = await this.#send("GET", path, { headers });
      if (response?.ok) return response;
      if (response !== undefined && response.status !== 503) {
        this.unexpected.push(`GET ${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
      }
      await this.again();
    }
  }

  get server(): { readonly url: string; readonly key: string } {
    return this.#lives.server;
  }

  /** A client holds the answer to a start in its hands. */
  acknowledged(): void {
    this.#lives.replied();
  }

  /** Resolves when a server answers. @throws when the proof has given up. */
  async isUp(): Promise<void> {
    await Promise.race([this.#lives.up(), this.#givenUp]);
  }

  /** After something was lost: resolves when there is somebody to ask again. @throws when the proof has given up. */
  async again(): Promise<void> {
    await sleep(20, undefined, { signal: this.#signal });
    await this.isUp();
  }

  async #send(
    method: string,
    path: string,
    { body, headers }: Request,
    limit?: AbortSignal,
  ): Promise<Response | undefined> {
    this.#signal.throwIfAborted();
    const { url, key } = this.#lives.server;
    try {
      return await fetch(`${url}${path}`, {
        method,
        headers: { "x-api-key": key, "content-type": "application/json", ...headers },
        signal: limit === undefined ? this.#signal : AbortSignal.any([this.#signal, limit]),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch {
      return undefined;
    }
  }
}
