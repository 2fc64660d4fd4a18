import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../../../src/base/json.ts";
import type { RunRow } from "../../../durable-objects/log/rows.ts";
import type { Clients, RunRecord } from "../clients.ts";
import type { Recorder } from "../record.ts";
import type { World } from "../world.ts";
import { checkFrames } from "./frames.ts";
import { checkLog, checkTasks, type RunHistory } from "./history.ts";
import { checkVersions, type Lineage, lineagesOf } from "./lineage.ts";
import { checkLedger } from "./ledger.ts";
import { explain, type Explained } from "./reference.ts";

/** The sweep comes by once a minute. */
const OVERDUE_MS = 130_000;

const THREAD_STATUS: Readonly<Record<string, string>> = {
  success: "idle",
  error: "error",
  timeout: "error",
  interrupted: "interrupted",
};

export interface Judged {
  readonly findings: readonly string[];
  readonly commits: number;
  readonly runs: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly frames: number;
  readonly hash: string;
}

/** All checks over what is left of a world. */
export function judge(world: World): Judged {
  const findings: string[] = [];
  const digest = createHash("sha256");
  const ends: Record<string, number> = {};
  const counts = { commits: 0, runs: 0, frames: 0 };
  for (const [index, clients] of world.clients.entries()) {
    const recorder = world.recorders[index];
    if (recorder === undefined) continue;
    const commits = recorder.commits();
    const runs = recorder.runs();
    const name = `thread ${index}`;
    const say = (found: readonly string[]): void => void findings.push(...found.map((text) => `${name}: ${text}`));
    say(checkLog(commits, runs));
    say(checkVersions(runs));
    const after = new Map<number, ReadonlyMap<string, Json>>();
    for (const row of runs) ends[row.status] = (ends[row.status] ?? 0) + 1;
    for (const lineage of lineagesOf(runs, commits, ({ graphHash }) => world.graphs.get(graphHash)?.plan)) {
      say(checkTasks(lineage, recorder, new Set(runs.flatMap(({ n, hidden }) => (hidden ? n : [])))));
      const explained = explain(lineage, after.get(lineage.begunAfter) ?? new Map(), world.provider.ledger);
      after.set(lineage.row.n, explained.values);
      say(explained.findings);
      say(checkLedger(lineage, commits, world.provider.ledger, recorder, explained.started));
      say(checkEnd(lineage.row, explained, lineage));
      if (!world.faults.struck.has("alarm-dead")) say(checkAlarm(lineage, explained, recorder));
      digest.update(canonicalJson([lineage.row.status, Object.fromEntries(explained.values)]));
    }
    const values = after.get(runs.at(-1)?.n ?? 0) ?? new Map<string, Json>();
    for (const commit of commits) digest.update(canonicalJson(commit as unknown as Json));
    say(checkAcknowledged(clients, runs, commits.map(({ entry }) => entry) as never));
    for (const record of clients.runs) {
      const row = runs.find(({ runId }) => runId === record.command.runId);
      const whole = world.whole.get(record.command.runId);
      if (row === undefined || whole === undefined) continue;
      say(checkFrames(String(row.n), whole, record.follows, row.lastSeq !== null));
      counts.frames += record.follows.reduce((sum, { frames }) => sum + frames.length, 0);
    }
    say(checkState(world.states[index], values));
    say(checkIndex(world, index, runs));
    if (!clients.isDone) findings.push(`${name}: its clients have not come to their end`);
    counts.commits += commits.length;
    counts.runs += runs.length;
  }
  return { findings, ...counts, ends, hash: digest.digest("hex").slice(0, 16) };
}

/** The rules say how a run ends (R9): its row says the same, and one that goes on waits for something it can name (G13). */
function checkEnd(row: RunRow, { rest }: Explained, { commits }: RunHistory): string[] {
  if (commits.length === 0) return [];
  if (row.lastSeq === null) {
    const waits = rest.kind === "paused" && rest.waiting.length > 0;
    return waits ? [] : [`run ${row.n} is live and ${rest.kind}: nothing will ever happen to it`];
  }
  // What was paused, or was written to from outside, has something to do that nobody has begun.
  const isHalted = row.error?.code === "run_paused" || row.hidden;
  const isStopped = row.error?.code === "budget_exceeded" ? ["error", "timeout"] : [];
  const wanted = {
    done: ["success", "error"],
    paused: ["error", "interrupted", ...isStopped],
    cancelled: ["interrupted"],
    running: isHalted ? ["interrupted", ...isStopped] : isStopped,
  };
  const isRight = (wanted[rest.kind] as readonly string[]).includes(row.status);
  const isConflict = rest.kind === "done" && row.status === "error" && row.error?.code !== "conflicting_write";
  const isCancel = (row.error?.code === "run_cancelled") === (rest.kind === "cancelled");
  if (isRight && !isConflict && isCancel) return [];
  return [`run ${row.n} is ${row.status}, ${row.error?.code}; by the rules it is ${rest.kind}`];
}

