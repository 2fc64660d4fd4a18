import type { Json } from "../../src/base/json.ts";
import type { RunRow } from "../log/rows.ts";
import type { LiveRun } from "../run/live-run.ts";
import { pathOf } from "../log/places.ts";
import type { InterruptView, MultitaskStrategy, RunView } from "../thread-api.ts";

/** Rows in the shapes that LangGraph's clients read (langgraph-protocol, section 2). */

/** @param input what the run's first commit wrote: that is the request's input, in the form in which it is kept */
export function runView(row: RunRow, threadId: string, input: Json): RunView {
  const { usage } = row;
  const { multitask_strategy: strategy = "reject", ...kwargs } = row.kwargs;
  return {
    run_id: row.runId,
    thread_id: threadId,
    assistant_id: row.assistantId,
    created_at: new Date(row.acceptedAt ?? row.createdAt).toISOString(),
    updated_at: new Date(row.updatedAt).toISOString(),
    status: row.status,
    metadata: { ...row.metadata, graph_id: row.graphId, assistant_id: row.assistantId },
    kwargs: { input, ...kwargs },
    multitask_strategy: strategy as MultitaskStrategy,
    graph: { graph_id: row.graphId, version: row.graphVersion, hash: row.graphHash },
    usage: {
      input_tokens: usage?.inputTokens ?? 0,
      output_tokens: usage?.outputTokens ?? 0,
      unit: usage?.unit ?? "tokens",
      cost_usd: usage ? usage.costUsd : 0,
    },
    error: row.error,
  };
}

/** The questions of a run that are open. */
export function questionsOf({ row, playback, waits }: LiveRun): InterruptView[] {
  const asked = waits.open().filter(({ ask }) => ask.kind !== "breakpoint");
  return asked.map(({ task, ask, since, until, answers }) => ({
    id: ask.id,
    value: ask.value,
    kind: ask.kind,
    node: pathOf(playback.plan, task),
    task,
    run_id: row.runId,
    since: new Date(since).toISOString(),
    until: until === undefined ? null : new Date(until).toISOString(),
    schema: ask.schema ?? null,
    from: ask.from ?? null,
    answers: answers.map(({ by, value }) => ({ by, value })),
  }));
}
