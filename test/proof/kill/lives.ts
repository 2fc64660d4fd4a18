import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../../src/engine/testing/random.ts";
import { startTestServer, type TestServer } from "../../e2e/server.ts";

/** When a server is killed: so long after it said that it is ready, or so long after its start, ready or not. */
export interface Moment {
  readonly after: "ready" | "start";
  readonly delayMs: number;
}

/** From one kill to the next, Unix milliseconds. */
export interface Life {
  /** Never, when it was killed before. */
  readonly readyAt: number;
  readonly killedAt: number;
}

/** One in ten lives long enough for every alarm, one in eight is killed on its way up. The seed decides. */
export function momentsOf(seed: number, kills: number, longestMs: number): readonly Moment[] {
  const random = new Random("moments", seed);
  return Array.from({ length: kills }, (_, index): Moment => {
    const draw = random.next();
    if (index % 8 === 2) return { after: "start", delayMs: Math.round(200 + 1800 * draw) };
    if (index % 10 === 7) return { after: "ready", delayMs: Math.round(longestMs + 3_000 * draw) };
    return { after: "ready", delayMs: Math.round(longestMs * draw) };
  });
}

/** The server through all its lives. */
export class Lives {
  readonly server: TestServer;
  /** What servers said beside their greeting: warnings and errors. */
  readonly said = new Set<string>();
  readonly #past: Life[] = [];
  #readyAt = Date.now();
  #up = Promise.withResolvers<void>();
  #isUp = true;
  #starting: Promise<void> = Promise.resolve();

  private constructor(server: TestServer) {
    this.server = server;
    this.#up.resolve();
  }

  static async begin(): Promise<Lives> {
    return new Lives(await startTestServer());
  }

  /** Resolves when a server is up; that may be the next one, or the one after it. */
  up(): Promise<void> {
    return this.#up.promise;
  }

  get kills(): number {
    return this.#past.length;
  }

  /** All lives, the last one open. */
  get all(): readonly Life[] {
    return [...this.#past, { readyAt: this.#readyAt, killedAt: Number.POSITIVE_INFINITY }];
  }

  /** Lives through the moments, each ended by a kill, and leaves a server that is ready. */
  async endure(moments: readonly Moment[], killed: (moment: Moment) => void): Promise<void> {
    for (const moment of moments) {
      if (moment.after === "ready") await this.#starting;
      await sleep(moment.delayMs);
      await this.#kill();
      killed(moment);
      this.#start();
    }
    await this.#starting;
    this.#listen();
  }

  async #kill(): Promise<void> {
    this.#listen();
    const killedAt = Date.now();
    this.#down();
    await this.server.kill9();
    // Its last words may have been that it is ready.
    this.#down();
    this.#past.push({ readyAt: this.#readyAt, killedAt });
    this.#readyAt = Number.POSITIVE_INFINITY;
  }

  #start(): void {
    this.#starting = this.server.start().then(() => {
      this.#readyAt = Date.now();
      this.#isUp = true;
      this.#up.resolve();
    });
    // Killed on its way up it has not failed; who waits for it hears of any other end.
    this.#starting.catch(() => {});
  }

  #down(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#up = Promise.withResolvers<void>();
  }

  #listen(): void {
    const [, words = ""] = this.server.output().split("Ctrl-C stops it; threads and runs stay.");
    for (const line of words.split("\n")) {
      if (line.trim() !== "") this.said.add(line.trim().replaceAll(/[0-9a-f-]{36}/g, "…"));
    }
  }

  /** Milliseconds within `[from, to]` in which a server was ready. */
  readyBetween(from: number, to: number): number {
    return this.all.reduce(
      (sum, { readyAt, killedAt }) => sum + Math.max(0, Math.min(to, killedAt) - Math.max(from, readyAt)),
      0,
    );
  }
}
