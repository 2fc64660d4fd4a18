import type { Lives } from "./lives.ts";
import type { Acknowledged } from "./record.ts";

/**
 * For each time that a run was cut off: how long a server was ready until the run's next commit, over several lives if it was cut
 * off again before. 0: it had gone on before the server said that it is ready.
 */
export function recoveries(
  lives: Lives,
  runs: readonly Acknowledged[],
  commits: ReadonlyMap<string, readonly number[]>,
): readonly number[] {
  const kills = lives.all.map(({ killedAt }) => killedAt).filter(Number.isFinite);
  return runs.flatMap(({ runId }) => {
    const times = commits.get(runId) ?? [];
    return times.slice(1).flatMap((at, index) => {
      const before = times[index] ?? at;
      const cut = kills.find((kill) => kill > before && kill < at);
      return cut === undefined ? [] : [lives.readyBetween(cut, at)];
    });
  });
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
