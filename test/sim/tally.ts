import type { Result } from "./order.ts";
import type { Simulated } from "./simulate.ts";

const COUNTED = ["commits", "calls", "runs", "lives", "frames", "turns"] as const;

/** What many worlds come to. */
export class Tally {
  worlds = 0;
  tooLong = 0;
  readonly counts: Record<(typeof COUNTED)[number], number> = {
    commits: 0,
    calls: 0,
    runs: 0,
    lives: 0,
    frames: 0,
    turns: 0,
  };
  readonly struck: Record<string, number> = {};
  readonly ends: Record<string, number> = {};
  readonly found: { readonly seed: number; readonly findings: readonly string[] }[] = [];
  readonly hashes = new Map<number, string>();

  add(result: Result): void {
    this.worlds += 1;
    if (result.findings.length > 0) this.found.push(result);
    if (!isWhole(result)) return;
    if (result.tooLong) this.tooLong += 1;
    this.hashes.set(result.seed, result.hash);
    for (const name of COUNTED) this.counts[name] += result[name];
    addAll(this.struck, result.struck);
    addAll(this.ends, result.ends);
  }
}

function isWhole(result: Result): result is Simulated {
  return "hash" in result;
}

function addAll(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + count;
}
