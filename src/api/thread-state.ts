import { createRoute, z } from "@hono/zod-openapi";
import type { HistoryQuery, Selection, StateQuery } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { CheckpointBody, namespaceIn } from "./checkpoint.ts";
import type { ApiContext } from "./context.ts";
import { FilterObject, answers, jsonAnswer, jsonBody, newRouter, queryNumber, sendJsonText, Uuid } from "./routing.ts";
import { ThreadState } from "./views.ts";

/** A thread's state now and before. */
const tags = ["Threads"];
const params = z.object({ thread_id: Uuid });
const MAX_HISTORY = 1000;
/** Clients write booleans as JSON. */
const query = z.object({
  subgraphs: z
    .enum(["true", "false"])
    .optional()
    .openapi({ description: "Tasks whose node runs a graph in one frame have that frame's state in `state`." }),
  select: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .openapi({ description: "Members of the state, or `values.<channel>`: repeated, or as one JSON list." }),
});
const FRAMES =
  "With a `checkpoint_ns`: of what a composite node does inside, as the tasks of a state name it (`checkpoint.checkpoint_ns`, or `frames` where there are several).";
const STATE_FIELDS = [
  "values",
  "next",
  "tasks",
  "metadata",
  "created_at",
  "checkpoint",
  "parent_checkpoint",
  "interrupts",
] as const;

/** As newer clients write it. */
const Select = z
  .array(
    z.union([z.enum(STATE_FIELDS), z.string().regex(/^values\..+$/, "must be a state's member or values.<channel>")]),
  )
  .openapi({ description: "Members of each state, or `values.<channel>`; the others are left out." });
const getState = createRoute({
  method: "get",
  path: "/threads/{thread_id}/state",
  tags,
  summary: "Get a thread's state",
  request: { params, query },
  responses: answers({ 200: jsonAnswer("The state; empty before the first run.", ThreadState) }),
});
const getStateAt = createRoute({
  method: "get",
  path: "/threads/{thread_id}/state/{checkpoint_id}",
  tags,
  summary: "Get a thread's state at a checkpoint",
  request: { params: params.extend({ checkpoint_id: Uuid }), query },
  responses: answers({ 200: jsonAnswer("The state then.", ThreadState) }),
});
const getStateOf = createRoute({
  method: "post",
  path: "/threads/{thread_id}/state/checkpoint",
  tags,
  summary: "Get a thread's state at a checkpoint that its body names",
  description: `Without an id: the state now. ${FRAMES}`,
  request: {
    params,
    body: jsonBody(
      z.object({ checkpoint: CheckpointBody.nullish(), subgraphs: z.boolean().nullish(), select: Select.nullish() }),
    ),
  },
  responses: answers({ 200: jsonAnswer("The state then.", ThreadState) }),
});
const history = answers({ 200: jsonAnswer("Newest first.", z.array(ThreadState)) });
const getHistory = createRoute({
  method: "get",
  path: "/threads/{thread_id}/history",
  tags,
  summary: "List a thread's states",
  request: {
    params,
    query: z.object({ limit: queryNumber({ min: 1, max: MAX_HISTORY, default: 10 }), before: Uuid.optional() }),
  },
  responses: history,
});

/** The client sends a checkpoint's id, RemoteGraph a whole checkpoint or the config that holds it. */
const Before = z.union([
  Uuid,
  z.object({ checkpoint_id: Uuid }),
  z.object({ configurable: z.object({ checkpoint_id: Uuid }) }),
]);
const searchHistory = createRoute({
  method: "post",
  path: "/threads/{thread_id}/history",
  tags,
  summary: "List a thread's states",
  request: {
    params,
    body: jsonBody(
      z.object({
        limit: z.int().min(1).max(MAX_HISTORY).nullish(),
        before: Before.nullish(),
        metadata: FilterObject,
        select: Select.nullish(),
        checkpoint: CheckpointBody.nullish().openapi({ description: `${FRAMES} Its id does not count.` }),
      }),
    ),
  },
  responses: history,
});

