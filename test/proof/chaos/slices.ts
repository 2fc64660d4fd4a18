import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../../sources.ts";
import type { DeadAlarm } from "./dead-alarm.ts";
import type { Fault } from "./judge.ts";

/** What one run of the proof came to, in numbers. Slices add up; `--append` keeps them in a file that is not committed. */
export interface Slice {
  readonly seed: number;
  readonly seconds: number;
  readonly kills: number;
  /** Kills by crash point; what is not here fell at random moments. */
  readonly points: Readonly<Record<string, number>>;
  /** Points whose part the Worker does not have. */
  readonly missing: readonly string[];
  /** Kills that came too late for their point. */
  readonly late: number;
  /** Acknowledged runs by family. */
  readonly runs: Readonly<Record<string, number>>;
  /** How often each thing was looked at, or happened. */
  readonly counts: Readonly<Record<Count, number>>;
  readonly faults: Readonly<Record<Fault | LedgerFault, number>>;
  /** Milliseconds, as in recovery.ts. */
  readonly recoveries: readonly number[];
  readonly progress: readonly number[];
  /** F5; absent where it was not played. */
  readonly alarm?: DeadAlarm;
}

export type Count =
  | "operationsBegun"
  | "operationsDone"
  | "keys"
  | "lostReplies"
  | "compared"
  | "asked"
  | "frames"
  | "followers"
  | "connections"
  | "texts"
  | "threads"
  | "cancelled"
  | "commits"
  | "calls"
  | "repeated"
  | "waits"
  | "hits"
  | "cutShort";

export type LedgerFault =
  | "log"
  | "severalKeys"
  | "unexplained"
  | "unsafeTwice"
  | "undone"
  | "earlyWaits"
  | "afterCancel"
  | "index"
  | "unexpected";

const FILE = join(ROOT, ".edgewise/proof/chaos.json");

/** @param append behind those that are there; otherwise it is the first one */
export function keepSlice(slice: Slice, append: boolean): readonly Slice[] {
  const before = append && existsSync(FILE) ? (JSON.parse(readFileSync(FILE, "utf8")) as Slice[]) : [];
  const slices = [...before, slice];
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, JSON.stringify(slices));
  return slices;
}

/** All slices as one. */
export function sum(slices: readonly Slice[]): Omit<Slice, "seed" | "alarm"> {
  const total = (pick: (slice: Slice) => number) => slices.reduce((added, slice) => added + pick(slice), 0);
  return {
    seconds: total(({ seconds }) => seconds),
    kills: total(({ kills }) => kills),
    late: total(({ late }) => late),
    points: added(slices.map(({ points }) => points)),
    missing: [...new Set(slices.flatMap(({ missing }) => missing))],
    runs: added(slices.map(({ runs }) => runs)),
    counts: added(slices.map(({ counts }) => counts)),
    faults: added(slices.map(({ faults }) => faults)),
    recoveries: slices.flatMap(({ recoveries }) => recoveries),
    progress: slices.flatMap(({ progress }) => progress),
  };
}

function added<Key extends string>(records: readonly Readonly<Record<Key, number>>[]): Record<Key, number> {
  const result: Record<string, number> = {};
  for (const record of records) {
    for (const [key, value] of Object.entries<number>(record)) result[key] = (result[key] ?? 0) + value;
  }
  return result;
}
