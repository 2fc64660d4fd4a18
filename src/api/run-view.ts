import { type RunView, shownStatus } from "../../durable-objects/thread-api.ts";

/** A run as LangGraph's clients know it. */
export function shownRun(run: RunView): RunView {
  return { ...run, status: shownStatus(run) };
}
