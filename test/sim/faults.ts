import { Random } from "../../src/engine/testing/random.ts";

/** Where a world may go wrong. Each is active in a quarter of the seeds; `chance`: of each occasion, while faults last. */
export const SITES = {
  "crash-before-commit": 0.04,
  "crash-after-commit": 0.04,
  "crash-between": 0.03,
  "disk-error": 0.01,
  "alarm-late": 0.5,
  "alarm-twice": 0.5,
  "alarm-early": 0.05,
  "alarm-dead": 0.3,
  "clock-jump": 0.02,
  "index-deaf": 0.3,
  "index-slow": 0.4,
  "provider-late": 0.15,
  "reply-lost": 0.15,
  "reader-leaves": 0.1,
  "queue-faults": 0.3,
} as const;
export type Site = keyof typeof SITES;

/** Which of the sites are active in a seed's world, and when they strike. */
export class Faults {
  readonly active: ReadonlySet<Site>;
  readonly struck = new Map<Site, number>();
  /** Faults stop: from now on the world must come to rest. */
  isOver = false;
  readonly #random: Random;

  constructor(seed: number, only?: readonly Site[]) {
    const random = new Random("sites", seed);
    const all = (Object.keys(SITES) as Site[]).filter(() => random.chance(0.25));
    this.active = new Set(only ?? all);
    this.#random = new Random("faults", seed);
  }

  has(site: Site): boolean {
    return this.active.has(site) && !this.isOver;
  }

  strikes(site: Site): boolean {
    if (!this.has(site) || !this.#random.chance(SITES[site])) return false;
    this.struck.set(site, (this.struck.get(site) ?? 0) + 1);
    return true;
  }

  below(limit: number): number {
    return this.#random.below(limit);
  }
}
