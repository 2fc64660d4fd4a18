import { createRoute, z } from "@hono/zod-openapi";
import { type CronView, cronsName, type SchedulerApi } from "../../durable-objects/scheduler-api.ts";
import type { Reply } from "../base/errors.ts";
import { sha256Hex } from "../base/hash.ts";
import { secureRandom, uuidv5, uuidv7 } from "../base/ids.ts";
import { canonicalJson, type JsonObject } from "../base/json.ts";
import { requireAssistant } from "./assistant-id.ts";
import type { ApiContext } from "./context.ts";
import { Cron, CronCount, CronCreate, CronPatch, CronSearch } from "./cron-request.ts";
import { filterOf, payloadOf, queryOf, termsOf } from "./cron-request.ts";
import { runIdOfKey } from "./idempotency.ts";
import { answers, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";
import { refuseContinuation, toStartRun, toStreamModes } from "./run-request.ts";
import { requireScheduler, schedulersPort } from "./schedulers-port.ts";
import { askedWebhook } from "./webhook-address.ts";

/** Runs that begin at times of their own (docs/schedules-and-webhooks.md). */
const tags = ["Crons"];
/** Of the ids of crons made from idempotency keys; a random UUID, fixed for ever. */
const CRON_IDS = "5f1d7c3e-2a64-4c0b-b5a7-91e0f3d8c246";
const headers = z.object({
  "idempotency-key": z.string().optional().openapi({
    description: "The same key and body: the same cron. The same key with another body: 422.",
  }),
});
const one = { params: z.object({ cron_id: Uuid }) };
const answered = answers({ 200: jsonAnswer("The cron.", Cron) });

const create = createRoute({
  method: "post",
  path: "/runs/crons",
  tags,
  summary: "Create a cron whose runs get threads of their own",
  request: { headers, body: jsonBody(CronCreate) },
  responses: answered,
});
const createOnThread = createRoute({
  method: "post",
  path: "/threads/{thread_id}/runs/crons",
  tags,
  summary: "Create a cron on a thread",
  description:
    "A thread that is busy when a time comes does with the run what `multitask_strategy` says; `reject` (default) skips it.",
  request: { params: z.object({ thread_id: Uuid }), headers, body: jsonBody(CronCreate) },
  responses: answered,
});
const search = createRoute({
  method: "post",
  path: "/runs/crons/search",
  tags,
  summary: "Search crons",
  request: { body: jsonBody(CronSearch) },
  responses: answers({ 200: jsonAnswer("The crons, newest first if not said otherwise.", z.array(Cron.partial())) }),
});
const count = createRoute({
  method: "post",
  path: "/runs/crons/count",
  tags,
  summary: "Count crons",
  request: { body: jsonBody(CronCount) },
  responses: answers({ 200: jsonAnswer("How many.", z.int()) }),
});
const get = createRoute({
  method: "get",
  path: "/runs/crons/{cron_id}",
  tags,
  summary: "Get a cron",
  request: one,
  responses: answered,
});
const patch = createRoute({
  method: "patch",
  path: "/runs/crons/{cron_id}",
  tags,
  summary: "Change a cron",
  description: "What is said replaces what was; the next time is counted anew where the schedule changes.",
  request: { ...one, body: jsonBody(CronPatch) },
  responses: answered,
});
const remove = createRoute({
  method: "delete",
  path: "/runs/crons/{cron_id}",
  tags,
  summary: "Delete a cron",
  description: "After the answer no run of it starts any more; those that have started go on.",
  request: one,
  responses: answers({ 204: { description: "Deleted." } }),
});

export const crons = newRouter()
  .openapi(create, async (c) => sendJson(c, await createCron(c, c.req.valid("json"), null)))
  .openapi(createOnThread, async (c) => {
    const { thread_id: threadId } = c.req.valid("param");
    const address = { tenant: c.var.tenant, threadId };
    await c.var.threads.surely(address, (thread) => thread.getThread(address));
    return sendJson(c, await createCron(c, c.req.valid("json"), threadId));
  })
  .openapi(search, async (c) => {
    const asked = c.req.valid("json");
    const query = queryOf(c.var.tenant, asked);
    const { crons: found, total } = await onCrons(c, (scheduler) => scheduler.searchCrons(query));
    const end = query.offset + found.length;
    c.header("x-pagination-total", String(total));
    if (end < total) c.header("x-pagination-next", String(end));
    return sendJson(c, asked.select ? found.map((cron) => selected(cron, asked.select ?? [])) : found);
  })
  .openapi(count, async (c) => {
    const filter = filterOf(c.var.tenant, c.req.valid("json"));
    return sendJson(c, await onCrons(c, (scheduler) => scheduler.countCrons(filter)));
  })
  .openapi(get, async (c) => sendJson(c, await onCrons(c, (scheduler) => scheduler.getCron(addressOf(c)))))
  .openapi(patch, async (c) => {
    const body = c.req.valid("json");
    const payload = { ...payloadOf(body), ...askedWebhook(c, body.webhook) };
    toStreamModes(body.stream_mode);
    const change = { ...addressOf(c), ...termsOf(body), ...(await assistantOf(c, body)), payload };
    return sendJson(c, await onCrons(c, (scheduler) => scheduler.patchCron(change)));
  })
  .openapi(remove, async (c) => {
    await onCrons(c, (scheduler) => scheduler.deleteCron(addressOf(c)));
    return c.body(null, 204);
  });

async function createCron(c: ApiContext, body: CronCreate, threadId: string | null): Promise<CronView> {
  if (threadId === null) refuseContinuation(body);
  const { tenant, keyId: userId } = c.var;
  const graph = await requireAssistant(c.var.database, tenant, body.assistant_id);
  // Nobody is there to be told when its time has come: what such a run would be refused for is refused now.
  toStartRun(body, graph, { tenant, runId: "", threadId: threadId ?? "", ifNotExists: "reject" });
  const payload = { ...payloadOf(body), ...askedWebhook(c, body.webhook) };
  const terms = termsOf(body);
  const key = c.req.header("idempotency-key");
  const cron = {
    tenant,
    cronId: key === undefined ? uuidv7(Date.now(), secureRandom) : cronIdOfKey(tenant, threadId ?? undefined, key),
    assistantId: graph.assistant?.assistantId ?? graph.assistantId,
    threadId,
    userId,
    requestHash: key === undefined ? null : sha256Hex(canonicalJson([{ ...terms } as JsonObject, payload])),
    timezone: null,
    endTime: null,
    enabled: true,
    onRunCompleted: "delete" as const,
    metadata: {},
    ...terms,
    schedule: body.schedule,
    payload,
  };
  return onCrons(c, (scheduler) => scheduler.createCron(cron));
}

/** @throws EdgewiseError `unknown_graph` */
async function assistantOf(
  c: ApiContext,
  { assistant_id: asked }: CronPatch,
): Promise<{ readonly assistantId?: string }> {
  if (asked === undefined) return {};
  const graph = await requireAssistant(c.var.database, c.var.tenant, asked);
  return { assistantId: graph.assistant?.assistantId ?? graph.assistantId };
}

/** Not the id of a run that the same key made. */
function cronIdOfKey(tenant: string, threadId: string | undefined, key: string): string {
  return uuidv5(runIdOfKey(tenant, threadId, key), CRON_IDS);
}

function addressOf(c: ApiContext) {
  return { tenant: c.var.tenant, cronId: (c.req.param("cron_id") ?? "").toLowerCase() };
}

function onCrons<T>(c: ApiContext, call: (scheduler: SchedulerApi) => Promise<Reply<T>>): Promise<T> {
  requireScheduler(c);
  const { config, tenant } = c.var;
  return schedulersPort(config.schedulers, cronsName(tenant), call);
}

function selected(cron: CronView, names: readonly string[]): Partial<CronView> {
  return Object.fromEntries(Object.entries(cron).filter(([name]) => names.includes(name)));
}
