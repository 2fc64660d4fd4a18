import { setTimeout as sleep } from "node:timers/promises";
import type { Kill, PointKill } from "./kills.ts";
import { type Armed, MARK, PASSED, ROUTES } from "./points.ts";
import type { Provider } from "./provider.ts";
import type { RawServer } from "./raw-server.ts";

/** From the making of a process to its kill, Unix milliseconds. */
export interface Life {
  readonly spawnedAt: number;
  /** When it answered; infinite when it was killed before. */
  readonly readyAt: number;
  readonly killedAt: number;
  /** The crash point it died at; a random moment where there is none. */
  readonly point?: string;
}

/** No life is longer. */
const MOST_REST_MS = 10_000;
/** A point that is not passed in this time is given up: the kill falls then. */
const POINT_PATIENCE_MS = 2_500;

/** The server through all its lives. */
export class Lives {
  readonly server: RawServer;
  /** What it printed beside the marks: warnings and errors. */
  readonly said = new Map<string, number>();
  /** Kills that came too late for the point they were meant for. */
  late = 0;
  /** Has something done from beginning to end. */
  work: () => Promise<unknown> = async () => {};
  readonly #provider: Provider;
  readonly #past: Life[] = [];
  #spawnedAt = 0;
  #readyAt = Number.POSITIVE_INFINITY;
  #up = Promise.withResolvers<void>();
  #dead = Promise.withResolvers<void>();
  #onReply: (() => void) | undefined;
  #point: string | undefined;
  #isDead = true;

  constructor(server: RawServer, provider: Provider) {
    this.server = server;
    this.#provider = provider;
  }

  /** Resolves when a server answers; that may be the next one, or the one after it. */
  up(): Promise<void> {
    return this.#up.promise;
  }

  get kills(): number {
    return this.#past.length;
  }

  /** All lives, the last one open. */
  get all(): readonly Life[] {
    const last = { spawnedAt: this.#spawnedAt, readyAt: this.#readyAt, killedAt: Number.POSITIVE_INFINITY };
    return [...this.#past, last];
  }

  /** A client has been told that its run is admitted. */
  replied(): void {
    this.#onReply?.();
  }

  /** Starts it, and lets the clients at it. @param prepare is done before anybody else is let in */
  async start(prepare?: () => Promise<unknown>): Promise<void> {
    this.#spawnedAt = Date.now();
    this.#readyAt = Number.POSITIVE_INFINITY;
    this.#isDead = false;
    this.#dead = Promise.withResolvers<void>();
    const starting = this.server.start((text) => this.#hear(text));
    await Promise.race([starting, this.#dead.promise]);
    // Killed on its way up it has not failed.
    starting.catch(() => {});
    if (this.#isDead) return;
    await prepare?.();
    if (this.#isDead) return;
    this.#readyAt = Date.now();
    this.#up.resolve();
    void this.#control(ROUTES.sweep, {});
  }

  /** Lives through the kills, and leaves a server that is ready. @param killed hears of each, the next life not begun */
  async endure(kills: readonly Kill[], killed: (kill: Kill) => void): Promise<void> {
    for (const kill of kills) {
      await this.#die(kill);
      await this.#dead.promise;
      killed(kill);
      await this.#next(kills[this.kills]);
    }
  }

  /** A kill while it starts, or while it recovers, is prepared before. */
  async #next(coming: Kill | undefined): Promise<void> {
    if (coming?.at === "start") {
      const started = this.start();
      await Promise.race([started, sleep(coming.delayMs)]);
      return;
    }
    await this.start(coming?.at === "point" && isOfRecovery(coming) ? () => this.#arm(coming) : undefined);
  }

  async #die(kill: Kill): Promise<void> {
    if (kill.at === "start") return this.#kill(undefined);
    if (kill.at === "rest") await Promise.race([this.work().catch(() => {}), sleep(MOST_REST_MS)]);
    const isArmed = kill.at === "point" && isOfRecovery(kill);
    if (!isArmed) await Promise.race([sleep(kill.delayMs), this.#dead.promise]);
    if (kill.at !== "point") return this.#kill(undefined);
    if (!isArmed) await this.#arm(kill);
    const waited = new AbortController();
    await Promise.race([
      this.#dead.promise,
      sleep(POINT_PATIENCE_MS, undefined, { signal: waited.signal }).catch(() => {}),
    ]);
    waited.abort();
    if (!this.#isDead) await this.#kill(undefined);
  }

  async #arm(kill: PointKill): Promise<void> {
    const { point, trigger, skip } = kill;
    const now = () => void this.#kill(point.name);
    switch (point.by.who) {
      case "thread":
        this.#point = point.name;
        if (trigger !== undefined) await this.#control(ROUTES.arm, { ...trigger, skip } satisfies Armed);
        return;
      case "provider":
        this.#provider.arm(point.by.moment, skip, now);
        return;
      case "client": {
        let left = skip;
        this.#onReply = () => {
          left -= 1;
          if (left < 0) now();
        };
        return;
      }
      case "nobody":
    }
  }

  async #control(path: string, body: object): Promise<void> {
    await fetch(`${this.server.url}${path}`, { method: "POST", body: JSON.stringify(body) })
      .then((response) => response.text())
      .catch(() => {});
  }

  async #kill(point: string | undefined): Promise<void> {
    if (this.#isDead) return;
    this.#isDead = true;
    const gone = this.server.kill();
    const killedAt = Date.now();
    if (this.#readyAt < Number.POSITIVE_INFINITY) this.#up = Promise.withResolvers<void>();
    this.#past.push({
      spawnedAt: this.#spawnedAt,
      readyAt: this.#readyAt,
      killedAt,
      ...(point !== undefined && { point }),
    });
    this.#provider.disarm();
    this.#onReply = undefined;
    this.#point = undefined;
    await gone;
    this.#dead.resolve();
  }

  #hear(text: string): void {
    if (text.includes(MARK)) void this.#kill(this.#point);
    if (text.includes(PASSED)) this.late += 1;
    for (const line of text.split("\n")) {
      if (line.trim() === "" || line.includes(MARK) || line.includes(PASSED)) continue;
      const plain = line.replaceAll(/[0-9a-f-]{32,}|"timestamp":"?[^,]*,|[\d.]*\d+(?:ns|s)\b|…+/g, "…").slice(0, 200);
      this.said.set(plain, (this.said.get(plain) ?? 0) + 1);
    }
  }
}

/** Nothing recovers any more when the clients have been at it for a while. */
function isOfRecovery({ trigger }: PointKill): boolean {
  return trigger?.at.endsWith("recovery") === true;
}
