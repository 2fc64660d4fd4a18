import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * An Ollama with its real rules and no model: it loads on demand and sends headers only then, holds so many models and puts the
 * one out that was not used for longest, loads anew when the options differ, answers so many at once for each, and gives a load
 * up when the client that asked for it leaves (envconfig, docs/faq and server/sched of ollama).
 */
export interface OllamaOptions {
  readonly models: readonly string[];
  /** OLLAMA_MAX_LOADED_MODELS. */
  readonly holds: number;
  /** OLLAMA_NUM_PARALLEL. */
  readonly parallel: number;
  readonly loadMs: number;
  /** For an answer. */
  readonly answerMs: number;
}

interface Loaded {
  readonly options: string;
  active: number;
  usedAt: number;
  readonly waiting: (() => void)[];
}

export interface Ollama {
  readonly url: string;
  readonly seen: { readonly path: string; readonly model: string }[];
  readonly counts: { loads: number; reloads: number; abortedLoads: number };
  close(): Promise<void>;
}

export async function startOllama(options: OllamaOptions): Promise<Ollama> {
  const host = new FakeOllama(options);
  const server = createServer((request, response) => void host.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: host.seen,
    counts: host.counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class FakeOllama {
  readonly #options: OllamaOptions;
  readonly #loaded = new Map<string, Loaded>();
  #loading: Promise<void> = Promise.resolve();
  readonly seen: { path: string; model: string }[] = [];
  readonly counts = { loads: 0, reloads: 0, abortedLoads: 0 };

  constructor(options: OllamaOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const listed = (names: Iterable<string>) => ({ models: [...names].map((name) => ({ name, model: name })) });
    if (path === "/api/tags") return json(response, 200, listed(this.#options.models));
    if (path === "/api/ps") return json(response, 200, listed(this.#loaded.keys()));
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
    const model = String(body["model"]);
    this.seen.push({ path, model });
    if (!this.#options.models.includes(model))
      return json(response, 404, { error: `model "${model}" not found, try pulling it first` });
    if (!(await this.#has(model, JSON.stringify(body["options"] ?? {}), response))) return;
    const loaded = this.#loaded.get(model);
    if (loaded === undefined) return json(response, 500, { error: "it was put out" });
    if (path === "/api/generate" && body["prompt"] === undefined)
      return json(response, 200, { model, done: true, done_reason: "load" });
    await this.#answer(model, loaded, response, body["stream"] !== false);
  }

  /** False: the client left while it was being loaded. */
  async #has(model: string, options: string, response: ServerResponse): Promise<boolean> {
    let hasLeft = false;
    response.once("close", () => (hasLeft = !response.writableFinished));
    // One load at a time, as its scheduler has it.
    const turn = this.#loading;
    let done = (): void => undefined;
    this.#loading = new Promise((resolve) => (done = resolve));
    await turn;
    try {
      const known = this.#loaded.get(model);
      const isReload = known !== undefined && options !== "{}" && known.options !== options;
      if (known !== undefined && !isReload) return !hasLeft;
      if (isReload) this.counts.reloads += 1;
      this.#loaded.delete(model);
      while (this.#loaded.size >= this.#options.holds) {
        const [idle] = [...this.#loaded]
          .filter(([, { active }]) => active === 0)
          .toSorted(([, one], [, other]) => one.usedAt - other.usedAt);
        if (idle === undefined) await pause(2);
        else this.#loaded.delete(idle[0]);
      }
      for (const end = performance.now() + this.#options.loadMs; performance.now() < end; await pause(2)) {
        if (!hasLeft) continue;
        this.counts.abortedLoads += 1;
        return false;
      }
      this.counts.loads += 1;
      this.#loaded.set(model, { options, active: 0, usedAt: performance.now(), waiting: [] });
      return true;
    } finally {
      done();
    }
  }

  async #answer(model: string, loaded: Loaded, response: ServerResponse, isStream: boolean): Promise<void> {
    if (loaded.active >= this.#options.parallel) await new Promise<void>((resolve) => loaded.waiting.push(resolve));
    loaded.active += 1;
    try {
      const end = { model, done: true, done_reason: "stop", prompt_eval_count: 7, eval_count: 3 };
      if (!isStream) {
        await pause(this.#options.answerMs);
        return json(response, 200, { ...end, message: { role: "assistant", content: "abc" } });
      }
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      for (const content of ["a", "b", "c"]) {
        if (response.destroyed) return;
        response.write(`${JSON.stringify({ model, message: { role: "assistant", content }, done: false })}\n`);
        await pause(this.#options.answerMs / 3);
      }
      response.end(`${JSON.stringify(end)}\n`);
    } finally {
      loaded.active -= 1;
      loaded.usedAt = performance.now();
      loaded.waiting.shift()?.();
    }
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
