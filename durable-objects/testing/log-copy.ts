import { runInDurableObject } from "cloudflare:test";
import { crash, type TestThread } from "./open-thread.ts";

type Row = Record<string, SqlStorageValue>;
type CommitRow = Row & { readonly seq: number; readonly run: number; readonly body: string };
type RunRow = Row & {
  readonly n: number;
  readonly run_id: string;
  readonly first_seq: number;
  readonly last_seq: number | null;
};
type ContinuationRow = Row & { readonly run: number; readonly lineage: string };

/** A thread's log as it was, to be put back up to any commit. */
export interface LogCopy {
  readonly commits: readonly CommitRow[];
  readonly runs: readonly RunRow[];
  readonly continuations: readonly ContinuationRow[];
}

export async function copyLog({ stub }: TestThread): Promise<LogCopy> {
  return runInDurableObject(stub, (_, { storage }) => {
    const all = <T extends Row>(table: string, order: string): T[] =>
      storage.sql.exec<T>(`SELECT * FROM ${table} ORDER BY ${order}`).toArray();
    return {
      commits: all<CommitRow>("commits", "seq"),
      runs: all<RunRow>("runs", "n"),
      continuations: all<ContinuationRow>("continuations", "run"),
    };
  });
}

/** Notes the last commit of every transaction from now on, in order; to be called once, before the object restarts. */
export async function notePositions({ stub }: TestThread): Promise<readonly number[]> {
  const positions: number[] = [];
  await runInDurableObject(stub, (_, { storage }) => {
    const plain = storage.transactionSync.bind(storage);
    let depth = 0;
    const noting = <T>(work: () => T): T => {
      depth += 1;
      try {
        return plain(work);
      } finally {
        depth -= 1;
        const { seq } = storage.sql.exec<{ seq: number | null }>("SELECT max(seq) AS seq FROM commits").one();
        if (depth === 0 && seq !== null && positions.at(-1) !== seq) positions.push(seq);
      }
    };
    Object.defineProperty(storage, "transactionSync", { value: noting, configurable: true });
  });
  return positions;
}

/** The object as a death right after commit `seq` leaves it: nothing later was written, and no alarm was kept. */
export async function putBack(
  thread: TestThread,
  { commits, runs, continuations }: LogCopy,
  seq: number,
): Promise<void> {
  const kept = runs.filter((run) => run.first_seq <= seq);
  const numbers = new Set(kept.map(({ n }) => n));
  const asTheyWere = kept.map((run) =>
    (run.last_seq ?? 0) > seq ? { ...run, status: "running", last_seq: null, error: null, usage: null } : run,
  );
  await runInDurableObject(thread.stub, async (_, { storage }) => {
    const put = (table: string, rows: readonly Row[]) => {
      storage.sql.exec(`DELETE FROM ${table}`);
      for (const row of rows) {
        const names = Object.keys(row);
        const places = names.map(() => "?").join(", ");
        storage.sql.exec(`INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`, ...Object.values(row));
      }
    };
    put(
      "commits",
      commits.filter((commit) => commit.seq <= seq),
    );
    put("runs", asTheyWere);
    put(
      "continuations",
      continuations.filter(({ run }) => numbers.has(run)),
    );
    put("chunks", []);
    put("snapshots", []);
    put("snapshot_parts", []);
    await storage.deleteAlarm();
    await storage.sync();
  });
  await crash(thread);
}
