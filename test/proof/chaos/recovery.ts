import type { Life } from "./lives.ts";
import type { LoggedCommit, LoggedRun } from "./log-files.ts";

/** A life that was ended sooner without a commit says nothing. */
const LONG_ENOUGH_MS = 2_000;

export interface Recoveries {
  /** From the making of a process to the first commit of a run that the kill before had cut off, milliseconds. */
  readonly times: readonly number[];
  /** To the first that brings one on: not only says that its attempt was lost. */
  readonly progress: readonly number[];
  /** Kills that fell while a run was in flight. */
  readonly hits: number;
  /** Lives that a kill ended before such a commit. */
  readonly cutShort: number;
}

export function recoveriesOf(lives: readonly Life[], runs: readonly LoggedRun[]): Recoveries {
  const [times, progress]: [number[], number[]] = [[], []];
  let [hits, cutShort] = [0, 0];
  for (const [index, life] of lives.entries()) {
    const before = lives[index - 1];
    if (before === undefined) continue;
    const cut = runs.filter(({ commits }) => isCut(commits, before.killedAt, life.spawnedAt));
    if (cut.length === 0) continue;
    hits += 1;
    const time = firstAfter(life, cut, () => true);
    if (time === undefined) cutShort += 1;
    else times.push(time);
    const moved = firstAfter(life, cut, ({ moves }) => moves);
    if (moved !== undefined) progress.push(moved);
  }
  return { times, progress, hits, cutShort };
}

function isCut(commits: readonly LoggedCommit[], killedAt: number, spawnedAt: number): boolean {
  const [first, last] = [commits[0], commits.at(-1)];
  return first !== undefined && last !== undefined && first.at < killedAt && last.at >= spawnedAt;
}

/** Undefined when the life was too short to say. */
function firstAfter(
  { spawnedAt, killedAt }: Life,
  runs: readonly LoggedRun[],
  wanted: (commit: LoggedCommit) => boolean,
): number | undefined {
  const first = runs.reduce((least, { commits }) => {
    const next = commits.find((commit) => commit.at >= spawnedAt && wanted(commit));
    return Math.min(least, next?.at ?? Number.POSITIVE_INFINITY);
  }, Number.POSITIVE_INFINITY);
  const isKnown = first <= killedAt || killedAt - spawnedAt > LONG_ENOUGH_MS;
  return isKnown && Number.isFinite(first) ? first - spawnedAt : undefined;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
