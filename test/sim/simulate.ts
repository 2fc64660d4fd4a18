import { judge } from "./checks/judge.ts";
import type { Site } from "./faults.ts";
import { MOST_TURNS, World } from "./world.ts";

/** A thread whose log grows beyond this goes on and on. */
const MOST_COMMITS = 1_500;

/** What became of one seed. */
export interface Simulated {
  readonly seed: number;
  /** Broken promises; none in a world where all is well. */
  readonly findings: readonly string[];
  readonly turns: number;
  readonly lives: number;
  readonly commits: number;
  readonly calls: number;
  readonly runs: number;
  /** How the runs ended, by status. */
  readonly ends: Readonly<Record<string, number>>;
  readonly frames: number;
  readonly virtualMs: number;
  readonly struck: Readonly<Record<string, number>>;
  /** A hash of all that is left: equal for equal code and seed. */
  readonly hash: string;
  /** Ran for longer than a test has time for: says nothing. */
  readonly tooLong: boolean;
}

/** The same seed, the same world, to the last bit. */
export async function simulate(seed: number, only?: readonly Site[]): Promise<Simulated> {
  const world = new World(seed, only);
  try {
    await world.run();
    const tooLong = world.timeline.turns >= MOST_TURNS || world.recorders.some(({ count }) => count > MOST_COMMITS);
    const judged = judge(world);
    return {
      seed,
      findings: tooLong
        ? [...new Set(world.findings)].slice(0, 5)
        : [...new Set([...world.findings, ...judged.findings])],
      turns: world.timeline.turns,
      lives: world.objects.reduce((sum, { lives }) => sum + lives, 0),
      calls: world.provider.ledger.length,
      virtualMs: world.timeline.now,
      struck: Object.fromEntries(world.faults.struck),
      tooLong,
      commits: judged.commits,
      runs: judged.runs,
      ends: judged.ends,
      frames: judged.frames,
      hash: judged.hash,
    };
  } finally {
    world.close();
  }
}
