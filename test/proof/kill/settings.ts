import { Stop } from "../../../scripts/local/stop.ts";
import { sabotageNames } from "./sabotage.ts";

/** What `npm run proof -- kill [--short] [--seed N] [--sabotage [NAME]]` comes to. */
export interface Settings {
  readonly seed: number;
  readonly sabotages: readonly string[];
  readonly kills: number;
  /** The longest that most servers live after they are ready. */
  readonly longestLifeMs: number;
  /** How many clients of each kind. */
  readonly scenes: number;
  readonly ledgers: number;
  readonly cancels: number;
  /** How many runs must have been acknowledged for the rest to mean anything. */
  readonly leastRuns: number;
  /** What is not over so long after the last restart is stuck. */
  readonly patienceMs: number;
}

const LONG = { kills: 64, longestLifeMs: 4_000, scenes: 6, ledgers: 2, cancels: 1, leastRuns: 400, patienceMs: 60_000 };
const SHORT = { kills: 4, longestLifeMs: 3_000, scenes: 7, ledgers: 2, cancels: 1, leastRuns: 20, patienceMs: 30_000 };

export function readSettings(short: boolean, args: readonly string[]): Settings {
  const seedAt = args.indexOf("--seed");
  const seed = seedAt === -1 ? Date.now() % 1_000_000 : Number(args[seedAt + 1]);
  if (!Number.isInteger(seed)) throw new Stop("--seed takes a whole number.");
  const sabotageAt = args.indexOf("--sabotage");
  const name = args[sabotageAt + 1];
  const sabotages = sabotageAt === -1 ? [] : sabotageNames(name?.startsWith("--") ? undefined : name);
  return { ...(short ? SHORT : LONG), seed, sabotages };
}
