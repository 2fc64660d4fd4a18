import { createRoute, z } from "@hono/zod-openapi";
import { secureRandom, uuidv7 } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { ID } from "../graph/schema.ts";
import { runIdOfKey } from "./idempotency.ts";
import { answers, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";

/** Signals to runs that wait for them (0014). */
const tags = ["Runs"];
const place = z.object({ thread_id: Uuid, run_id: Uuid });
const headers = z.object({
  "idempotency-key": z.string().optional().openapi({
    description: "The same key and body to the same run: the same signal. The same key with another body: 422.",
  }),
});

const SignalCreate = z
  .strictObject({
    name: z.string().regex(ID),
    key: z.string().max(1000).nullish().openapi({ description: "Which one of several; as the wait's `key` gives it." }),
    payload: z.unknown().optional().openapi({ description: "What the wait writes." }),
  })
  .openapi("SignalCreate");
const Signal = z
  .object({
    signal_id: Uuid,
    status: z
      .enum(["delivered", "kept"])
      .openapi({ description: "Whether it has ended a wait, or will end one to come." }),
  })
  .openapi("Signal");
const Wait = z
  .object({
    task: z.string(),
    node: z.string().openapi({ description: "In a frame with the nodes around it: `each/approve`." }),
    until: z.iso.datetime().nullable(),
    signal: z.object({ name: z.string(), key: z.string().nullable() }).nullable(),
  })
  .openapi("Wait");

const sendSignal = createRoute({
  method: "post",
  path: "/threads/{thread_id}/runs/{run_id}/signals",
  tags,
  summary: "Send a signal to a run",
  description:
    "Durable when answered. It ends the first wait for its name and key, now or when there is one. 409 when the run is over.",
  request: { params: place, headers, body: jsonBody(SignalCreate) },
  responses: answers({ 200: jsonAnswer("The signal is durable.", Signal) }),
});
const listWaits = createRoute({
  method: "get",
  path: "/threads/{thread_id}/runs/{run_id}/waits",
  tags,
  summary: "What a run waits for",
  request: { params: place },
  responses: answers({ 200: jsonAnswer("In the order in which it began to.", z.array(Wait)) }),
});

export const signals = newRouter()
  .openapi(sendSignal, async (c) => {
    const { thread_id: threadId, run_id: runId } = c.req.valid("param");
    const { name, key = null, payload } = c.req.valid("json");
    const { tenant, threads } = c.var;
    const idempotencyKey = c.req.header("idempotency-key");
    const id =
      idempotencyKey === undefined
        ? uuidv7(Date.now(), secureRandom)
        : runIdOfKey(tenant, `${threadId} ${runId} signal`, idempotencyKey);
    // A body is read as JSON.
    const command = { tenant, threadId, runId, id, name, key, payload: (payload ?? null) as Json };
    const { status } = await threads.surely(command, (thread) => thread.signalRun(command));
    return sendJson(c, { signal_id: id, status });
  })
  .openapi(listWaits, async (c) => {
    const { thread_id: threadId, run_id: runId } = c.req.valid("param");
    const query = { tenant: c.var.tenant, threadId, runId };
    return sendJson(c, await c.var.threads.surely(query, (thread) => thread.waitsOf(query)));
  });
