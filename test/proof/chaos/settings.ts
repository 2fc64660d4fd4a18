import { Stop } from "../../../scripts/local/stop.ts";
import { sabotageNames } from "./sabotage.ts";

/** What `npm run proof -- chaos [--kills N] [--append] [--seed N] [--write] [--sabotage [NAME]] [--short]` comes to. */
export interface Settings {
  readonly seed: number;
  readonly kills: number;
  /** Adds to the slices there are, instead of starting anew. */
  readonly append: boolean;
  /** Puts the table into docs/reliability.md. */
  readonly write: boolean;
  readonly sabotages: readonly string[];
  /** Random programs of each family. */
  readonly ofEach: number;
  /** How many clients of each kind. */
  readonly clients: {
    readonly scenes: number;
    readonly published: number;
    readonly ledgers: number;
    readonly cancels: number;
  };
  /** Waits at the end until what was left to itself has gone on without anybody asking. */
  readonly leavesAlone: boolean;
  /** F5 beside the kills: takes three minutes. */
  readonly deadAlarm: boolean;
  /** What is not over so long after the last restart is stuck. */
  readonly patienceMs: number;
}

const LONG = {
  kills: 200,
  ofEach: 3,
  clients: { scenes: 12, published: 4, ledgers: 2, cancels: 2 },
  leavesAlone: true,
  deadAlarm: true,
  patienceMs: 60_000,
};
const SHORT = {
  kills: 6,
  ofEach: 1,
  clients: { scenes: 8, published: 2, ledgers: 2, cancels: 1 },
  leavesAlone: false,
  deadAlarm: false,
  patienceMs: 30_000,
};

export const OPTIONS = ["--kills", "--append", "--seed", "--write", "--sabotage"];

/** @throws Stop for a number that is none, and for a sabotage that there is not. */
export function readSettings(short: boolean, args: readonly string[]): Settings {
  const defaults = short ? SHORT : LONG;
  const seed = numberOf(args, "--seed") ?? Date.now() % 1_000_000;
  const sabotageAt = args.indexOf("--sabotage");
  const name = args[sabotageAt + 1];
  const sabotages = sabotageAt === -1 ? [] : sabotageNames(name?.startsWith("--") ? undefined : name);
  const kills = numberOf(args, "--kills") ?? defaults.kills;
  return { ...defaults, seed, kills, append: args.includes("--append"), write: args.includes("--write"), sabotages };
}

function numberOf(args: readonly string[], option: string): number | undefined {
  const at = args.indexOf(option);
  if (at === -1) return undefined;
  const number = Number(args[at + 1]);
  if (!Number.isInteger(number) || number < 1) throw new Stop(`${option} takes a whole number of 1 or more.`);
  return number;
}
