import { createRoute, z } from "@hono/zod-openapi";
import type { RunView, StreamMode } from "../../durable-objects/thread-api.ts";
import type { ApiContext } from "./context.ts";
import { answers, jsonAnswer, newRouter, queryNumber, sendJson, Uuid } from "./routing.ts";
import { type RunPlace, joinRun, sendEvents, sendWhenOver } from "./run-calls.ts";
import { queriedNames, queriedStreamModes, toStreamModes } from "./run-request.ts";
import { shownRun } from "./run-view.ts";
import { streamed } from "./runs.ts";
import { Run, RunValues } from "./views.ts";

/** Runs that exist: list, get, join, follow, pause, cancel. */
const tags = ["Runs"];
const runParams = z.object({ thread_id: Uuid, run_id: Uuid });
/** `1`/`0` and `true`/`false`, as the two lines of LangGraph's client send them. */
const flag = z
  .enum(["0", "1", "true", "false"])
  .default("0")
  .transform((value) => value === "1" || value === "true")
  .openapi({ type: "string", enum: ["0", "1", "true", "false"], default: "0" });
const names = z.union([z.string().max(4096), z.array(z.string().max(4096)).max(20)]).optional();
const followQuery = z.object({
  stream_mode: names.openapi({ description: "Absent: as the run was started." }),
  cancel_on_disconnect: flag,
  namespace: names.openapi({
    description: "Only what goes on in graphs inside whose names begin so: `node`, or `node:<task>|inner`.",
  }),
  checkpoint_id: z.string().max(512).optional().openapi({ description: "Accepted and ignored." }),
});
const followHeaders = z.object({
  "last-event-id": z
    .string()
    .regex(/^(?:-1|\d{1,15})$/, "must be the id of an event of this run, or -1 for all of them")
    .default("-1"),
});

const listRuns = createRoute({
  method: "get",
  path: "/threads/{thread_id}/runs",
  tags,
  summary: "List a thread's runs, newest first",
  request: {
    params: z.object({ thread_id: Uuid }),
    query: z.object({
      limit: queryNumber({ min: 1, max: 1000, default: 10 }),
      offset: queryNumber({ min: 0, max: 1_000_000, default: 0 }),
      status: z.enum(["pending", "running", "error", "success", "timeout", "interrupted"]).optional(),
      select: z.union([z.string(), z.array(z.string()).max(50)]).optional(),
    }),
  },
  responses: answers({ 200: jsonAnswer("The runs.", z.array(Run)) }),
});
const getRun = createRoute({
  method: "get",
  path: "/threads/{thread_id}/runs/{run_id}",
  tags,
  summary: "Get a run",
  request: { params: runParams },
  responses: answers({ 200: jsonAnswer("The run.", Run) }),
});
const join = createRoute({
  method: "get",
  path: "/threads/{thread_id}/runs/{run_id}/join",
  tags,
  summary: "Wait for a run's result",
  request: { params: runParams, query: z.object({ cancel_on_disconnect: flag }) },
  responses: answers({ 200: jsonAnswer("White space while the run goes on, then its result.", RunValues) }),
});
const follow = createRoute({
  method: "get",
  path: "/threads/{thread_id}/runs/{run_id}/stream",
  tags,
  summary: "Follow a run, from its first event or after `Last-Event-ID`",
  request: { params: runParams, query: followQuery, headers: followHeaders },
  responses: streamed,
});
const followAlone = createRoute({
  method: "get",
  path: "/runs/{run_id}/stream",
  tags,
  summary: "Follow a run on a thread of its own",
  request: { params: z.object({ run_id: Uuid }), query: followQuery, headers: followHeaders },
  responses: streamed,
});
const cancel = createRoute({
  method: "post",
  path: "/threads/{thread_id}/runs/{run_id}/cancel",
  tags,
  summary: "Cancel a run",
  description:
    "Once answered, nothing of the run starts any more; one that is pending never begins. A run that is over stays as it ended. `rollback` takes the run out of the thread besides, as deleting it does.",
  request: {
    params: runParams,
    query: z.object({
      wait: flag,
      action: z.enum(["interrupt", "rollback"]).default("interrupt"),
      reason: z.string().max(1000).optional(),
    }),
  },
  responses: answers({
    202: jsonAnswer("The cancel is durable.", Run),
    204: { description: "With `wait=1`: the run is over." },
  }),
});
const pause = createRoute({
  method: "post",
  path: "/threads/{thread_id}/runs/{run_id}/pause",
  tags,
  summary: "Pause a run",
  description:
    "Once answered, nothing new of the run starts; what runs comes to its end, and then the run is at rest (`interrupted`). Another run on the thread with `input: null` goes on with it. A run that is over stays as it ended.",
  request: { params: runParams, query: z.object({ wait: flag }) },
  responses: answers({
    202: jsonAnswer("The pause is durable.", Run),
    204: { description: "With `wait=1`: the run is at rest." },
  }),
});

