import { createRoute, z } from "@hono/zod-openapi";
import type { CancelAction } from "../../durable-objects/thread-api.ts";
import { EdgewiseError, failure } from "../base/errors.ts";
import { liveRunsOf } from "../storage/live-runs.ts";
import type { ApiContext } from "./context.ts";
import { answers, jsonBody, newRouter, Uuid } from "./routing.ts";

/** Runs that are taken back: many at once, or for good. */
const tags = ["Runs"];

const MANY = 1_000;
const PAGE = 100;
/** Threads whose runs one request cancels. */
const MOST_THREADS = 700;
const AT_ONCE = 10;

const RunsCancel = z
  .object({
    thread_id: Uuid.nullish(),
    run_ids: z.array(Uuid).min(1).max(MANY).nullish(),
    status: z
      .enum(["pending", "running", "all"])
      .nullish()
      .openapi({ description: "In place of `run_ids`: of the thread, or without `thread_id` of all threads." }),
  })
  .openapi("RunsCancel");
type RunsCancel = z.output<typeof RunsCancel>;

const cancelMany = createRoute({
  method: "post",
  path: "/runs/cancel",
  tags,
  summary: "Cancel many runs",
  description:
    "Those of a thread by their ids, or all that are pending or running. Across threads it meets what the index knows, which is a run's state of at most a moment ago.",
  request: {
    query: z.object({ action: z.enum(["interrupt", "rollback"]).default("interrupt") }),
    body: jsonBody(RunsCancel),
  },
  responses: answers({ 204: { description: "Nothing of them starts any more." } }),
});
const remove = createRoute({
  method: "delete",
  path: "/threads/{thread_id}/runs/{run_id}",
  tags,
  summary: "Delete a run",
  description:
    "The run and its checkpoints are gone; the thread stands on what was before it, unless others came after. A run that is not over is cancelled first.",
  request: { params: z.object({ thread_id: Uuid, run_id: Uuid }) },
  responses: answers({ 204: { description: "It is gone." } }),
});

export const runCancel = newRouter()
  .openapi(cancelMany, async (c) => {
    const asked = c.req.valid("json");
    const { action } = c.req.valid("query");
    if (asked.thread_id) await cancelOnThread(c, asked.thread_id, asked, action);
    else await cancelEverywhere(c, asked, action);
    return c.body(null, 204);
  })
  .openapi(remove, async (c) => {
    const { thread_id: threadId, run_id: runId } = c.req.valid("param");
    const place = { tenant: c.var.tenant, threadId, runId };
    await c.var.threads.surely(place, (thread) => thread.deleteRun(place));
    return c.body(null, 204);
  });

async function cancelOnThread(
  c: ApiContext,
  threadId: string,
  { run_ids: runIds, status }: RunsCancel,
  action: CancelAction,
): Promise<void> {
  if (!runIds && !status) {
    const text = "Say which runs: give `run_ids`, or a `status`.";
    throw failure("invalid_request", text, { pointer: "/run_ids" });
  }
  const command = {
    tenant: c.var.tenant,
    threadId,
    action,
    ...(runIds ? { runIds } : {}),
    ...(status && status !== "all" ? { status } : {}),
  };
  const { missing } = await c.var.threads.surely(command, (thread) => thread.cancelRuns(command));
  const [first] = missing;
  if (first === undefined) return;
  const pointer = `/run_ids/${runIds?.indexOf(first) ?? 0}`;
  throw failure("not_found", `Run ${first} not found; those that there are have been cancelled.`, { pointer });
}

async function cancelEverywhere(c: ApiContext, { run_ids: runIds, status }: RunsCancel, action: CancelAction) {
  if (runIds || !status) {
    const text = "Runs are named on their thread: give `thread_id` with `run_ids`, or a `status` for all threads.";
    throw failure("invalid_request", text, { pointer: runIds ? "/thread_id" : "/status" });
  }
  const { tenant, database, threads } = c.var;
  const only = status === "all" ? {} : { status };
  const done = new Set<string>();
  for (let after: { readonly threadId: string; readonly runId: string } | undefined; ; ) {
    const page = await liveRunsOf(database, tenant, PAGE, after);
    after = page.at(-1);
    const fresh = new Set(page.map(({ threadId }) => threadId).filter((threadId) => !done.has(threadId)));
    for (const threadId of fresh) done.add(threadId);
    const each = (threadId: string) => {
      const command = { tenant, threadId, action, ...only };
      return threads.surely(command, (thread) => thread.cancelRuns(command)).catch(orGone);
    };
    const lanes = fresh.values();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const threadId of lanes) await each(threadId);
      }),
    );
    if (page.length < PAGE) return;
    if (done.size >= MOST_THREADS) throw more(done.size);
  }
}

/** A request may make a thousand calls on the platform; what was cancelled is not in the index the next time. */
function more(threads: number): EdgewiseError {
  const message = `Runs on ${threads} threads have been cancelled; ask again for the others.`;
  return failure("unavailable", message, { retryable: true, retryAfterMs: 1_000 });
}

/** A thread that was erased meanwhile has nothing to be cancelled. */
function orGone(thrown: unknown): void {
  if (!(thrown instanceof EdgewiseError) || thrown.code !== "not_found") throw thrown;
}
