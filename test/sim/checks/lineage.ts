import type { Commit } from "../../../durable-objects/log/entry.ts";
import type { RunRow } from "../../../durable-objects/log/rows.ts";
import type { RunHistory } from "./history.ts";
import type { Plan } from "../../../src/graph/plan.ts";

/** Runs that go on from one another: their logs are one, as far as they count. */
export interface Lineage extends RunHistory {
  /** In their order; `row` is the last of them. */
  readonly rows: readonly RunRow[];
  /** Commits of these rows; `commits` has those of what a fork goes on from before them. */
  readonly own: readonly Commit[];
  /** What they all began on stands behind this run. */
  readonly begunAfter: number;
}

/** @param planOf the graph of a run */
export function lineagesOf(
  runs: readonly RunRow[],
  commits: readonly Commit[],
  planOf: (row: RunRow) => Plan | undefined,
): Lineage[] {
  return [...Map.groupBy(runs, ({ lineage }) => lineage).values()].flatMap((rows): Lineage[] => {
    const [first, last] = [rows[0], rows.at(-1)];
    const plan = last && planOf(last);
    if (first === undefined || last === undefined || plan === undefined) return [];
    const own = rows.flatMap((row, index) => {
      // A cancel drops what was in flight, and is not gone on from.
      const to = rows[index + 1]?.from?.seq ?? Number.POSITIVE_INFINITY;
      return commits.filter(({ run, seq }) => run === row.n && seq <= to);
    });
    const before = beforeOf(first, runs, commits);
    return [{ rows, row: last, plan, own, commits: [...before.commits, ...own], begunAfter: before.root.n - 1 }];
  });
}

/** What a fork goes on from: commits of other runs, as far as they count. */
function beforeOf(row: RunRow, runs: readonly RunRow[], commits: readonly Commit[]) {
  let root = row;
  const before: Commit[] = [];
  for (let from = row.from; from !== null && !from.anew; from = root.from) {
    const { seq } = from;
    root = runs.findLast(({ firstSeq }) => firstSeq <= seq) ?? root;
    before.unshift(...commits.filter((commit) => commit.run === root.n && commit.seq <= seq));
  }
  return { root, commits: before };
}

/** A run, and what goes on from it, stays on the version of its graph that it began with (G11). */
export function checkVersions(runs: readonly RunRow[]): string[] {
  return [...Map.groupBy(runs, ({ lineage }) => lineage).values()].flatMap((rows) => {
    const versions = new Set(rows.map(({ graphHash, graphVersion }) => `${graphVersion} ${graphHash}`));
    return versions.size > 1 ? [`run ${rows.at(-1)?.n} went on on another version of its graph`] : [];
  });
}