export const runPaths = newRouter()
  .openapi(listRuns, async (c) => {
    const { status, select: _, ...page } = c.req.valid("query");
    const members = queriedNames(c.req.queries("select") ?? []);
    const address = { tenant: c.var.tenant, threadId: c.req.valid("param").thread_id };
    const query = { ...address, ...page, ...(status === undefined ? {} : { status }) };
    const runs = await c.var.threads.surely(address, (thread) => thread.listRuns(query));
    const shown = runs.map(shownRun);
    return sendJson(c, members.length === 0 ? shown : shown.map((run) => pick(run, members)));
  })
  .openapi(getRun, async (c) => {
    const place = placeOf(c, c.req.valid("param"));
    return sendJson(c, shownRun(await c.var.threads.surely(place, (thread) => thread.getRun(place))));
  })
  .openapi(join, async (c) => {
    const place = placeOf(c, c.req.valid("param"));
    // Asked first, because a missing run needs a status and a wait has only one.
    await c.var.threads.surely(place, (thread) => thread.getRun(place));
    if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "application/json" });
    return sendWhenOver(c, place, { cancelOnDisconnect: c.req.valid("query").cancel_on_disconnect });
  })
  .openapi(follow, (c) => {
    const place = placeOf(c, c.req.valid("param"));
    return followRun(c, place, { ...c.req.valid("header"), ...c.req.valid("query") });
  })
  .openapi(followAlone, (c) => {
    const runId = c.req.valid("param").run_id;
    const place = { tenant: c.var.tenant, threadId: runId, runId };
    return followRun(c, place, { ...c.req.valid("header"), ...c.req.valid("query") });
  })
  .openapi(cancel, async (c) => {
    const place = placeOf(c, c.req.valid("param"));
    const { wait, action, reason } = c.req.valid("query");
    const command = { ...place, action, ...(reason ? { reason } : {}) };
    const run = await c.var.threads.surely(place, (thread) => thread.cancelRun(command));
    // What was taken out is over, and there is nothing left to wait for.
    return action === "rollback" && wait ? c.body(null, 204) : sendStopped(c, place, run, wait);
  })
  .openapi(pause, async (c) => {
    const place = placeOf(c, c.req.valid("param"));
    const run = await c.var.threads.surely(place, (thread) => thread.pauseRun(place));
    return sendStopped(c, place, run, c.req.valid("query").wait);
  });

/** 202 with the run as it is, or 204 when it is at rest: LangGraph's clients read no body of either. */
async function sendStopped(c: ApiContext, place: RunPlace, run: RunView, wait: boolean): Promise<Response> {
  if (!wait) return sendJson(c, shownRun(run), 202);
  await joinRun(c, place);
  return c.body(null, 204);
}

function pick(run: RunView, members: readonly string[]): object {
  return Object.fromEntries(Object.entries(run).filter(([name]) => members.includes(name)));
}

function placeOf(c: ApiContext, params: { readonly thread_id: string; readonly run_id: string }): RunPlace {
  return { tenant: c.var.tenant, threadId: params.thread_id, runId: params.run_id };
}

async function followRun(
  c: ApiContext,
  place: RunPlace,
  asked: z.output<typeof followQuery> & z.output<typeof followHeaders>,
): Promise<Response> {
  const modes = queriedStreamModes(c.req.queries("stream_mode") ?? []) ?? (await modesOfRun(c, place));
  // HEAD has no body to read a stream from: it says only that there is one.
  if (c.req.method === "HEAD") {
    await c.var.threads.surely(place, (thread) => thread.getRun(place));
    return sendEvents(c, place, null);
  }
  const namespaces = queriedNames(c.req.queries("namespace") ?? []);
  const query = {
    ...place,
    modes,
    after: Number(asked["last-event-id"]),
    cancelOnDisconnect: asked.cancel_on_disconnect,
    ...(namespaces.length === 0 ? {} : { namespaces }),
  };
  const frames = await c.var.threads.surely(place, (thread) => thread.followRun(query));
  return sendEvents(c, place, frames);
}

/** Without a wish of its own a follower gets what the run was started with: the same frames, ids included. */
async function modesOfRun(c: ApiContext, place: RunPlace): Promise<readonly StreamMode[]> {
  const run = await c.var.threads.surely(place, (thread) => thread.getRun(place));
  const asked = z.union([z.string(), z.array(z.string())]).safeParse(run.kwargs["stream_mode"]);
  return toStreamModes(asked.success ? asked.data : undefined);
}
