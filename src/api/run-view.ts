import type { RunView } from "../../durable-objects/thread-api.ts";

/**
 * A run as LangGraph's clients know it: one that has come to a question, or to a breakpoint, has done its part, and its *thread* is
 * interrupted; an interrupted run is one that somebody stopped (langgraph-protocol, section 2).
 */
export function shownRun(run: RunView): RunView {
  return run.status === "interrupted" && run.error === null ? { ...run, status: "success" } : run;
}
