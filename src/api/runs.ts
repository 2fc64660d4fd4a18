import { createRoute, z } from "@hono/zod-openapi";
import type { StartRun } from "../../durable-objects/thread-api.ts";
import { pointedInto } from "./body-pointers.ts";
import type { ApiContext } from "./context.ts";
import { answers, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";
import { begin, contentLocation, hasIdempotencyKey, prepareStart, sendEvents, sendWhenOver } from "./run-calls.ts";
import { queriedNames, RunCreate } from "./run-request.ts";
import { shownRun } from "./run-view.ts";
import { Run, RunValues } from "./views.ts";

/** Starting runs, on a thread and without one. */
const headers = z.object({
  "idempotency-key": z.string().optional().openapi({
    description: "The same key and body on the same thread: the same run. The same key with another body: 422.",
  }),
});
const onThread = { params: z.object({ thread_id: Uuid }), headers, body: jsonBody(RunCreate) };
const alone = { headers, body: jsonBody(RunCreate) };
const query = z.object({
  namespace: z
    .union([z.string().max(4096), z.array(z.string().max(4096)).max(20)])
    .optional()
    .openapi({
      description: "Shows only what goes on in graphs inside whose names begin so; empty: in the run's own graph.",
    }),
});
const tags = ["Runs"];

const created = answers({ 200: jsonAnswer("The run is durable and will end, whoever listens.", Run) });
const waited = answers({
  200: jsonAnswer("White space while the run goes on, then its result; a failure is `__error__`.", RunValues),
});
export const streamed = answers({
  200: {
    description: "Server-sent events: `metadata`, the modes asked for, `error`.",
    content: { "text/event-stream": { schema: z.string() } },
  },
});

const startOnThread = createRoute({
  method: "post",
  path: "/threads/{thread_id}/runs",
  tags,
  summary: "Start a run in the background",
  request: onThread,
  responses: created,
});
const waitOnThread = createRoute({
  method: "post",
  path: "/threads/{thread_id}/runs/wait",
  tags,
  summary: "Start a run and wait for its result",
  request: onThread,
  responses: waited,
});
const streamOnThread = createRoute({
  method: "post",
  path: "/threads/{thread_id}/runs/stream",
  tags,
  summary: "Start a run and follow it",
  request: { ...onThread, query },
  responses: streamed,
});
const startAlone = createRoute({
  method: "post",
  path: "/runs",
  tags,
  summary: "Start a run on a thread of its own",
  description: "The thread's id is the run's.",
  request: alone,
  responses: created,
});
const waitAlone = createRoute({
  method: "post",
  path: "/runs/wait",
  tags,
  summary: "Start a run on a thread of its own and wait for its result",
  request: alone,
  responses: waited,
});
const streamAlone = createRoute({
  method: "post",
  path: "/runs/stream",
  tags,
  summary: "Start a run on a thread of its own and follow it",
  request: { ...alone, query },
  responses: streamed,
});

export const runs = newRouter()
  .openapi(startOnThread, (c) => startRun(c, c.req.valid("json"), c.req.valid("param").thread_id))
  .openapi(waitOnThread, (c) => startAndWait(c, c.req.valid("json"), c.req.valid("param").thread_id))
  .openapi(streamOnThread, (c) => startAndStream(c, c.req.valid("json"), c.req.valid("param").thread_id))
  .openapi(startAlone, (c) => startRun(c, c.req.valid("json")))
  .openapi(waitAlone, (c) => startAndWait(c, c.req.valid("json")))
  .openapi(streamAlone, (c) => startAndStream(c, c.req.valid("json")));

async function startRun(c: ApiContext, body: RunCreate, threadId?: string): Promise<Response> {
  const start = await prepareStart(c, body, threadId);
  const run = await begin(c, body, start);
  c.header("content-location", contentLocation(start, threadId));
  return sendJson(c, shownRun(run));
}

/** Started and waited for by two calls: a refusal still has its status, and only the waiting is made again after a reset. */
async function startAndWait(c: ApiContext, body: RunCreate, threadId?: string): Promise<Response> {
  const start = await prepareStart(c, body, threadId);
  await begin(c, body, start);
  const cancelOnDisconnect = body.on_disconnect === "cancel";
  const headers = { "content-location": contentLocation(start, threadId) };
  const place = { tenant: start.tenant, threadId: start.threadId, runId: start.runId };
  return sendWhenOver(c, place, { cancelOnDisconnect, headers });
}

async function startAndStream(c: ApiContext, body: RunCreate, threadId?: string): Promise<Response> {
  const start = await prepareStart(c, body, threadId);
  const frames = await startFrames(c, body, start);
  return sendEvents(c, start, frames, { "content-location": contentLocation(start, threadId) });
}

/**
 * One call, unless the run may be an earlier one: it must be checked before its disconnection could cancel it. Who asks for
 * namespaces follows by a call of its own, too.
 */
async function startFrames(c: ApiContext, body: RunCreate, start: StartRun) {
  const { threads } = c.var;
  const cancelOnDisconnect = body.on_disconnect === "cancel";
  const namespaces = queriedNames(c.req.queries("namespace") ?? []);
  if (!hasIdempotencyKey(c) && namespaces.length === 0) {
    const started = threads.surely(start, (thread) => thread.startAndFollow(start, cancelOnDisconnect));
    return (await pointedInto(body, started)).frames;
  }
  await begin(c, body, start);
  const { tenant, threadId, runId, streamMode: modes } = start;
  const wish = namespaces.length === 0 ? {} : { namespaces };
  const asked = { tenant, threadId, runId, modes, after: -1, cancelOnDisconnect, ...wish };
  return threads.surely(start, (thread) => thread.followRun(asked));
}