export const threadState = newRouter()
  .openapi(getState, async (c) => {
    const { subgraphs: deep } = c.req.valid("query");
    return sendState(c, c.req.valid("param").thread_id, { deep, select: queriedSelect(c) });
  })
  .openapi(getStateAt, async (c) => {
    const { thread_id: threadId, checkpoint_id: id } = c.req.valid("param");
    return sendState(c, threadId, { id, deep: c.req.valid("query").subgraphs, select: queriedSelect(c) });
  })
  .openapi(getStateOf, async (c) => {
    const { checkpoint, subgraphs, select } = c.req.valid("json");
    const id = checkpoint?.checkpoint_id ?? undefined;
    const deep = subgraphs === true ? "true" : undefined;
    return sendState(c, c.req.valid("param").thread_id, {
      id,
      deep,
      namespace: namespaceIn(checkpoint),
      select: select ?? undefined,
    });
  })
  .openapi(getHistory, (c) => {
    const { limit, before } = c.req.valid("query");
    return sendHistory(c, c.req.valid("param").thread_id, { limit, before });
  })
  .openapi(searchHistory, (c) => {
    const { limit, before, metadata, checkpoint, select } = c.req.valid("json");
    const namespace = namespaceIn(checkpoint);
    const id = before === null || before === undefined ? undefined : checkpointOf(before);
    const asked = { limit: limit ?? 10, before: id, metadata: metadata ?? undefined, select: select ?? undefined };
    return sendHistory(c, c.req.valid("param").thread_id, { ...asked, namespace });
  });

/** Repeated keys (SDK 1.15), or one JSON list (2.0.0). @throws EdgewiseError `invalid_request` for what is no member */
function queriedSelect(c: ApiContext): readonly string[] | undefined {
  const names = (c.req.queries("select") ?? []).flatMap((text) => text.replaceAll(/^\[|\]$|"/g, "").split(","));
  const selected = Select.safeParse(names.map((name) => name.trim()).filter((name) => name !== ""));
  if (!selected.success) {
    const text = `"select" takes ${STATE_FIELDS.join(", ")} and values.<channel>.`;
    throw failure("invalid_request", text, { pointer: "/select" });
  }
  return selected.data.length === 0 ? undefined : selected.data;
}

interface AskedState {
  readonly id?: string | undefined;
  readonly deep?: "true" | "false" | undefined;
  readonly namespace?: string | undefined;
  readonly select?: readonly string[] | undefined;
}

async function sendState(c: ApiContext, threadId: string, { id, deep, namespace, select }: AskedState) {
  const asked: StateQuery & Selection = {
    tenant: c.var.tenant,
    threadId,
    ...(id === undefined ? {} : { checkpointId: id }),
    ...(deep === "true" ? { subgraphs: true } : {}),
    ...(namespace === undefined ? {} : { namespace }),
    ...(select === undefined ? {} : { select }),
  };
  return sendJsonText(c, await c.var.threads.surely(asked, (thread) => thread.getStateJson(asked)));
}

interface Asked {
  readonly namespace?: string | undefined;
  readonly limit: number;
  readonly before: string | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly select?: readonly string[] | undefined;
}

async function sendHistory(c: ApiContext, threadId: string, { limit, before, metadata, select, namespace }: Asked) {
  const query: HistoryQuery & Selection = {
    tenant: c.var.tenant,
    threadId,
    limit,
    ...(before === undefined ? {} : { before }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(select === undefined ? {} : { select }),
  };
  return sendJsonText(c, await c.var.threads.surely(query, (thread) => thread.getHistoryJson(query)));
}

function checkpointOf(before: z.output<typeof Before>): string {
  if (typeof before === "string") return before;
  return "configurable" in before ? before.configurable.checkpoint_id : before.checkpoint_id;
}