/** The alarm stands in the transaction that makes it necessary: whenever the object dies, it comes back (section 3). */
function checkAlarm({ rows }: Lineage, { moving }: Explained, recorder: Recorder): string[] {
  const ends = new Set(rows.map(({ lastSeq }) => (lastSeq === null ? undefined : recorder.moment(lastSeq).turn)));
  const byTurn = new Map([...moving].map(([seq, isMoving]) => [recorder.moment(seq).turn, { seq, isMoving }]));
  return [...byTurn].flatMap(([turn, { seq, isMoving }]) =>
    isMoving && !ends.has(turn) && recorder.moment(seq).alarm === null
      ? [`nothing would wake the thread after commit ${seq}`]
      : [],
  );
}

/** What was answered for is there (G1); each run was said to have ended in one way. */
function checkAcknowledged({ runs: records }: Clients, runs: readonly RunRow[], entries: readonly Json[]): string[] {
  const text = JSON.stringify(entries.filter((entry) => (entry as { type: string }).type === "signal-received"));
  return records.flatMap((record: RunRecord) => {
    const { runId } = record.command;
    const rows = runs.filter((run) => run.runId === runId);
    const findings: string[] = [];
    if (record.acknowledged && rows.length !== 1)
      findings.push(`run ${runId} was acknowledged, and is there ${rows.length} times`);
    for (const { id, acknowledged } of record.signalsSent)
      if (acknowledged && !text.includes(`"${id}"`)) findings.push(`signal ${id} was acknowledged, and is lost`);
    if (record.cancelledAt !== undefined && rows[0]?.lastSeq === null)
      findings.push(`run ${runId} lives on after its cancel`);
    if (record.ends.size > 1 || [...record.ends].some((end) => end !== rows[0]?.status))
      findings.push(`run ${runId} was said to be ${[...record.ends].join(" and ")}, it is ${rows[0]?.status}`);
    return findings;
  });
}

function checkState(shown: Json | undefined, values: ReadonlyMap<string, Json>): string[] {
  if (shown === undefined) return [];
  const [is, wanted] = [canonicalJson(shown), canonicalJson(Object.fromEntries(values))];
  return is === wanted ? [] : [`its state is ${is.slice(0, 300)}, by the rules ${wanted.slice(0, 300)}`];
}

/** The index names what is live, and nothing else; a thread's line says how it is. */
function checkIndex(world: World, thread: number, runs: readonly RunRow[]): string[] {
  const rows = world.index.read("SELECT run_id, due_at FROM live_runs WHERE thread_id = ?", `thread-${thread}`);
  const named = rows.map((row) => String(row["run_id"]));
  // A row that a crash has left is taken away by the sweep, when it is due.
  const old = rows.filter((row) => Number(row["due_at"]) < world.timeline.wall - OVERDUE_MS);
  const live = runs.filter(({ lastSeq }) => lastSeq === null).map(({ runId }) => runId);
  const [line] = world.index.read("SELECT status FROM threads WHERE thread_id = ?", `thread-${thread}`);
  const wanted = live.length > 0 ? "busy" : THREAD_STATUS[runs.at(-1)?.status ?? "success"];
  const told = String(line?.["status"]);
  const wrong = told === wanted ? [] : [`the index says the thread is ${told}, not ${wanted}`];
  const stale = old.map((row) => String(row["run_id"])).filter((id) => !live.includes(id));
  const missing = live.filter((id) => !named.includes(id));
  return [
    ...wrong,
    ...stale.map((id) => `the index says that ${id} is live`),
    ...missing.map((id) => `the index has not heard of ${id}`),
  ];
}
