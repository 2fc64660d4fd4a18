import type { ThreadCore } from "../core.ts";
import type { RunRow } from "../log/rows.ts";
import type { PathStep, RunProfile } from "../thread-api.ts";
import { type PathPiece, ProfiledLog } from "./profiled-log.ts";

/** More of either are counted, not listed: an answer is for somebody who reads it. */
const MOST_TASKS = 5000;
const MOST_STEPS = 1000;

/** What a run's log says of where its time went. The whole run is played, without values: nothing here depends on them. */
export function profileOf(core: ThreadCore, threadId: string, run: RunRow): RunProfile {
  const log = new ProfiledLog(core.past.begin(run, new Map()));
  for (const commit of core.store.commits(run.firstSeq, run.lastSeq ?? core.lastCommit.seq)) log.add(commit);
  return profileView(threadId, run, log);
}

export function profileView(threadId: string, run: RunRow, log: ProfiledLog): RunProfile {
  const tasks = log.tasks();
  const path = log.criticalPath();
  const { startedAt, lastAt } = log;
  return {
    run_id: run.runId,
    thread_id: threadId,
    status: run.status,
    graph: { graph_id: run.graphId, version: run.graphVersion, hash: run.graphHash },
    started_at: iso(startedAt),
    last_commit_at: iso(lastAt),
    duration_ms: lastAt - startedAt,
    tasks: tasks.slice(0, MOST_TASKS).map((task) => ({
      task: task.id,
      node: task.node,
      status: task.status,
      ready_at: iso(task.readyAt),
      started_at: task.startedAt === undefined ? null : iso(task.startedAt),
      ended_at: task.endedAt === undefined ? null : iso(task.endedAt),
      duration_ms: task.endedAt === undefined ? null : task.endedAt - (task.startedAt ?? task.readyAt),
      attempts: task.attempts,
      input_tokens: task.usage?.inputTokens ?? 0,
      output_tokens: task.usage?.outputTokens ?? 0,
      unit: task.usage?.unit ?? "tokens",
      cost_usd: task.usage === undefined ? 0 : task.usage.costUsd,
    })),
    omitted_tasks: Math.max(0, tasks.length - MOST_TASKS),
    critical_path: path.slice(-MOST_STEPS).map((piece) => stepView(piece, lastAt - startedAt)),
    omitted_steps: Math.max(0, path.length - MOST_STEPS),
    bottleneck: bottleneckOf(path, lastAt - startedAt),
    concurrency: log.concurrency(),
  };
}

function stepView({ task, node, from, to }: PathPiece, whole: number): PathStep {
  return { task, node, from: iso(from), to: iso(to), ms: to - from, share: shareOf(to - from, whole) };
}

/** A node that ran several times on the path counts with all of them. */
function bottleneckOf(path: readonly PathPiece[], whole: number): RunProfile["bottleneck"] {
  const spent = new Map<string, number>();
  for (const { node, from, to } of path) if (node !== null) spent.set(node, (spent.get(node) ?? 0) + to - from);
  let slowest: { readonly node: string; readonly ms: number } | undefined;
  for (const [node, ms] of spent) if (ms > (slowest?.ms ?? -1)) slowest = { node, ms };
  return slowest === undefined ? null : { ...slowest, share: shareOf(slowest.ms, whole) };
}

function shareOf(ms: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((ms / whole) * 1000) / 1000;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
